/// A reader of one line of InfluxDB line protocol, `pen,device=pen-1 depth_mm=0.5,speed_hz=90i 1700000000000000000`: backslash
/// escapes in names and tags, quoted strings, `i` and `u` integers, booleans, an optional timestamp, comments.
///
/// Most lines of a stream differ from the one before only in their values. ``match(_:_:)`` reads such a line against the
/// layout of an earlier one; ``layout()`` reads any line, and finds the fault of a bad one or the layout of a good one.
public struct LineReader {
    private let start: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>
    private var next: UnsafePointer<UInt8>
    /// The time of the point just matched, in the unit of its stream; `nil` where the line has none.
    public private(set) var time: Int64?

    /// - Parameter line: The line without its LF; it has to stay in its place in memory while it is read.
    public init(_ line: UnsafeBufferPointer<UInt8>) {
        // An empty buffer may have no address; this one stands in and is never read.
        start = line.baseAddress ?? UnsafePointer(bitPattern: 1)!
        end = start + line.count
        next = start
    }

    // No device sends more. These limits bound the time that any line can take.

    /// The most fields of one point.
    public static let mostFields = 256
    static let mostTags = 64
    static let longestName = 256
    static let longestSeries = 4096

    static let comma = UInt8(ascii: ",")
    static let space = UInt8(ascii: " ")
    static let equals = UInt8(ascii: "=")
    static let backslash = UInt8(ascii: "\\")
    static let quote = UInt8(ascii: "\"")

    private var isAtEnd: Bool { next == end }
    private func sees(_ byte: UInt8) -> Bool { next < end && next.pointee == byte }
    private mutating func skipBlanks() { while sees(LineReader.space) { next += 1 } }

    /// Whether the line says nothing: it is blank, or a comment.
    public mutating func isEmpty() -> Bool {
        skipBlanks()
        return isAtEnd || next.pointee == UInt8(ascii: "#")
    }

    // MARK: A line like the one before

    /// Reads the line if it has exactly the layout's tags and fields, of the same kinds and in the same order.
    /// - Parameter samples: Room for the values of all fields of the layout, which it receives.
    /// - Returns: Whether the line matches; if not, it may be any other line, good or bad.
    public mutating func match(_ layout: Layout, _ samples: UnsafeMutablePointer<Sample>) -> Bool {
        next = start
        time = nil
        skipBlanks()
        guard skip(layout.pieces[0]), sees(LineReader.space) else { return false }
        skipBlanks()
        for index in 1..<layout.pieces.count {
            if index > 1 {
                guard sees(LineReader.comma) else { return false }
                next += 1
            }
            let piece = layout.pieces[index]
            guard skip(piece), let sample = value(), sample.kind == piece.kind else { return false }
            samples[index - 1] = sample
        }
        guard isAtEnd || next.pointee == LineReader.space else { return false }
        skipBlanks()
        if !isAtEnd {
            time = timestamp()
            guard time != nil else { return false }
            skipBlanks()
        }
        return isAtEnd
    }

    private mutating func skip(_ piece: Layout.Piece) -> Bool {
        guard end - next >= piece.count else { return false }
        for index in 0..<piece.count where piece.start[index] != next[index] { return false }
        next += piece.count
        return true
    }

    // MARK: Any line

    /// Reads the whole line, whatever its layout.
    /// - Throws: The fault of the line and its place.
    public mutating func layout() throws(PointError) -> Layout {
        next = start
        skipBlanks()
        let (series, tags) = try series()
        guard sees(LineReader.space) else { throw fail("fields are missing after the measurement") }
        skipBlanks()
        var fields: [Layout.Field] = []
        var keys: [UnsafeBufferPointer<UInt8>] = []
        // Names are compared by their bytes: comparing texts of combining characters takes far longer.
        var names: Set<[UInt8]> = []
        repeat {
            if sees(LineReader.comma) { next += 1 }
            let start = next
            let name = name(until: LineReader.equals, LineReader.comma, LineReader.space)
            guard !name.isEmpty, sees(LineReader.equals) else { throw fail("a field needs key=value") }
            try checkLength(of: name)
            guard fields.count < LineReader.mostFields else {
                throw fail("over \(LineReader.mostFields) fields in one point")
            }
            guard names.insert(Array(name.utf8)).inserted else {
                next = start
                throw fail("field '\(name)' stands there twice")
            }
            next += 1
            keys.append(UnsafeBufferPointer(start: start, count: next - start))
            fields.append(Layout.Field(name: name, kind: try kind(of: name)))
        } while sees(LineReader.comma)
        skipBlanks()
        if !isAtEnd {
            let start = next
            guard timestamp() != nil else {
                next = start
                throw fail("the timestamp is no whole number")
            }
            skipBlanks()
        }
        guard isAtEnd else { throw fail("nothing may follow the timestamp") }
        return Layout(series: series, tags: tags, fields: fields, keys: keys)
    }

