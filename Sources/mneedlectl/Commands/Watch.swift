import ArgumentParser
import FoundationEssentials
import Glibc
import MneedleClient
import MneedleWire

struct WatchArguments: OwnArguments {
    static let way = "mneedlectl watch [TOPIC…] [--since SEQ] [--bell]"

    @Argument var topics: [String] = []
    /// The event after which it begins; `nil` for the newest.
    @Option(parsing: .unconditional, help: .init(valueName: "seq"), transform: number("an event's number"))
    var since: Int64?
    @Flag var bell = false
}

extension Tool {
    /// `watch [TOPIC…] [--since N] [--bell]`
    func watch(_ words: [String]) throws(Failure) {
        let given = try WatchArguments.read(words)
        let topics = given.topics.isEmpty ? "*" : given.topics.joined(separator: ",")
        var arguments = [RequestLine.Word("topics", .bare(topics))]
        if let since = given.since { arguments.append(RequestLine.Word("since", .bare(String(since)))) }
        try printEvents(
            of: RequestLine(verb: "subscribe", arguments: .words(arguments)), on: try connect(), bell: given.bell)
    }

    /// Prints events until interrupted, or until the daemon goes.
    func printEvents(of subscription: RequestLine, on connection: Connection, bell: Bool) throws(Failure) {
        let isRead = output.terminalWidth != nil && !options.form.isForPrograms && !output.isQuiet
        try asking(subscription.verb) { () throws(ClientError) in
            let newest = try connection.request(subscription)["seq"]?.integer ?? 0
            while let event = try connection.nextEvent() {
                guard isRead else {
                    output.event(event, bell: bell)
                    continue
                }
                // What is told now is of now; what came before has its time in the ledger.
                let isOld = event.seq.map { $0 <= newest } ?? false
                let time = isOld ? try Tool.time(of: event, on: connection) : Date()
                output.text(EventText(event, at: time, now: Date()).lines(width: output.width))
                if bell { Output.complain("\u{7}", terminator: "") }
                fflush(nil)
            }
        }
    }

    /// When the ledger took up an event; `nil` where this user may not know.
    private static func time(of event: Event, on connection: Connection) throws(ClientError) -> Date? {
        guard let seq = event.seq else { return nil }
        var time: Date?
        try connection.request("ledger.tail", ["since": .integer(seq - 1), "count": 1]) { row in
            if row["seq"]?.integer == seq { time = row["at"]?.string.flatMap(LocalTime.date) }
        }
        return time
    }
}

/// An event as a person reads it: when it was here, what happened, and the facts.
struct EventText {
    private let head: String
    private let facts: String

    /// - Parameter time: When it happened; `nil` where that is not known.
    init(_ event: Event, at time: Date?, now: Date) {
        let day = "%a %d %b %Y"
        let isToday = time.map { LocalTime.text($0, day) == LocalTime.text(now, day) } ?? true
        let clock = time.map { isToday ? LocalTime.clock($0) : LocalTime.text($0, "\(day), %H:%M:%S") } ?? "--:--:--"
        head = "\(clock)  \(event.topic)\(event.seq.map { "  #\($0)" } ?? "")"
        facts = (event.body.members ?? []).compactMap { member in
            EventText.text(member.value).map { "\(member.name) \($0)" }
        }.joined(separator: ", ")
    }

    /// On one line where it fits, and else with the facts below.
    func lines(width: Int) -> String {
        let line = facts.isEmpty ? head : "\(head)  \(facts)"
        guard line.count > width else { return line + "\n" }
        return ([head] + HumanText.wrap(facts, width: width - 10).map { String(repeating: " ", count: 10) + $0 })
            .map { $0 + "\n" }.joined()
    }

    /// A value in words; `nil` for none.
    private static func text(_ value: JSON) -> String? {
        switch value {
        case .null: nil
        case .string(let text): LocalTime.text(text)
        case .array(let elements): elements.isEmpty ? nil : elements.compactMap(text).joined(separator: " + ")
        case .object(let members):
            "("
                + members.compactMap { member in text(member.value).map { "\(member.name) \($0)" } }.joined(
                    separator: ", ") + ")"
        default: HumanText.scalar(value)
        }
    }
}
