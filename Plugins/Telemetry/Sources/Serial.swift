import MneedleKit

/// A device that reports over a serial port, as a table `[[telemetry.serial]]` describes it.
struct SerialDevice: Sendable {
    let path: String
    let baud: Int
    /// Whose points they are, where a line does not say it itself.
    let device: String
    /// How lines read that are no line protocol.
    let mapping: CSVMapping?
    let unit: Precision

    static let parameters: [Parameter] = [
        .required("path", .line(maximum: 200), "The device file."),
        .optional("baud", .integer(1200...4_000_000), "Its speed in bits a second.", default: 115_200),
        .required("device", .slug, "Whose points they are, where a line has no tag device."),
        .optional("format", .choice(["line", "csv"]), "What its lines are.", default: "line"),
        .optional(
            "columns", .list(.line(maximum: 100)),
            "For csv: each column's field; 'time' for the timestamp, '-' for a column to leave out."),
        .optional("separator", .choice([",", ";", "tab"]), "For csv: between columns.", default: ","),
        .optional("measurement", .slug, "For csv: the measurement's name.", default: "pen"),
        .optional(
            "precision", .choice(Precision.allCases.map(\.rawValue)), "The unit of its timestamps.", default: "ns"),
    ]

    init(_ table: Arguments, _ report: (_ key: String, _ reason: String) -> Void) {
        path = table.text("path") ?? ""
        baud = Int(table.integer("baud") ?? 115_200)
        device = table.text("device") ?? ""
        unit = table.text("precision").flatMap(Precision.init) ?? .ns
        let columns = table.texts("columns") ?? []
        mapping =
            table.text("format") == "csv"
            ? CSVMapping(
                measurement: table.text("measurement") ?? "pen", columns: columns,
                separator: table.text("separator") ?? ",") : nil
        if !path.hasPrefix("/") { report("path", "expected an absolute path such as /dev/ttyUSB0, got '\(path)'") }
        if !SerialPort.speeds.contains(baud) {
            report("baud", "expected one of \(SerialPort.speeds.map(String.init).joined(separator: ", ")), got \(baud)")
        }
        let fields = columns.filter { $0 != CSVMapping.time && $0 != CSVMapping.none }
        if mapping != nil, fields.isEmpty { report("columns", "expected the names of the columns' fields, got none") }
        if Set(fields).count < fields.count || columns.count(where: { $0 == CSVMapping.time }) > 1 {
            report("columns", "expected each field once, got \(columns.joined(separator: ", "))")
        }
        if mapping == nil, !columns.isEmpty { report("columns", "only for format = \"csv\"") }
    }
}

/// Makes line protocol of lines of values: `0.48;90;;31.5` with the columns depth_mm, speed_hz, -, temperature_c.
struct CSVMapping: Sendable {
    static let time = "time"
    static let none = "-"

    private let start: [UInt8]
    private let keys: [[UInt8]]
    private let timeColumn: Int?
    private let leftOut: Set<Int>
    private let separator: UInt8

    init(measurement: String, columns: [String], separator: String) {
        start = Array(measurement.utf8) + [LineReader.space]
        keys = columns.map {
            Array($0.utf8).flatMap { LineReader.isSpecial($0) ? [LineReader.backslash, $0] : [$0] } + [
                LineReader.equals
            ]
        }
        timeColumn = columns.firstIndex(of: CSVMapping.time)
        leftOut = Set(columns.indices.filter { columns[$0] == CSVMapping.none || columns[$0] == CSVMapping.time })
        self.separator = separator == "tab" ? 9 : Array(separator.utf8)[0]
    }

    /// - Returns: The line as line protocol; blank lines, comments and headings as they are, which says nothing or is rejected.
    func line(_ values: UnsafeBufferPointer<UInt8>) throws(PointError) -> [UInt8] {
        var line = start
        var stamp: Slice<UnsafeBufferPointer<UInt8>>?
        var (index, isFirst, columnStart) = (0, true, values.startIndex)
        while columnStart <= values.endIndex {
            let columnEnd = values[columnStart...].firstIndex(of: separator) ?? values.endIndex
            var value = values[columnStart..<columnEnd]
            while value.first == LineReader.space { value = value.dropFirst() }
            while value.last == LineReader.space { value = value.dropLast() }
            guard index < keys.count else {
                throw PointError(column: columnStart + 1, reason: "expected \(keys.count) columns, got more")
            }
            if index == timeColumn { stamp = value }
            if !leftOut.contains(index), !value.isEmpty {
                // A blank or a comma would end the value and begin something else.
                guard !value.contains(where: LineReader.isSpecial) else {
                    throw PointError(column: columnStart + 1, reason: "column \(index + 1) is no number or boolean")
                }
                if !isFirst { line.append(LineReader.comma) }
                line += keys[index]
                line += value
                isFirst = false
            }
            index += 1
            columnStart = columnEnd + 1
        }
        guard index == keys.count else {
            throw PointError(column: values.count + 1, reason: "expected \(keys.count) columns, got \(index)")
        }
        guard !isFirst else { throw PointError(column: 1, reason: "no column has a value") }
        if let stamp, !stamp.isEmpty {
            line.append(LineReader.space)
            line += stamp
        }
        return line
    }
}
