import MneedleKit
import MneedleSeries

extension Telemetry {
    var export: Command {
        Command(
            "export", "Writes out a session's telemetry as it was sent.", role: .reader,
            parameters: [
                Telemetry.session,
                .optional(
                    "format", .choice(["line", "csv"]), "InfluxDB line protocol, or one value a row.", default: "line"),
            ],
            reply: [
                ReplyMember("text", "a line of the file"),
                ReplyMember("points", "how many"), ReplyMember("damaged", "blocks that could not be read, if any"),
            ],
            errors: [.notFound], concerns: .named("session"), example: "telemetry.export session=17 format=csv",
            .lists { request, reading, sink in
                let session = try known(request.arguments.requiredInteger("session"), reading)
                let isCSV = request.arguments.text("format") == "csv"
                var (count, damaged) = (0, 0)
                if isCSV { try sink(["text": "time_ns,series,field,value"]) }
                for series in try reading.series(session: session.session) {
                    let names = series.storedNames
                    for block in try reading.blocks(series.id) {
                        guard let points = try? block.points(reading), points.columns.count == names.count else {
                            damaged += 1
                            continue
                        }
                        for index in 0..<points.count {
                            if isCSV {
                                for (name, column) in zip(names, points.columns) {
                                    try sink([
                                        "text":
                                            "\(points.times[index]),\(csv(series.name)),\(csv(name)),\(csv(column.plainText(at: index)))"
                                    ])
                                }
                            } else {
                                let fields = zip(names, points.columns).map {
                                    "\(escaped($0))=\($1.lineText(at: index))"
                                }
                                try sink([
                                    "text":
                                        "\(series.name) \(fields.joined(separator: ",")) \(points.times[index])"
                                ])
                            }
                        }
                        count += points.count
                    }
                }
                return ["points": count, "damaged": damaged > 0 ? damaged : nil]
            })
    }

    private func csv(_ text: String) -> String {
        let isPlain = !text.utf8.contains { $0 == 34 || $0 == 44 || $0 == 10 || $0 == 13 }
        return isPlain
            ? text
            : "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    private func escaped(_ name: String) -> String {
        var text = ""
        for character in name.unicodeScalars {
            if character == "," || character == " " || character == "=" { text += "\\" }
            text.unicodeScalars.append(character)
        }
        return text
    }
}

extension Series {
    /// The names of the stored columns.
    fileprivate var storedNames: [String] {
        stepMilliseconds == 0
            ? fields.map(\.name) : fields.flatMap { field in RollUp.suffixes.map { "\(field.name)_\($0)" } }
    }
}