    private func fail(_ reason: String) -> PointError { PointError(column: next - start + 1, reason: reason) }

    /// Reads the measurement and the tags.
    private mutating func series() throws(PointError) -> (UnsafeBufferPointer<UInt8>, tags: [String: String]) {
        let seriesStart = next
        guard !name(until: LineReader.comma, LineReader.space).isEmpty else {
            throw fail("a measurement's name is missing")
        }
        var tags: [String: String] = [:]
        while sees(LineReader.comma) {
            next += 1
            let start = next
            let key = name(until: LineReader.equals, LineReader.comma, LineReader.space)
            guard !key.isEmpty, sees(LineReader.equals) else { throw fail("a tag needs key=value") }
            try checkLength(of: key)
            guard tags.count < LineReader.mostTags else {
                throw fail("over \(LineReader.mostTags) tags in one point")
            }
            next += 1
            let value = name(until: LineReader.comma, LineReader.space)
            guard !value.isEmpty else { throw fail("tag '\(key)' has no value") }
            guard tags.updateValue(value, forKey: key) == nil else {
                next = start
                throw fail("tag '\(key)' stands there twice")
            }
        }
        guard next - seriesStart <= LineReader.longestSeries else {
            throw fail("measurement and tags are longer than \(LineReader.longestSeries) bytes")
        }
        return (UnsafeBufferPointer(start: seriesStart, count: next - seriesStart), tags)
    }

    private func checkLength(of name: String) throws(PointError) {
        guard name.utf8.count > LineReader.longestName else { return }
        throw fail("a name is longer than \(LineReader.longestName) bytes")
    }

    /// A name up to an unescaped delimiter, without its escapes.
    private mutating func name(until delimiters: UInt8...) -> String {
        let start = next
        while !isAtEnd, !delimiters.contains(next.pointee) {
            let isEscape = next.pointee == LineReader.backslash && end - next > 1 && LineReader.isSpecial(next[1])
            next += isEscape ? 2 : 1
        }
        return LineReader.unescaped(UnsafeBufferPointer(start: start, count: next - start), LineReader.isSpecial)
    }

    static func isSpecial(_ byte: UInt8) -> Bool { byte == comma || byte == space || byte == equals }

