import Foundation
import GRDB

/// The open connections to the file. All of them can be closed and opened anew while the service runs.
///
/// After a sync that failed, the kernel takes what it could not write for written. SQLite's count of what it has brought from the
/// log into the database is then wrong, and the log as it reads may not be the log on disk. So connections are opened anew: they
/// read the log from its beginning, and bring all of it into the database before anything is added to it.
// Sendable: the variables are touched while `condition` is locked only.
final class SQLiteConnections: @unchecked Sendable {
    /// Opens connections; with the error that keeps the log out of the database, if there is one.
    private let open: @Sendable () throws -> (DatabasePool, StoreError?)
    private let condition = NSCondition()
    private var pool: DatabasePool?
    private var uses = 0
    /// Whether nobody may begin to read: the connections are opened anew, or the log is emptied.
    private var isPaused = false
    private var doubt: StoreError?

    /// The longest time to wait for reads to end, which are interrupted, in seconds.
    private static let patience: TimeInterval = 0.2

    init(_ open: @escaping @Sendable () throws -> (DatabasePool, StoreError?)) throws {
        self.open = open
        (pool, doubt) = try open()
    }

    /// Lends the connections to `body`; they stay open meanwhile.
    /// - Throws: `failing` while they cannot be opened.
    func use<T>(_ body: (DatabasePool) throws -> T) throws -> T {
        guard let lent = enter() else { throw fault ?? StoreError(.failing, "the store is closed") }
        defer { leave() }
        return try body(lent)
    }

    private func enter() -> DatabasePool? {
        condition.withLock {
            while isPaused { condition.wait() }
            if pool != nil { uses += 1 }
            return pool
        }
    }

    private func leave() {
        condition.withLock {
            uses -= 1
            if isPaused { condition.broadcast() }
        }
    }

    // MARK: Pauses

    /// Runs `body` while nobody begins to read; those who read go on.
    func pausing<T>(_ body: () throws -> T) rethrows -> T {
        condition.withLock { isPaused = true }
        defer {
            condition.withLock {
                isPaused = false
                condition.broadcast()
            }
        }
        return try body()
    }

    /// Waits until reads may begin: for a read that lets go of its snapshot and takes another.
    func waitWhilePaused() { condition.withLock { while isPaused { condition.wait() } } }

    // MARK: Doubt

    /// Notes that the database may lack what was written to it. The log has it.
    func doubt(_ error: StoreError) { condition.withLock { doubt = error } }

    /// The error after which the connections have not been opened anew yet.
    var fault: StoreError? { condition.withLock { doubt } }

    /// Whether there are none: they could not be opened again.
    var areClosed: Bool { condition.withLock { pool == nil && doubt != nil } }

    /// Opens the connections anew where that is needed. Reads are interrupted; where one does not end all the same, or the
    /// disk still fails, the doubt stays and the next call tries again.
    /// - Parameter part: What is done with the writing connection before it is closed.
    /// - Returns: Whether they are new.
    func renew(_ part: (Database) -> Void) -> Bool {
        condition.withLock {
            while isPaused { condition.wait() }
            guard doubt != nil else { return false }
            isPaused = true
            defer {
                isPaused = false
                condition.broadcast()
            }
            pool?.interrupt()
            let end = Date(timeIntervalSinceNow: SQLiteConnections.patience)
            while uses > 0 { guard condition.wait(until: end) else { return false } }
            do {
                pool?.writeWithoutTransaction(part)
                try pool?.close()
                pool = nil
                (pool, doubt) = try open()
                return true
            } catch let error as DatabaseError { doubt = StoreError(error) } catch {
                doubt = StoreError(.failing, "\(error)")
            }
            return false
        }
    }

    /// Takes the connections away from everybody, to be closed for good.
    func take() -> DatabasePool? {
        condition.withLock {
            defer { pool = nil }
            return pool
        }
    }
}
