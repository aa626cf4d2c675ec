import GRDB
import GRDBSQLite
import MneedleKit
import Synchronization

/// What the store remembers of a module.
enum Remembered: Int64, Sendable {
    /// It ran and guarded no session.
    case bystander = 0
    /// It guarded sessions, and none starts while it does not.
    case guarding = 1
    /// It guarded sessions and is gone, and an administrator has said that this is meant. It is a guard again when it runs.
    case retired = 2
}

extension Store {
    /// The modules that ran with this store before. One of which nothing can be read is taken for a guard.
    func knownModules() throws -> [String: Remembered] {
        let sql = """
            SELECT CAST(name AS TEXT), CASE typeof(guards) WHEN 'integer' THEN guards END FROM mneedle_modules
            """
        return try pool.read { database in
            let rows = try GRDB.Row.fetchAll(database, sql: sql)
            return Dictionary(
                rows.map { ($0[0] as String? ?? "", ($0[1] as Int64?).flatMap(Remembered.init) ?? .guarding) },
                uniquingKeysWith: { $0 == .guarding ? $0 : $1 })
        }
    }

    /// Keeps which modules run now, and whether each guards sessions. One that guarded, and does not any more, is still missed.
    func remember(_ modules: [String: Bool]) throws {
        let known = try knownModules()
        let now = modules.reduce(into: [String: Remembered]()) { now, module in
            now[module.key] = module.value || known[module.key] == .guarding ? .guarding : .bystander
        }
        guard now.contains(where: { known[$0.key] != $0.value }) else { return }
        do {
            try pool.write { database in
                for (name, remembered) in now {
                    try database.execute(
                        sql: "INSERT OR REPLACE INTO mneedle_modules (name, guards) VALUES (?, ?)",
                        arguments: [name, remembered.rawValue])
                }
                isWrittenBeside.store(true, ordering: .releasing)
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

extension StoreTransaction {
    /// Lets a guard go that is gone, until it runs again.
    /// - Throws: `invalid-argument` for a reason of too few letters, `conflict` for a guard that runs, `not-found` for what is
    ///   no guard that is missed.
    func retireGuard(_ name: String, reason: String) throws -> RetiredGuard {
        guard let reasons = house.reasons else {
            throw ModuleError.internal("how long a reason has to be is not known")
        }
        try reasons.require("reason", reason)
        guard let missed = house.unavailableModules.first(where: { $0.name == name }) else {
            if house.guarding.contains(name) {
                throw ModuleError.conflict(
                    "module '\(name)' runs and guards sessions, and only a guard that is gone can be retired: name it in "
                        + "'disabled' of [modules] or remove its library, restart the service, then retire it",
                    state: "running")
            }
            throw ModuleError.notFound("missed guard", name, next: "'status' names those that are missed")
        }
        let facts = RetiredGuard(module: name, missed: missed.reason, reason: reason)
        let sql = """
            INSERT INTO mneedle_modules (name, guards) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET guards = excluded.guards
            """
        try execute(sql, name, Remembered.retired.rawValue)
        try append(Entry(Guards.retired, subject: "module/\(name)", body: facts.object))
        return facts
    }
}
