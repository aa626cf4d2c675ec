import Glibc
import MneedleClient
import MneedleWire

extension Tool {
    /// `watch [TOPIC…] [--since N] [--bell]`
    func watch(_ words: [String]) throws(Failure) {
        let way = "mneedlectl watch [TOPIC…] [--since SEQ] [--bell]"
        var topics: [String] = []
        var since: String?
        var bell = false
        var rest = words[...]
        while let word = rest.popFirst() {
            switch word {
            case "--bell": bell = true
            case "--since": since = rest.popFirst() ?? ""
            case _ where word.hasPrefix("--since="): since = String(word.dropFirst("--since=".count))
            case _ where word.hasPrefix("-"): throw .usage("watch has no option '\(word)'", next: way)
            default: topics.append(word)
            }
        }
        if let since, Int64(since) == nil { throw .usage("--since needs an event's number, not '\(since)'", next: way) }
        var arguments = [RequestLine.Word("topics", .bare(topics.isEmpty ? "*" : topics.joined(separator: ",")))]
        if let since { arguments.append(RequestLine.Word("since", .bare(since))) }
        try printEvents(of: RequestLine(verb: "subscribe", arguments: .words(arguments)), on: try connect(), bell: bell)
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
