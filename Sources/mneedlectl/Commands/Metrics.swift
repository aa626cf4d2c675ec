import ArgumentParser
import MneedleClient
import MneedleSystem
import MneedleWire

struct MetricsArguments: OwnArguments {
    static let way = "mneedlectl metrics [--output FILE]"

    /// The file to write; `nil` for standard output.
    @Option(parsing: .unconditional, help: .init(valueName: "file")) var output: String?

    func validate() throws {
        if output == "" { throw ValidationError("--output needs the file to write") }
    }
}

extension Tool {
    /// `metrics [--output FILE]`: the service's figures as OpenMetrics text, printed or as a file.
    func metrics(_ words: [String]) throws(Failure) {
        let path = try MetricsArguments.read(words).output
        let connection = try connect()
        var families: [MetricFamily] = []
        var isForeign = false
        _ = try asking("metrics") { () throws(ClientError) in
            try connection.request("metrics") { row in
                if let family = MetricFamily(row) { families.append(family) } else { isForeign = true }
            }
        }
        // A part of the figures would look like all of them.
        guard !isForeign else {
            throw Failure(
                ClientError(
                    .incompatible, "the daemon has figures that this client does not understand",
                    advice: "install the same version of both"))
        }
        let text = OpenMetrics.text(families)
        guard let path else { return output.text(text) }
        // Another user may read the file to collect it: there is nothing about a person in it.
        do {
            try AtomicFile.replace(path, with: Array(text.utf8), mode: 0o644)
        } catch {
            throw .unwritable(path, error)
        }
    }
}
