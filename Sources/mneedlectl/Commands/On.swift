import ArgumentParser
import Glibc
import MneedleClient
import MneedleWire

extension Tool {
    /// `on TOPIC… --state FILE [OPTION…] -- PROGRAM [ARG…]`
    func on(_ words: [String], program: [String]?) throws(Failure) -> Never {
        let order = try EventOrder(words, program: program)
        let progress = try EventProgress(order.state)
        var runner = EventRunner(tool: self, order: order, progress: progress)
        try runner.follow(try connect())
    }
}

struct EventArguments: OwnArguments {
    static let way =
        "mneedlectl on TOPIC… --state FILE [--since SEQ] [--time-limit SECONDS] [--retry-after SECONDS] "
        + "[--attempts N] -- PROGRAM [ARG…]"

    @Argument var topics: [String] = []
    @Option(parsing: .unconditional, help: .init(valueName: "file")) var state: String = ""
    @Option(parsing: .unconditional, help: .init(valueName: "seq"), transform: number("an event's number"))
    var since: Int64?
    @Option(parsing: .unconditional, help: .init(valueName: "seconds"), transform: number("a number of seconds"))
    var timeLimit: Double = 30
    @Option(parsing: .unconditional, help: .init(valueName: "seconds"), transform: number("a number of seconds"))
    var retryAfter: Double = 10
    @Option(parsing: .unconditional, help: .init(valueName: "n"), transform: number("a whole number"))
    var attempts: Int = 10

    func validate() throws {
        if let since { try Self.require("--since", Double(since), in: 0...9e15, "whole number") }
        try Self.require("--time-limit", timeLimit, in: 0.1...86_400)
        try Self.require("--retry-after", retryAfter, in: 0.001...3_600)
        try Self.require("--attempts", Double(attempts), in: 1...1_000, "whole number")
    }

    private static func require(
        _ name: String, _ number: Double, in range: ClosedRange<Double>, _ kind: String = "number"
    ) throws {
        guard range.contains(number) else {
            let text = [range.lowerBound, range.upperBound, number].map { HumanText.scalar(.number($0)) }
            throw ValidationError("\(name): expected a \(kind) from \(text[0]) to \(text[1]), got '\(text[2])'")
        }
    }
}

/// An order of `on`, as its command line gives it.
struct EventOrder {
    let topics: [String]
    /// The path of the file with the number of the last event that was dealt with.
    let state: String
    /// The event after which it begins where there is no such file yet; `nil` for the newest.
    let since: Int64?
    /// The longest time for one run of the program.
    let timeLimitSeconds: Double
    /// The pause before the program is tried again; doubled each time, up to an hour.
    let retryAfterSeconds: Double
    /// The number of failures after which an event is given up.
    let attempts: Int
    /// The program and its arguments; no shell reads them.
    let program: [String]

    init(_ words: [String], program: [String]?) throws(Failure) {
        let given = try EventArguments.read(words)
        (topics, state, since, attempts) = (given.topics, given.state, given.since, given.attempts)
        (timeLimitSeconds, retryAfterSeconds) = (given.timeLimit, given.retryAfter)
        self.program = program ?? []
        guard !topics.isEmpty else {
            throw .usage("on needs the events to wait for, such as reminder.due", next: EventArguments.way)
        }
        guard !state.isEmpty else {
            throw .usage("on needs --state FILE, where it keeps which events are dealt with", next: EventArguments.way)
        }
        guard let first = self.program.first, !first.isEmpty else {
            throw .usage("on needs a program after --", next: EventArguments.way)
        }
        guard Self.isRunnable(first) else {
            throw .usage("the program '\(first)' is not there or cannot be executed", next: EventArguments.way)
        }
    }

    /// The pause after so many failures.
    func pauseSeconds(after failures: Int) -> Double {
        min(3_600, retryAfterSeconds * Double(1 << min(failures - 1, 22)))
    }

    private static func isRunnable(_ program: String) -> Bool {
        if program.contains("/") { return access(program, X_OK) == 0 }
        let path = SocketPath.environmentVariable("PATH") ?? "/usr/bin:/bin"
        return path.split(separator: ":").contains { access("\($0)/\(program)", X_OK) == 0 }
    }
}
