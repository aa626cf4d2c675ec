import MneedleKit

/// The effects of the store's errors and commits on the service's health.
extension Engine {
    /// Writes the ledger's head into the note beside the store.
    func noteHead() {
        guard let headNote else { return }
        if let fault = headNote.write(head, of: storeID) {
            health.report(
                Health.Fault("ledger-head", fault + "; make room, or mend the folder", blocksSessions: false))
        } else {
            health.mend("ledger-head")
        }
    }

    /// Notes a commit whose data will be found again.
    func noteCommit(wrote: Bool) {
        committedTree.withLock { [tree = ledger.tree] in $0 = tree }
        guard wrote else { return }
        health.mend("store-disk")
        // An hour without changes is the witness's; while there are changes, the note is at most this much behind.
        guard ContinuousClock.now - noted > .seconds(60) else { return }
        noted = .now
        noteHead()
    }

    /// Reports an error of the store, once. The next commit that succeeds takes back a fault of the disk, and the next group
    /// that begins takes back that the store is lost.
    func notice(_ error: StoreError) {
        switch error.kind {
        case .full:
            health.report(
                Health.Fault(
                    "store-disk", "the disk is full: changes are refused and nothing of them is kept; make room",
                    blocksSessions: false))
        case .failing:
            health.report(
                Health.Fault(
                    "store-disk",
                    "the disk fails (\(error.message)): changes are refused; look at the disk and the kernel's log."
                        + " Each change tries it again", blocksSessions: false))
        case .damaged: health.report(StoreCheck.damage(error.message))
        case .lost:
            let problem = Health.Fault("store-file", error.message, blocksSessions: true)
            guard !health.problems.contains(where: { $0.code == problem.code }) else { return }
            health.report(problem)
            // The next start then knows which entries are missing.
            noteHead()
        case .constraint, .busy, .interrupted, .other: break
        }
    }
}
