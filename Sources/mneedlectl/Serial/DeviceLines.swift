/// Turns a device's lines into line protocol that names the device, with times in nanoseconds.
struct DeviceLines {
    /// The error of a line of columns that cannot be read: the reason, without the line.
    struct Bad: Error { let reason: String }

    private let tag: [UInt8]
    private let columns: DeviceColumns?
    /// The zeros that turn a time in the device's unit into nanoseconds.
    private let zeros: [UInt8]

    /// - Parameter zeros: The number of zeros that turn the device's times into nanoseconds.
    init(device: String, columns: DeviceColumns?, zeros: Int) {
        tag = Array(",device=\(device)".utf8)
        self.columns = columns
        self.zeros = [UInt8](repeating: UInt8(ascii: "0"), count: zeros)
    }

    /// - Parameter line: The line without its end.
    /// - Returns: A line of line protocol without its end; `nil` for blank lines and comments.
    func point(_ line: [UInt8]) throws(Bad) -> [UInt8]? {
        guard let first = line.first(where: { $0 != Mark.space }), first != UInt8(ascii: "#") else { return nil }
        return if let columns { try columns.point(line, tag, zeros) } else { named(line) }
    }

    /// The line with the tag, unless it has one, and with its time in nanoseconds, if it has one. The daemon rejects and counts
    /// a line that is no point.
    private func named(_ line: [UInt8]) -> [UInt8] {
        var (at, nameEnd, isNamed) = (0, nil as Int?, false)
        while at < line.count, line[at] != Mark.space {
            if line[at] == Mark.comma {
                nameEnd = nameEnd ?? at
                isNamed = isNamed || line[at...].starts(with: Mark.deviceTag)
            }
            at += Mark.isEscape(line, at) ? 2 : 1
        }
        let seriesEnd = min(at, line.count)
        let timeStart = endOfFields(line, from: seriesEnd + 1)
        let name = line[..<(nameEnd ?? seriesEnd)]
        let time = line[min(timeStart, line.count)...].filter { $0 != Mark.space }
        var point = name + (isNamed ? [] : tag) + line[name.endIndex..<min(timeStart, line.count)]
        if !time.isEmpty { point += [Mark.space] + time + zeros }
        return Array(point)
    }

    /// The end of the fields: a blank that is neither escaped nor within quotes.
    private func endOfFields(_ line: [UInt8], from start: Int) -> Int {
        var (at, isQuoted) = (start, false)
        while at < line.count {
            if isQuoted {
                if line[at] == Mark.backslash { at += 1 } else if line[at] == Mark.quote { isQuoted = false }
                at += 1
                continue
            }
            if line[at] == Mark.space { return at }
            if line[at] == Mark.quote { isQuoted = true }
            at += Mark.isEscape(line, at) ? 2 : 1
        }
        return line.count
    }
}

/// The columns of a device's lines: `0.48;90;;31.5` with the columns depth_mm, speed_hz, -, temperature_c.
struct DeviceColumns {
    static let time = "time"
    static let none = "-"

    private let measurement: [UInt8]
    /// Each column's field with its `=`; `nil` for the time and for columns that are left out.
    private let keys: [[UInt8]?]
    private let timeColumn: Int?
    private let separator: UInt8

    init(measurement: String, names: [String], separator: UInt8) {
        self.measurement = Array(measurement.utf8)
        timeColumn = names.firstIndex(of: DeviceColumns.time)
        keys = names.map { name in
            guard name != DeviceColumns.time, name != DeviceColumns.none else { return nil }
            return Array(name.utf8).flatMap { Mark.isSpecial($0) ? [Mark.backslash, $0] : [$0] } + [Mark.equals]
        }
        self.separator = separator
    }

    func point(_ line: [UInt8], _ tag: [UInt8], _ zeros: [UInt8]) throws(DeviceLines.Bad) -> [UInt8] {
        let values = line.split(separator: separator, omittingEmptySubsequences: false).map(DeviceColumns.trimmed)
        guard values.count == keys.count else {
            throw DeviceLines.Bad(reason: "expected \(keys.count) columns, got \(values.count)")
        }
        var fields: [UInt8] = []
        for (index, (key, value)) in zip(keys, values).enumerated() {
            guard let key, !value.isEmpty else { continue }
            // A blank or a comma would end the value and begin something else.
            guard !value.contains(where: Mark.isSpecial) else {
                throw DeviceLines.Bad(reason: "column \(index + 1) is no number or boolean")
            }
            fields += (fields.isEmpty ? [] : [Mark.comma]) + key + value
        }
        guard !fields.isEmpty else { throw DeviceLines.Bad(reason: "no column has a value") }
        var point = measurement + tag + [Mark.space] + fields
        if let timeColumn, !values[timeColumn].isEmpty { point += [Mark.space] + values[timeColumn] + zeros }
        return point
    }

    private static func trimmed(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var value = value.drop { $0 == Mark.space }
        while value.last == Mark.space { value = value.dropLast() }
        return value
    }
}

/// The bytes that line protocol gives a meaning.
private enum Mark {
    static let comma = UInt8(ascii: ",")
    static let space = UInt8(ascii: " ")
    static let equals = UInt8(ascii: "=")
    static let backslash = UInt8(ascii: "\\")
    static let quote = UInt8(ascii: "\"")
    static let deviceTag = Array(",device=".utf8)

    static func isSpecial(_ byte: UInt8) -> Bool { byte == comma || byte == space || byte == equals }

    static func isEscape(_ line: [UInt8], _ at: Int) -> Bool {
        line[at] == backslash && at + 1 < line.count && isSpecial(line[at + 1])
    }
}