    /// The text without the backslashes that escape a special byte; other backslashes stand for themselves.
    static func unescaped(_ text: UnsafeBufferPointer<UInt8>, _ isSpecial: (UInt8) -> Bool) -> String {
        var bytes: [UInt8] = []
        var isEscaped = false
        for (index, byte) in text.enumerated() {
            isEscaped = !isEscaped && byte == backslash && index + 1 < text.count && isSpecial(text[index + 1])
            if !isEscaped { bytes.append(byte) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func kind(of field: String) throws(PointError) -> Sample.Kind {
        let start = next
        if let sample = value(), isAtEnd || next.pointee == LineReader.comma || next.pointee == LineReader.space {
            return sample.kind
        }
        next = start
        if sees(LineReader.quote) {
            next = end
            throw fail("the string of field '\(field)' is not closed, or something follows it")
        }
        throw fail(
            "field '\(field)' is no number (0.5, 5i, 5u), boolean (true, false) or quoted string that fits in 64 bits")
    }

    // MARK: Values

    /// Reads a value up to its delimiter, which the caller checks; `nil` where there is no value.
    private mutating func value() -> Sample? {
        guard !isAtEnd else { return nil }
        switch next.pointee {
        case LineReader.quote: return text()
        case UInt8(ascii: "t"), UInt8(ascii: "T"), UInt8(ascii: "f"), UInt8(ascii: "F"): return boolean()
        default: return number()
        }
    }

    private mutating func number() -> Sample? {
        let numberStart = next
        let isNegative = next.pointee == UInt8(ascii: "-")
        if isNegative { next += 1 }
        var mantissa: UInt64 = 0
        var digits = 0
        var pointAt = -1
        while next < end {
            let digit = next.pointee &- UInt8(ascii: "0")
            if digit < 10 {
                // More than 19 digits may not fit; such a number is read once more below.
                mantissa = mantissa &* 10 &+ UInt64(digit)
                digits += 1
            } else if next.pointee == UInt8(ascii: "."), pointAt < 0 {
                pointAt = digits
            } else {
                break
            }
            next += 1
        }
        guard digits > 0 else { return nil }
        if pointAt < 0, next < end, next.pointee == UInt8(ascii: "i") || next.pointee == UInt8(ascii: "u") {
            return integer(mantissa, digits, isNegative, numberStart)
        }
        let decimals = pointAt < 0 ? 0 : digits - pointAt
        if next < end, next.pointee | 0x20 == UInt8(ascii: "e") { return exponent(numberStart) }
        if digits <= 18, mantissa <= Sample.largestMantissa, decimals <= Sample.mostDecimals {
            return Sample(
                kind: .float, decimals: UInt8(decimals), bits: isNegative ? -Int64(mantissa) : Int64(mantissa))
        }
        return binary(numberStart)
    }

    private mutating func integer(
        _ magnitude: UInt64, _ digits: Int, _ isNegative: Bool, _ numberStart: UnsafePointer<UInt8>
    ) -> Sample? {
        let isUnsigned = next.pointee == UInt8(ascii: "u")
        let text = UnsafeBufferPointer(start: numberStart, count: next - numberStart)
        next += 1
        if isUnsigned {
            guard !isNegative else { return nil }
            guard let number = digits < 19 ? magnitude : UInt64(String(decoding: text, as: UTF8.self)) else {
                return nil
            }
            return Sample(kind: .unsigned, decimals: 0, bits: Int64(bitPattern: number))
        }
        if digits < 19 {
            return Sample(kind: .integer, decimals: 0, bits: isNegative ? -Int64(magnitude) : Int64(magnitude))
        }
        return Int64(String(decoding: text, as: UTF8.self)).map { Sample(kind: .integer, decimals: 0, bits: $0) }
    }

    private mutating func exponent(_ numberStart: UnsafePointer<UInt8>) -> Sample? {
        next += 1
        if sees(UInt8(ascii: "-")) || sees(UInt8(ascii: "+")) { next += 1 }
        let digitsStart = next
        while next < end, next.pointee &- UInt8(ascii: "0") < 10 { next += 1 }
        return next > digitsStart ? binary(numberStart) : nil
    }

    /// A number that is kept as the `Double` nearest to it.
    private func binary(_ numberStart: UnsafePointer<UInt8>) -> Sample? {
        let text = String(decoding: UnsafeBufferPointer(start: numberStart, count: next - numberStart), as: UTF8.self)
        guard let number = Double(text), number.isFinite else { return nil }
        // A zero has no sign here.
        return Sample(
            kind: .float, decimals: Sample.binary, bits: Int64(bitPattern: (number == 0 ? 0 : number).bitPattern))
    }

    private static let booleans: [(StaticString, Int64)] = [
        ("true", 1), ("True", 1), ("TRUE", 1), ("t", 1), ("T", 1), ("false", 0), ("False", 0), ("FALSE", 0), ("f", 0),
        ("F", 0),
    ]

    private mutating func boolean() -> Sample? {
        for (word, bits) in LineReader.booleans where end - next >= word.utf8CodeUnitCount {
            let isEqual = (0..<word.utf8CodeUnitCount).allSatisfy { word.utf8Start[$0] == next[$0] }
            guard isEqual else { continue }
            next += word.utf8CodeUnitCount
            return Sample(kind: .boolean, decimals: 0, bits: bits)
        }
        return nil
    }

    private mutating func text() -> Sample? {
        next += 1
        let textStart = next
        while !isAtEnd, next.pointee != LineReader.quote {
            let isEscape = next.pointee == LineReader.backslash && end - next > 1 && LineReader.isQuotable(next[1])
            next += isEscape ? 2 : 1
        }
        guard sees(LineReader.quote) else { return nil }
        let sample = Sample(
            kind: .text, decimals: 0, bits: Int64(textStart - start) << 32 | Int64(next - textStart))
        next += 1
        return sample
    }

    /// Whether a backslash escapes this byte in a quoted string.
    static func isQuotable(_ byte: UInt8) -> Bool { byte == quote || byte == backslash }

    private mutating func timestamp() -> Int64? {
        let isNegative = sees(UInt8(ascii: "-"))
        if isNegative { next += 1 }
        var number: UInt64 = 0
        let digitsStart = next
        while next < end {
            let digit = next.pointee &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            number = number &* 10 &+ UInt64(digit)
            next += 1
        }
        // Nineteen digits fit in 64 bits without a sign.
        guard 1...19 ~= next - digitsStart, number <= UInt64(Int64.max),
            isAtEnd || next.pointee == LineReader.space
        else { return nil }
        return isNegative ? -Int64(number) : Int64(number)
    }
}
