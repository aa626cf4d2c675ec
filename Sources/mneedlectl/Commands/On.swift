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

/// What `on` is to do, as its command line says it.
struct EventOrder {
    static let way =
        "mneedlectl on TOPIC… --state FILE [--since SEQ] [--time-limit SECONDS] [--retry-after SECONDS] "
        + "[--attempts N] -- PROGRAM [ARG…]"

    private(set) var topics: [String] = []
    /// The file that says how far the events have been dealt with.
    private(set) var state = ""
    /// The event after which it begins where there is no such file yet; `nil` for the newest.
    private(set) var since: Int64?
    /// How long the program may take.
    private(set) var timeLimitSeconds = 30.0
    /// The pause before it is tried again; doubled each time, up to an hour.
    private(set) var retryAfterSeconds = 10.0
    /// After so many failures an event is given up.
    private(set) var attempts = 10
    /// The program and its arguments; no shell reads them.
    let program: [String]

    init(_ words: [String], program: [String]?) throws(Failure) {
        self.program = program ?? []
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("-") else {
                topics.append(word)
                continue
            }
            let (name, given) = word.splitAtEqualsSign
            func value() throws(Failure) -> String {
                guard let value = given ?? rest.popFirst() else {
                    throw .usage("\(name) needs a value", next: Self.way)
                }
                return value
            }
            switch name {
            case "--state": state = try value()
            case "--since": since = Int64(try Self.number(name, try value(), in: 0...9e15, isWhole: true))
            case "--time-limit": timeLimitSeconds = try Self.number(name, try value(), in: 0.1...86_400)
            case "--retry-after": retryAfterSeconds = try Self.number(name, try value(), in: 0.001...3_600)
            case "--attempts": attempts = Int(try Self.number(name, try value(), in: 1...1_000, isWhole: true))
            default: throw .usage("on has no option '\(name)'", next: Self.way)
            }
        }
        guard !topics.isEmpty else {
            throw .usage("on needs the events to wait for, such as reminder.due", next: Self.way)
        }
        guard !state.isEmpty else {
            throw .usage("on needs --state FILE, where it keeps which events are dealt with", next: Self.way)
        }
        guard let first = self.program.first, !first.isEmpty else {
            throw .usage("on needs a program after --", next: Self.way)
        }
        guard Self.isRunnable(first) else {
            throw .usage("the program '\(first)' is not there or cannot be executed", next: Self.way)
        }
    }

    /// The pause after so many failures.
    func pauseSeconds(after failures: Int) -> Double {
        min(3_600, retryAfterSeconds * Double(1 << min(failures - 1, 22)))
    }

    private static func number(
        _ name: String, _ text: String, in range: ClosedRange<Double>, isWhole: Bool = false
    ) throws(Failure) -> Double {
        guard let number = Double(text), range.contains(number), !isWhole || number == number.rounded() else {
            let (least, most) = (
                HumanText.scalar(.number(range.lowerBound)), HumanText.scalar(.number(range.upperBound))
            )
            throw .usage(
                "\(name): expected a \(isWhole ? "whole " : "")number from \(least) to \(most), got '\(text)'",
                next: way)
        }
        return number
    }

    private static func isRunnable(_ program: String) -> Bool {
        if program.contains("/") { return access(program, X_OK) == 0 }
        let path = SocketPath.environmentVariable("PATH") ?? "/usr/bin:/bin"
        return path.split(separator: ":").contains { access("\($0)/\(program)", X_OK) == 0 }
    }
}
