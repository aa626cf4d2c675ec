import MneedleKit

/// What a store could not do, whichever database it is: the error of its statements, commits and checks.
package struct StoreError: Error, Sendable, Equatable {
    /// What the service decides by.
    package enum Kind: Sendable {
        /// A rule of the schema forbids it.
        case constraint
        /// There is no room.
        case full
        /// The disk, or the way to the database, fails: it may work the next time.
        case failing
        /// What is stored is not what was written.
        case damaged
        /// Somebody else holds what is needed.
        case busy
        /// The statement was ended, for taking too long or because nobody waits for it.
        case interrupted
        /// What was written last may not be found again, a commit that has just been asked for included.
        case lost
        case other
    }

    package var kind: Kind
    /// In words; for ``Kind/lost`` with what to do next.
    package var message: String
    /// The message as its database gives it, with its code.
    package var detail: String

    package init(_ kind: Kind, _ message: String, detail: String? = nil) {
        self.kind = kind
        self.message = message
        self.detail = detail ?? message
    }

    /// The error that a client gets.
    var moduleError: ModuleError {
        switch kind {
        case .constraint: .conflict("the store refuses it: \(message)", state: "exists")
        case .lost: ModuleError(.storage, "nothing was changed: \(message)", members: ["detail": detail])
        default:
            ModuleError(
                .storage, "the store could not do it and nothing was changed: \(detail)", members: ["detail": detail])
        }
    }
}

extension StoreError: CustomStringConvertible {
    package var description: String { detail }
}
