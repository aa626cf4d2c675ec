import GRDB
import GRDBSQLite

extension ReadControl {
    /// The number of SQLite's own instructions between two checks: far less than a millisecond.
    private static let instructions: Int32 = 4000

    /// Has every statement of the connection end when the read is to end.
    func watch(_ database: Database) {
        // The control outlives the read, which ends the watch.
        let context = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_progress_handler(
            database.sqliteConnection, ReadControl.instructions,
            { context in
                context.map { Unmanaged<ReadControl>.fromOpaque($0).takeUnretainedValue().isStopped ? 1 : 0 } ?? 0
            }, context)
        // A check of a whole table is one instruction, in which SQLite itself looks for an interruption.
        let address = UInt(bitPattern: database.sqliteConnection)
        onStop { sqlite3_interrupt(OpaquePointer(bitPattern: address)) }
    }

    func unwatch(_ database: Database) {
        onStop(nil)
        sqlite3_progress_handler(database.sqliteConnection, 0, nil, nil)
    }
}
