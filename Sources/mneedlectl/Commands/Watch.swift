import ArgumentParser
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
        try asking(subscription.verb) { () throws(ClientError) in
            try connection.request(subscription)
            while let event = try connection.nextEvent() {
                output.event(event, bell: bell)
            }
        }
    }
}
