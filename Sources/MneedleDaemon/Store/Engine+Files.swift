import GRDB
import MneedleKit

/// What the engine does about the store's files and the disk below them.
extension Engine {
    /// Writes down, beside the store, what the ledger's head is.
    func noteHead() {
        guard let headNote else { return }
        if let fault = headNote.write(head, of: storeID) {
            health.report(
                Health.Problem("ledger-head", fault + "; make room, or mend the folder", blocksSessions: false))
        } else {
            health.mend("ledger-head")
        }
    }

    /// - Throws: `storage` when the files are not as the last transaction left them.
    func requireFiles(_ database: Database) throws {
        if isLost { throw gone("what was written last went into a file that is gone") }
        if store.isWrittenBeside.exchange(false, ordering: .acquiringAndReleasing) { files.note() }
        guard let fault = files.fault(untouched: true) else { return health.mend("store-file") }
        rescue(database)
        throw gone(fault)
    }

    /// Brings what only a nameless log has into the database. The log is not the store's any more: a start makes a new one.
    private func rescue(_ database: Database) {
        guard files.canRescue else { return }
        isLost = true
        _ = try? database.checkpoint(.full)
        files.note()
    }

    /// What was committed into a file that nobody will find again is not on disk, whatever SQLite says.
    func finishCommit(_ database: Database, wrote: Bool) throws {
        if let fault = files.fault(untouched: false) {
            rescue(database)
            isLost = true
            throw gone(fault)
        }
        committedHead.withLock { [head = ledger.head] in $0 = head }
        files.note()
        guard wrote else { return }
        health.mend("store-disk")
        // An hour without changes is the witness's; while there are some, the note is at most this much behind.
        guard ContinuousClock.now - noted > .seconds(60) else { return }
        noted = .now
        noteHead()
    }

    private func gone(_ fault: String) -> ModuleError {
        let problem = Health.Problem(
            "store-file",
            "the store's file is gone: \(fault). Nothing is taken in any more, so that nothing is lost: stop the service, put"
                + " the file back or restore a copy, start it again", blocksSessions: true)
        if !health.problems.contains(where: { $0.code == problem.code }) {
            health.report(problem)
            // The next start then knows what is missing.
            noteHead()
        }
        return ModuleError(.storage, "nothing was changed: \(problem.text)", members: ["detail": fault])
    }

    /// Notes what an error of SQLite says about the disk. Told once; the next commit that succeeds takes it back.
    func notice(_ error: DatabaseError) {
        switch error.resultCode {
        case .SQLITE_FULL:
            health.report(
                Health.Problem(
                    "store-disk", "the disk is full: changes are refused and nothing of them is kept; make room",
                    blocksSessions: false))
        case .SQLITE_IOERR, .SQLITE_READONLY, .SQLITE_CANTOPEN:
            health.report(
                Health.Problem(
                    "store-disk",
                    "the disk fails (\(error.message ?? "unknown error")): changes are refused and nothing of them is kept; look at"
                        + " the disk and the kernel's log. Each change tries it again", blocksSessions: false))
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            health.report(StoreCheck.damage(error.message ?? "malformed"))
        default: break
        }
    }
}
