#if canImport(MneedleSeries)
@testable import MneedleSeries
#endif

/// A point as the slow, obvious parser sees it, to hold the fast one against.
struct ObviousPoint: Equatable {
    var series: String
    var device: String?
    var names: [String]
    /// Kind and text or number of each value.
    var values: [String]
    var time: Int64?
}

/// Line protocol by its rules, one after the other, on characters and copies of them.
enum ObviousParser {
    /// - Returns: `nil` for a line that is no point; an empty series for one that says nothing.
    static func parse(_ line: [UInt8]) -> ObviousPoint? {
        let text = Array(line.drop { $0 == 32 })
        if text.isEmpty || text[0] == UInt8(ascii: "#") { return ObviousPoint(series: "", names: [], values: []) }
        // 1. Three parts between unescaped, unquoted blanks.
        var parts: [[UInt8]] = [[]]
        var (isQuoted, index) = (false, 0)
        // Behind an equals sign that is not escaped.
        var isAtValue = false
        while index < text.count {
            let wasAtValue = isAtValue
            isAtValue = false
            let byte = text[index]
            let next = index + 1 < text.count ? text[index + 1] : 0
            if isQuoted, byte == 92, next == 34 || next == 92 {
                parts[parts.count - 1] += [byte, next]
                index += 1
            } else if !isQuoted, byte == 92, [32, 44, 61].contains(next) {
                parts[parts.count - 1] += [byte, next]
                index += 1
            } else if byte == 34, parts.count == 2, isQuoted || wasAtValue {
                // A quote opens a string only as the first byte of a field's value.
                isQuoted.toggle()
                parts[parts.count - 1].append(byte)
            } else if byte == 32, !isQuoted {
                if parts.last != [] { parts.append([]) }
            } else {
                isAtValue = byte == 61
                parts[parts.count - 1].append(byte)
            }
            index += 1
        }
        if parts.last == [] { parts.removeLast() }
        guard !isQuoted, parts.count == 2 || parts.count == 3 else { return nil }
        // 2. Measurement and tags.
        let tags = split(parts[0], at: 44, quotes: false)
        guard !tags[0].isEmpty, tags.count <= 65, parts[0].count <= 4096 else { return nil }
        var known: [String: String] = [:]
        for tag in tags.dropFirst() {
            guard let equals = firstPlain(61, in: tag) else { return nil }
            let (key, value) = (unescape(Array(tag[..<equals])), unescape(Array(tag[(equals + 1)...])))
            guard 1...256 ~= key.utf8.count, !value.isEmpty, known.updateValue(value, forKey: key) == nil else {
                return nil
            }
        }
        // 3. Fields.
        var (names, values): ([String], [String]) = ([], [])
        for field in split(parts[1], at: 44, quotes: true) {
            guard let equals = firstPlain(61, in: field) else { return nil }
            let name = unescape(Array(field[..<equals]))
            guard 1...256 ~= name.utf8.count, names.count < 256,
                !names.contains(where: { $0.utf8.elementsEqual(name.utf8) }),
                let value = value(Array(field[(equals + 1)...]))
            else {
                return nil
            }
            names.append(name)
            values.append(value)
        }
        // 4. The time.
        var time: Int64?
        if parts.count == 3 {
            let stamp = String(decoding: parts[2], as: UTF8.self)
            guard stamp.first != "+", stamp.utf8.count <= 20, let number = Int64(stamp), number != .min,
                stamp.utf8.count - (stamp.first == "-" ? 1 : 0) <= 19
            else { return nil }
            time = number
        }
        return ObviousPoint(
            series: String(decoding: parts[0], as: UTF8.self), device: known["device"], names: names, values: values,
            time: time)
    }

    private static func firstPlain(_ byte: UInt8, in text: [UInt8]) -> Int? {
        var index = 0
        while index < text.count {
            if text[index] == byte { return index }
            let isEscape = text[index] == 92 && index + 1 < text.count && [32, 44, 61].contains(text[index + 1])
            index += isEscape ? 2 : 1
        }
        return nil
    }

