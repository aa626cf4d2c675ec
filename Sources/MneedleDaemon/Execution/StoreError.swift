import MneedleKit

/// An error of a store, whichever database it is: of its statements, commits and checks.
package struct StoreError: Error, Sendable, Equatable {
    /// The kind of the error, on which the service decides.
    package enum Kind: Sendable {
        /// A rule of the schema forbids it.
        case constraint
        /// There is no room.
        case full
        /// The disk, or the way to the database, fails: it may work the next time.
        case failing
        /// The stored data is not the data that was written.
        case damaged
        /// Somebody else holds a lock that is needed.
        case busy
        /// The statement was ended, for taking too long or because nobody waits for it.
        case interrupted
        /// The data written last may not be found again, including a commit that was just asked for.
        case lost
        case other
    }

    package var kind: Kind
    /// The error in words; for ``Kind/lost`` with the next step.
    package var message: String
    /// The message as its database gives it, with its code.
    package var detail: String
    /// Whether the change that was asked for may stand all the same, so that nobody is told that nothing was changed.
    package var mayStand = false
    /// Whether a sync failed: what was written stands to be read, and nobody knows how much of it is on disk.
    package var isOfSync = false

    package init(_ kind: Kind, _ message: String, detail: String? = nil) {
        self.kind = kind
        self.message = message
        self.detail = detail ?? message
    }

    /// The error that a client gets.
    var moduleError: ModuleError {
        let outcome = mayStand ? "whether the change was kept is not known" : "nothing was changed"
        return switch kind {
        case .constraint: .conflict("the store refuses it: \(message)", state: "exists")
        case .lost:
            ModuleError(.storage, "\(outcome): \(message)", members: ["detail": detail])
        default:
            ModuleError(.storage, "the store could not do it and \(outcome): \(detail)", members: ["detail": detail])
        }
    }
}

extension StoreError: CustomStringConvertible {
    package var description: String { detail }
}
