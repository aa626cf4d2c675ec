import MneedleClient
import MneedleWire

extension Tool {
    /// `metrics`: the service's figures as OpenMetrics text.
    func metrics(_ words: [String]) throws(Failure) {
        if let word = words.first { throw .usage("metrics has no argument '\(word)'", next: "mneedlectl metrics") }
        let connection = try connect()
        var families: [MetricFamily] = []
        var isForeign = false
        _ = try asking("metrics") { () throws(ClientError) in
            try connection.request("metrics") { row in
                if let family = MetricFamily(row) { families.append(family) } else { isForeign = true }
            }
        }
        // Part of it would look like all of it.
        guard !isForeign else {
            throw Failure(
                ClientError(
                    .incompatible, "the daemon has figures that this client does not understand",
                    advice: "install the same version of both"))
        }
        output.text(OpenMetrics.text(families))
    }
}
