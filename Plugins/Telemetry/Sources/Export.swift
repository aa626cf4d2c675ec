import MneedleKit
import MneedleSeries

/// One row of `telemetry.export`.
private struct ExportedLine: Reply {
    var text: String

    static let members: [Member<ExportedLine>] = [Member("text", "a line of the file", \.text)]
}

/// The end of the reply of `telemetry.export`, after its rows.
private struct Exported: Reply {
    var points = 0
    var damaged = 0

    static let members: [Member<Exported>] = [
        Member("points", "how many", \.points),
        Member("damaged", Unread.meaning) { $0.damaged > 0 ? $0.damaged : nil },
    ]
}

private enum ExportFormat: String, CaseIterable { case line, csv }

extension Telemetry {
    private static let format = Parameter.optional(
        "format", .choice(ExportFormat.self), "InfluxDB line protocol, or one value a row.", default: .line)

    var export: Command {
        Command(
            "export", "Writes out a session's telemetry as it was sent.", role: .reader,
            takes: Telemetry.session, Telemetry.format, gives: ExportedLine.self, closes: Exported.self,
            errors: [.notFound], concerns: .named("session"), example: "telemetry.export session=17 format=csv",
            lists: { reading, send, id, format in
                let session = try known(id, reading)
                let isCSV = format == .csv
                var exported = Exported()
                if isCSV { try send(ExportedLine(text: "time_ns,series,field,value")) }
                for series in try reading.series(session: session.session) {
                    let names = series.storedNames
                    for block in try reading.blocks(series.id) {
                        guard let points = try? block.points(reading), points.columns.count == names.count else {
                            exported.damaged += 1
                            continue
                        }
                        for index in 0..<points.count {
                            if isCSV {
                                for (name, column) in zip(names, points.columns) {
                                    let value = csv(column.plainText(at: index))
                                    let text = "\(points.times[index]),\(csv(series.name)),\(csv(name)),\(value)"
                                    try send(ExportedLine(text: text))
                                }
                            } else {
                                let fields = zip(names, points.columns).map {
                                    "\(escaped($0))=\($1.lineText(at: index))"
                                }
                                let text = "\(series.name) \(fields.joined(separator: ",")) \(points.times[index])"
                                try send(ExportedLine(text: text))
                            }
                        }
                        exported.points += points.count
                    }
                }
                return exported
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
