import Foundation
import MneedleKit

/// `[reminders.hooks]`: the program that is run for each reminder.
struct HookSettings: Sendable, Equatable {
    /// The program and its arguments; empty for none.
    var command: [String] = []
    /// How long it may take.
    var timeLimit = Span(milliseconds: 30_000)
    /// The pause before it is tried again; doubled each time, up to an hour.
    var retryAfter = Span(milliseconds: 10_000)
    /// After so many failures a reminder's program is given up.
    var attempts = 10

    init() {}

    init(_ table: Table) {
        command = table.strings("command", default: [])
        timeLimit = table.elapsed(
            "time_limit", from: Span(milliseconds: 100), to: .hours(24), default: timeLimit)
        retryAfter = table.elapsed(
            "retry_after", from: Span(milliseconds: 1), to: .hours(1), default: retryAfter)
        attempts = table.integer("attempts", in: 1...1000, default: attempts)
        guard let program = command.first else { return }
        if !program.hasPrefix("/") {
            table.report("command", "expected the program's absolute path first, got \"\(program)\"")
        } else if !FileManager.default.isExecutableFile(atPath: program) {
            table.report("command", "\(program) is not there or cannot be executed")
        } else {
            // It runs with the service's rights.
            do { _ = try Trust.file(program) } catch { table.report("command", "is not run: \(error)") }
        }
    }

    /// The pause after so many failures.
    func pause(after failures: Int) -> Span {
        Span(milliseconds: min(3_600_000, max(1, retryAfter.milliseconds) << min(failures - 1, 20)))
    }
}
