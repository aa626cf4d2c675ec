/// One point of InfluxDB line protocol: `pen,device=pen-1 depth_mm=0.5,speed_hz=90i 1700000000000000000`.
struct Point: Equatable {
    /// Tags in their order.
    var tags: [(key: String, value: String)] = []
    /// Numeric fields; texts are counted only, for there is nothing to plot in them.
    var fields: [(key: String, value: Double)] = []
    /// Nanoseconds since 1970; `nil` where the line has none.
    var time: Int64?

    func tag(_ key: String) -> String? { tags.first { $0.key == key }?.value }

    static func == (left: Point, right: Point) -> Bool {
        left.time == right.time && left.tags.elementsEqual(right.tags) { $0 == $1 }
            && left.fields.elementsEqual(right.fields) { $0 == $1 }
    }
}

/// Why a line is no point.
struct PointError: Error, Equatable {
    /// Counted from 1.
    var column: Int
    var reason: String
}

/// Parses one line, by the rules of line protocol: backslash escapes in names and tags, quoted strings, `i` and `u`
/// integers, booleans, an optional timestamp.
struct LineParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    /// - Returns: `nil` for blank lines and comments.
    static func parse(_ line: UnsafeBufferPointer<UInt8>) throws(PointError) -> Point? {
        var parser = LineParser(bytes: line)
        return try parser.point()
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private static let comma = UInt8(ascii: ",")
    private static let space = UInt8(ascii: " ")
    private static let equals = UInt8(ascii: "=")
    private static let backslash = UInt8(ascii: "\\")
    private static let quote = UInt8(ascii: "\"")

    private mutating func point() throws(PointError) -> Point? {
        skipBlanks()
        guard let first = peek, first != UInt8(ascii: "#") else { return nil }
        var point = Point()
        guard !name(until: [LineParser.comma, LineParser.space]).isEmpty else {
            throw fail("a measurement's name is missing")
        }
        while peek == LineParser.comma {
            position += 1
            point.tags.append(try tag())
        }
        guard peek == LineParser.space else { throw fail("fields are missing after the measurement") }
        skipBlanks()
        repeat {
            if peek == LineParser.comma { position += 1 }
            if let field = try field() { point.fields.append(field) }
        } while peek == LineParser.comma
        skipBlanks()
        if peek != nil { point.time = try timestamp() }
        skipBlanks()
        guard peek == nil else { throw fail("nothing may follow the timestamp") }
        return point
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() { while peek == LineParser.space { position += 1 } }

    private func fail(_ reason: String) -> PointError { PointError(column: position + 1, reason: reason) }

    /// A name up to an unescaped delimiter.
    private mutating func name(until delimiters: [UInt8]) -> String {
        var text: [UInt8] = []
        while let byte = peek, !delimiters.contains(byte) {
            position += 1
            if byte == LineParser.backslash, let next = peek,
                next == LineParser.comma || next == LineParser.space || next == LineParser.equals
            {
                text.append(next)
                position += 1
            } else {
                text.append(byte)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func tag() throws(PointError) -> (key: String, value: String) {
        let key = name(until: [LineParser.equals, LineParser.comma, LineParser.space])
        guard !key.isEmpty, peek == LineParser.equals else { throw fail("a tag needs key=value") }
        position += 1
        let value = name(until: [LineParser.comma, LineParser.space])
        guard !value.isEmpty else { throw fail("tag '\(key)' has no value") }
        return (key, value)
    }

    /// - Returns: `nil` for a string, which is kept nowhere.
    private mutating func field() throws(PointError) -> (key: String, value: Double)? {
        let key = name(until: [LineParser.equals, LineParser.comma, LineParser.space])
        guard !key.isEmpty, peek == LineParser.equals else { throw fail("a field needs key=value") }
        position += 1
        if peek == LineParser.quote {
            try skipString()
            return nil
        }
        let start = position
        while let byte = peek, byte != LineParser.comma, byte != LineParser.space { position += 1 }
        guard let value = LineParser.number(bytes[start..<position]) else {
            position = start
            throw fail("field '\(key)' is no number, boolean or quoted string")
        }
        return (key, value)
    }

    private mutating func skipString() throws(PointError) {
        position += 1
        while let byte = peek {
            position += 1
            if byte == LineParser.backslash, peek != nil { position += 1 }
            if byte == LineParser.quote { return }
        }
        throw fail("a string is not closed")
    }

    private static func number(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Double? {
        let text = String(decoding: bytes, as: UTF8.self)
        switch text {
        case "t", "T", "true", "True", "TRUE": return 1
        case "f", "F", "false", "False", "FALSE": return 0
        default: break
        }
        if text.hasSuffix("i") { return Int64(text.dropLast()).map { Double($0) } }
        if text.hasSuffix("u") { return UInt64(text.dropLast()).map { Double($0) } }
        // As the protocol writes floats: no "inf", "nan" or hexadecimal, which Swift would take.
        guard bytes.allSatisfy({ ($0 >= 48 && $0 <= 57) || "+-.eE".utf8.contains($0) }), let number = Double(text),
            number.isFinite
        else { return nil }
        return number
    }

    private mutating func timestamp() throws(PointError) -> Int64 {
        let start = position
        while let byte = peek, byte != LineParser.space { position += 1 }
        guard let time = Int64(String(decoding: bytes[start..<position], as: UTF8.self)) else {
            position = start
            throw fail("the timestamp is no whole number of nanoseconds")
        }
        return time
    }
}
