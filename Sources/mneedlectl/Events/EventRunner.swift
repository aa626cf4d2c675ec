import Glibc
import MneedleClient
import MneedleSystem
import MneedleWire

/// Runs a program for each event, one after the other, in the order of the ledger.
///
/// The ledger is the queue. The number of an event is recorded when the program has succeeded or the event has been given
/// up, and before the next one's turn. So no event is forgotten, whichever program restarts, and none is run twice unless
/// this program was killed in the middle of a run, or between its end and the record.
struct EventRunner {
    private let tool: Tool
    private let order: EventOrder
    private let program: EventProgram
    private var progress: EventProgress

    init(tool: Tool, order: EventOrder, progress: EventProgress) {
        self.tool = tool
        self.order = order
        self.progress = progress
        program = EventProgram(words: order.program, timeLimitSeconds: order.timeLimitSeconds)
    }

    /// Follows the events through restarts of the daemon, until interrupted.
    /// - Throws: An error that does not pass by itself.
    mutating func follow(_ first: Connection) throws(Failure) -> Never {
        var connection: Connection? = first
        var pause = 1
        while true {
            do throws(Failure) {
                let current = if let connection { connection } else { try tool.connect() }
                try begin(on: current)
                pause = 1
                while true {
                    let event = try tool.asking("subscribe") { () throws(ClientError) in try current.nextEvent() }
                    if let event { try deal(with: event, on: current) }
                }
            } catch {
                guard Self.passing.contains(error.code) else { throw error }
                tool.output.note("\(error.message); tried again in \(pause) s")
                connection = nil
                poll(nil, 0, CInt(pause * 1000))
                pause = min(pause * 2, 60)
            }
        }
    }

    /// The errors that pass by themselves. Any other one needs somebody to act first.
    private static let passing: Set = [
        "no-daemon", "closed", "timed-out", "slow-consumer", "busy", "storage", "module-failed", "internal",
    ]

    /// Asks for the events after the last one that was dealt with.
    private mutating func begin(on connection: Connection) throws(Failure) {
        if let position = progress.position {
            // A restored copy may have grown beyond that number already, with other events.
            let found = try entry(position.sequence, on: connection)?["hash"]?.string
            if let found, let known = position.hash, found != known { throw anotherLedger(position.sequence) }
            do throws(Failure) {
                try subscribe(since: position.sequence, on: connection)
            } catch {
                throw error.details.contains(.init("argument", "since")) ? anotherLedger(position.sequence) : error
            }
        } else {
            let newest = try subscribe(since: order.since, on: connection)
            try begin(after: order.since ?? newest ?? 0, on: connection)
        }
    }

    private mutating func begin(after sequence: Int64, on connection: Connection) throws(Failure) {
        let hash = try entry(sequence, on: connection)?["hash"]?.string
        if let error = progress.keep(.init(sequence: sequence, hash: hash)) {
            throw Failure.unwritable(progress.path, error)
        }
    }

    @discardableResult
    private func subscribe(since: Int64?, on connection: Connection) throws(Failure) -> Int64? {
        try tool.asking("subscribe") { () throws(ClientError) in
            try connection.subscribe(topics: order.topics, since: since)
        }
    }

    /// An entry of the ledger; `nil` where there is none of that number, or none that this user may see.
    private func entry(_ sequence: Int64, on connection: Connection) throws(Failure) -> JSON? {
        guard sequence > 0 else { return nil }
        var found: JSON?
        _ = try tool.asking("ledger.tail") { () throws(ClientError) in
            try connection.request(
                "ledger.tail", .object([.init("since", .integer(sequence - 1)), .init("count", 1)])
            ) { row in if row["seq"]?.integer == sequence { found = row } }
        }
        return found
    }

    private func anotherLedger(_ sequence: Int64) -> Failure {
        Failure(
            code: "another-ledger",
            message:
                "the ledger is not the one that \(progress.path) knows: event \(sequence) is not there or is another one",
            details: [],
            next: "after an older copy was restored, remove that file to begin with what happens from now on, "
                + "or with the event after --since SEQ",
            exitCode: .refused)
    }

    // MARK: An event

    /// Runs the program until it succeeds or the event is given up, and records that.
    private mutating func deal(with event: Event, on connection: Connection) throws(Failure) {
        let entry = if let sequence = event.seq { try entry(sequence, on: connection) } else { nil as JSON? }
        let input = Self.input(event, at: entry?["at"])
        var failures = 0
        while true {
            let stop = StopSignals()
            let outcome = program.run(input, topic: event.topic, sequence: event.seq, stop)
            if case .failed(let reason) = outcome {
                failures += 1
                tell(event, reason, failures)
            }
            guard outcome == .done || failures >= order.attempts else {
                // This ends the process if a signal was held back.
                stop.release()
                if failures > 0 { wait(seconds: order.pauseSeconds(after: failures)) }
                continue
            }
            let error = event.seq.flatMap { progress.keep(.init(sequence: $0, hash: entry?["hash"]?.string)) }
            stop.release()
            if let error { insist(on: .init(sequence: event.seq ?? 0, hash: entry?["hash"]?.string), error) }
            return
        }
    }

    private func tell(_ event: Event, _ reason: String, _ failures: Int) {
        let what = "the program for event \(event.seq.map(String.init) ?? event.topic) failed: \(reason)"
        if failures >= order.attempts {
            tool.output.note("\(what); given up after \(failures) attempts")
        } else {
            let pause = HumanText.scalar(.number(order.pauseSeconds(after: failures)))
            tool.output.note("\(what); attempt \(failures) of \(order.attempts), the next in \(pause) s")
        }
    }

    /// Tries to record an event until it succeeds: otherwise the next start would run the program for it again.
    private mutating func insist(on position: EventProgress.Position, _ error: SystemError) {
        tool.output.note("\(progress.path) cannot be written: \(error); nothing further is run before it is")
        var pause = 1.0
        repeat {
            wait(seconds: pause)
            pause = min(pause * 2, 10)
        } while progress.keep(position) != nil
    }

    private func wait(seconds: Double) { poll(nil, 0, CInt((seconds * 1000).rounded(.up))) }

    /// The program's input, one line: the event's number, time and topic, then its body.
    private static func input(_ event: Event, at time: JSON?) -> [UInt8] {
        var members = [JSON.Member("seq", event.seq.map(JSON.integer) ?? .null)]
        if let time { members.append(.init("at", time)) }
        members.append(.init("event", .string(event.topic)))
        let names = Set(members.map(\.name))
        members += (event.body.members ?? []).filter { !names.contains($0.name) }
        return Array((JSON.object(members).text + "\n").utf8)
    }
}