    private static func split(_ text: [UInt8], at byte: UInt8, quotes: Bool) -> [[UInt8]] {
        var parts: [[UInt8]] = [[]]
        var (isQuoted, index) = (false, 0)
        var isAtValue = false
        while index < text.count {
            let wasAtValue = isAtValue
            isAtValue = false
            let next = index + 1 < text.count ? text[index + 1] : 0
            let isEscape = text[index] == 92 && (isQuoted ? [34, 92] : [32, 44, 61]).contains(next)
            if isEscape {
                parts[parts.count - 1] += [text[index], next]
                index += 1
            } else if text[index] == byte, !isQuoted {
                parts.append([])
            } else {
                if quotes, text[index] == 34, isQuoted || wasAtValue { isQuoted.toggle() }
                isAtValue = text[index] == 61
                parts[parts.count - 1].append(text[index])
            }
            index += 1
        }
        return parts
    }

    private static func unescape(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == 92, index + 1 < bytes.count, [32, 44, 61].contains(bytes[index + 1]) { index += 1 }
            text.append(bytes[index])
            index += 1
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func value(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        if ["t", "T", "true", "True", "TRUE"].contains(text) { return "boolean true" }
        if ["f", "F", "false", "False", "FALSE"].contains(text) { return "boolean false" }
        if bytes.first == 34 {
            var (inner, index): ([UInt8], Int) = ([], 1)
            while index < bytes.count {
                if bytes[index] == 92, index + 1 < bytes.count, bytes[index + 1] == 34 || bytes[index + 1] == 92 {
                    inner.append(bytes[index + 1])
                    index += 2
                } else if bytes[index] == 34 {
                    return index == bytes.count - 1 ? "text " + String(decoding: inner, as: UTF8.self) : nil
                } else {
                    inner.append(bytes[index])
                    index += 1
                }
            }
            return nil
        }
        let digits = Set("0123456789".utf8)
        guard bytes.first != 43, bytes.contains(where: digits.contains) else { return nil }
        if text.hasSuffix("i") { return Int64(text.dropLast()).map { "integer \($0)" } }
        if text.hasSuffix("u") { return text.hasPrefix("-") ? nil : UInt64(text.dropLast()).map { "unsigned \($0)" } }
        guard bytes.allSatisfy({ digits.contains($0) || "+-.eE".utf8.contains($0) }),
            // Swift reads no number that begins or ends with its point.
            let number = Double(pointed(text)), number.isFinite
        else { return nil }
        return "float \(number == 0 ? 0 : number)"
    }

    private static func pointed(_ text: String) -> String {
        guard let point = text.firstIndex(of: ".") else { return text }
        let before = text[..<point]
        let after = text[text.index(after: point)...]
        let whole = before.isEmpty || before == "-" ? before + "0" : before
        let exponent = after.firstIndex { $0 == "e" || $0 == "E" }
        let fraction = after[..<(exponent ?? after.endIndex)]
        guard !(before.drop { $0 == "-" }.isEmpty && fraction.isEmpty) else { return "none" }
        return whole + "." + (fraction.isEmpty ? "0" : fraction) + after[(exponent ?? after.endIndex)...]
    }
}

/// The same of the fast parser, read twice: for its layout, then against that.
func fastPoint(_ line: [UInt8]) throws(PointError) -> ObviousPoint? {
    // Typed throws do not go through closures of the standard library.
    let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: line.count)
    defer { bytes.deallocate() }
    _ = bytes.initialize(from: line)
    var reader = LineReader(UnsafeBufferPointer(bytes))
    if reader.isEmpty() { return ObviousPoint(series: "", names: [], values: []) }
    let layout = try reader.layout()
    let samples = UnsafeMutablePointer<Sample>.allocate(capacity: layout.fields.count)
    defer { samples.deallocate() }
    guard reader.match(layout, samples) else { return nil }
    let points = Points(layout.fields)
    points.append(0, samples, UnsafeBufferPointer(bytes))
    return ObviousPoint(
        series: layout.series, device: layout.tags["device"], names: layout.fields.map(\.name),
        values: points.columns.map { column in
            column.kind == .float
                ? "float \(column.number(at: 0))" : "\(column.kind) \(column.plainText(at: 0))"
        }, time: reader.time)
}
