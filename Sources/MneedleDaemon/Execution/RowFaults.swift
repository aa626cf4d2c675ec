import MneedleKit
import Synchronization

/// What was wrong with the stored values that one request asked its rows for. A row answers `nil` then and reports here,
/// and the request fails: a damaged value is not taken for one that is not there.
package final class RowFaults: Sendable {
    private let hasAny = Atomic(false)
    private let first = Mutex<String?>(nil)

    func report(_ fault: String) {
        first.withLock { $0 = $0 ?? fault }
        hasAny.store(true, ordering: .releasing)
    }

    /// Takes what was wrong since the last time.
    func take() -> String? {
        guard hasAny.load(ordering: .acquiring) else { return nil }
        hasAny.store(false, ordering: .relaxed)
        return first.withLock { first in
            defer { first = nil }
            return first
        }
    }
}
