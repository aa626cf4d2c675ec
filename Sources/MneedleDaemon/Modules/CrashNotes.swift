import CMneedleSystem
import MneedleKit

/// Notes, where a crash leaves it readable, the module that runs on this thread and the peer of its request; and limits the
/// time that it takes.
package struct CrashNotes: Sendable {
    private let isKept: Bool

    /// Notes nothing and watches nothing: for tests, and for checks of the configuration.
    package static let none = CrashNotes(isKept: false)

    /// Notes for this process, once ``CrashHistory/startNoting()`` has opened the file.
    static let kept = CrashNotes(isKept: true)

    /// - Parameter module: The module that runs now; empty when none does.
    func enter(_ module: String) {
        guard isKept else { return }
        CrashNotes.withBytes(module) { mneedle_crash_note($0, $1) }
    }

    /// Begins a piece of work, which has the whole time limit again.
    /// - Parameters:
    ///   - request: The peer's request; `nil` for a module's own work.
    ///   - uid: The peer's unix user.
    func begin(_ request: String?, of uid: uid_t) {
        guard isKept else { return }
        attribute(request, to: uid)
        mneedle_deadline_restart()
    }

    /// Notes the request and the peer for which this thread goes on.
    func attribute(_ request: String?, to uid: uid_t) {
        guard isKept else { return }
        CrashNotes.withBytes(request ?? "") { mneedle_crash_request($0, $1, uid) }
    }

    /// Runs `body` under the time limit for modules: each piece of work in it that takes longer ends the service, for code
    /// in the same process cannot be stopped otherwise. Not to be nested.
    func watched<T>(_ body: () throws -> T) rethrows -> T {
        guard isKept else { return try body() }
        mneedle_deadline_begin()
        defer { mneedle_deadline_end() }
        return try body()
    }

    /// Runs `body` as a module's own work, under the time limit.
    func alone<T>(_ module: String, _ body: () throws -> T) rethrows -> T {
        try watched {
            begin(nil, of: 0)
            enter(module)
            defer { enter("") }
            return try body()
        }
    }

    /// Whether the piece of work on this thread has nearly used up its time.
    static var isNearlyOverdue: Bool { mneedle_deadline_is_near() != 0 }

    /// The modules that run on any thread now.
    static var running: [String] {
        var name = [CChar](repeating: 0, count: Int(MNEEDLE_CRASH_NAME))
        return (0..<MNEEDLE_CRASH_SLOTS).compactMap { slot in
            guard mneedle_crash_running(slot, &name, name.count) == 1 else { return nil }
            return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }

    private static func withBytes(_ text: String, _ body: (UnsafePointer<CChar>?, Int) -> Void) {
        var text = text
        text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { body($0.baseAddress, $0.count) }
        }
    }
}
