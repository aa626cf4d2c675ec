import Foundation
import GRDB

/// The open connections to the file. All of them can be closed and opened anew while the service runs.
///
/// SQLite counts in memory how much of the log is in the database, and that count is wrong once a sync of the database has
/// failed: a page that an earlier checkpoint wrote may never reach the disk, and nothing writes it again. Only connections
/// opened anew read the log from its beginning and bring in all of it.
// Sendable: the variables are touched while `condition` is locked only.
final class SQLiteConnections: @unchecked Sendable {
    private let open: @Sendable () throws -> DatabasePool
    private let condition = NSCondition()
    private var pool: DatabasePool?
    private var uses = 0
    private var isRenewing = false
    private var doubt: StoreError?

    /// The longest time to wait for reads to end, which are interrupted, in seconds.
    private static let patience: TimeInterval = 0.2

    init(_ open: @escaping @Sendable () throws -> DatabasePool) throws {
        self.open = open
        pool = try open()
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
            while isRenewing { condition.wait() }
            if pool != nil { uses += 1 }
            return pool
        }
    }

    private func leave() {
        condition.withLock {
            uses -= 1
            if isRenewing { condition.broadcast() }
        }
    }

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
            while isRenewing { condition.wait() }
            guard doubt != nil else { return false }
            isRenewing = true
            defer {
                isRenewing = false
                condition.broadcast()
            }
            pool?.interrupt()
            let end = Date(timeIntervalSinceNow: SQLiteConnections.patience)
            while uses > 0 { guard condition.wait(until: end) else { return false } }
            do {
                pool?.writeWithoutTransaction(part)
                try pool?.close()
                pool = nil
                pool = try open()
                doubt = nil
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
