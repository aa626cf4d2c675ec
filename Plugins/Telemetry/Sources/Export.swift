import MneedleKit

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
            errors: [.notFound], example: "telemetry.export session=17 format=csv",
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

extension Column {
    /// The value as line protocol writes it.
    func lineText(at index: Int) -> String {
        switch kind {
        case .integer: plainText(at: index) + "i"
        case .unsigned: plainText(at: index) + "u"
        case .text: "\"" + quoted(plainText(at: index)) + "\""
        case .float, .boolean: plainText(at: index)
        }
    }

    private func quoted(_ text: String) -> String {
        var quoted = ""
        for character in text.unicodeScalars {
            if character == "\"" || character == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(character)
        }
        return quoted
    }

    /// The value as it is.
    func plainText(at index: Int) -> String {
        let number = numbers[index]
        switch kind {
        case .integer: return String(number)
        case .unsigned: return String(UInt64(bitPattern: number))
        case .boolean: return number == 0 ? "false" : "true"
        case .text: return String(decoding: textBytes(at: index), as: UTF8.self)
        case .float: return decimals == Sample.binary ? String(self.number(at: index)) : decimalText(number)
        }
    }

    private func decimalText(_ number: Int64) -> String {
        guard decimals > 0 else { return String(number) }
        let digits = String(number.magnitude)
        let padded = String(repeating: "0", count: max(0, Int(decimals) + 1 - digits.count)) + digits
        return (number < 0 ? "-" : "") + padded.dropLast(Int(decimals)) + "." + padded.suffix(Int(decimals))
    }
}
