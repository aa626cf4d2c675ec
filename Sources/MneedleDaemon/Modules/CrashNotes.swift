import MneedleKit

/// Says, where a crash leaves it readable, which module is running on this thread.
package struct CrashNotes: Sendable {
    private let note: @Sendable (String) -> Void

    package init(_ note: @escaping @Sendable (String) -> Void) { self.note = note }

    package static let none = CrashNotes { _ in }

    func enter(_ module: String) { note(module) }
}
