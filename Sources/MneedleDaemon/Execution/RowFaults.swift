import MneedleKit
import Synchronization

/// The faults of the stored values that one request read. A row answers `nil` for such a value and reports it here, and the
/// request fails: a damaged value is not taken for a missing one.
package final class RowFaults: Sendable {
    private let hasAny = Atomic(false)
    private let first = Mutex<String?>(nil)

    func report(_ fault: String) {
        first.withLock { $0 = $0 ?? fault }
        hasAny.store(true, ordering: .releasing)
    }

    /// Takes the faults since the last call.
    func take() -> String? {
        guard hasAny.load(ordering: .acquiring) else { return nil }
        hasAny.store(false, ordering: .relaxed)
        return first.withLock { first in
            defer { first = nil }
            return first
        }
    }
}
