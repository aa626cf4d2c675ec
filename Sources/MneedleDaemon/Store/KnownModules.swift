import GRDB
import GRDBSQLite
import MneedleKit

extension Store {
    /// The modules that ran with this store before, and whether each made safety checks when it last did. What cannot be
    /// read as "no" is a yes.
    func knownModules() throws -> [String: Bool] {
        let sql = "SELECT CAST(name AS TEXT), guards IS NOT 0 FROM mneedle_modules"
        return try pool.writeWithoutTransaction { database in
            let rows = try GRDB.Row.fetchAll(database, sql: sql)
            return Dictionary(
                rows.map { ($0[0] as String? ?? "", $0[1] as Bool? ?? true) }, uniquingKeysWith: { $0 || $1 })
        }
    }

    /// Keeps which modules run now, and whether each makes safety checks.
    func remember(_ modules: [String: Bool]) throws {
        let known = try knownModules()
        guard modules.contains(where: { known[$0.key] != $0.value }) else { return }
        do {
            try pool.write { database in
                for (name, guards) in modules {
                    try database.execute(
                        sql: "INSERT OR REPLACE INTO mneedle_modules (name, guards) VALUES (?, ?)",
                        arguments: [name, guards])
                }
            }
        } catch let error as DatabaseError {
            throw moduleError(from: error)
        }
    }

    /// Has a statement of the writing connection fail when the piece of work that runs it has nearly used up its time, so
    /// that the request fails rather than the service.
    static func giveUpInTime(_ database: Database) {
        sqlite3_progress_handler(database.sqliteConnection, 20_000, { _ in CrashNotes.isNearlyOverdue ? 1 : 0 }, nil)
    }
}
