// This part reads values: arrays, inline tables, numbers, dates.
extension TOMLParser {
    /// - Parameter path: The path of the value, for the lines of the keys in it.
    mutating func value(depth: Int, _ path: String?) throws(TOMLError) -> JSON {
        guard depth < TOML.maximumDepth else {
            throw error("values lie more than \(TOML.maximumDepth) deep in one another")
        }
        switch byte {
        case UInt8(ascii: "\""):
            return .string(follows("\"\"\"") ? try multilineString(UInt8(ascii: "\"")) : try basicString())
        case UInt8(ascii: "'"):
            return .string(follows("'''") ? try multilineString(UInt8(ascii: "'")) : try literalString())
        case UInt8(ascii: "["): return try array(depth, path)
        case UInt8(ascii: "{"): return try inlineTable(depth, path)
        default: return try word()
        }
    }

    private mutating func array(_ depth: Int, _ path: String?) throws(TOMLError) -> JSON {
        at += 1
        var elements: [JSON] = []
        while true {
            try skipLines()
            if byte == UInt8(ascii: "]") { break }
            guard elements.count < TOML.maximumMembers else {
                throw error("a list has more than \(TOML.maximumMembers) elements")
            }
            // A value without keys needs no path for them.
            let hasKeys = byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[")
            let place = hasKeys ? path.map { "\($0)[\(elements.count)]" } : nil
            elements.append(try value(depth: depth + 1, place))
            try skipLines()
            if byte == UInt8(ascii: "]") { break }
            guard byte == UInt8(ascii: ",") else { throw error("expected ',' or ']' in the list, got \(found)") }
            at += 1
        }
        at += 1
        return .array(elements)
    }

    private mutating func inlineTable(_ depth: Int, _ path: String?) throws(TOMLError) -> JSON {
        note(path, at: at)
        at += 1
        let table = TOMLBranch(.defined, path)
        skipBlanks()
        while byte != UInt8(ascii: "}") {
            try assignment(in: table, depth: depth + 1)
            skipBlanks()
            if byte == UInt8(ascii: "}") { break }
            guard byte == UInt8(ascii: ",") else { throw error("expected ',' or '}' in the table, got \(found)") }
            at += 1
            skipBlanks()
            // Unlike an array, an inline table has no comma at its end.
            if byte == UInt8(ascii: "}") { throw error("expected a key after ',', got '}'") }
        }
        at += 1
        return .object(table.members)
    }

    // MARK: Words

    /// A truth value, number, date or time.
    private mutating func word() throws(TOMLError) -> JSON {
        let start = at
        var text = token()
        // A blank may stand between a date and a time.
        if text.utf8.count == 10, TOMLTime.isDateTime(text), byte == 32 {
            let end = at
            at += 1
            let time = token()
            if TOMLTime.isDateTime("\(text)T\(time)") { text += " " + time } else { at = end }
        }
        guard !text.isEmpty else { throw error("expected a value, got \(found)") }
        switch text {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "inf", "+inf", "-inf", "nan", "+nan", "-nan":
            throw error("'\(text)' is no number that can be used", at: start)
        default: break
        }
        if TOMLTime.isDateTime(text) || TOMLTime.isTime(text) { return .string(text) }
        guard let number = TOMLNumber.read(text) else {
            throw error("'\(text.prefix(40))' is no value; texts stand in quotes", at: start)
        }
        guard let value = number.value else { throw error("the number \(text.prefix(40)) is too large", at: start) }
        return value
    }

    private mutating func token() -> String {
        let start = at
        scan: while true {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"),
                UInt8(ascii: "."), UInt8(ascii: ":"):
                at += 1
            default: break scan
            }
        }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }
}

/// A number as TOML writes it.
enum TOMLNumber {
    /// The number; `nil` when it does not fit 64 bits.
    struct Reading {
        var value: JSON?
    }

    /// - Returns: `nil` when the text is no number.
    static func read(_ text: String) -> Reading? {
        let bytes = Array(text.utf8)
        for (prefix, radix) in [(UInt8(ascii: "x"), 16), (UInt8(ascii: "o"), 8), (UInt8(ascii: "b"), 2)]
        where bytes.count > 2 && bytes[0] == UInt8(ascii: "0") && bytes[1] == prefix {
            guard let end = digits(bytes, from: 2, radix: radix), end == bytes.count else { return nil }
            return Reading(value: Int64(plain(bytes[2...]), radix: radix).map(JSON.integer))
        }
        var at = 0
        if let first = bytes.first, first == UInt8(ascii: "+") || first == UInt8(ascii: "-") { at = 1 }
        let whole = at
        guard let end = digits(bytes, from: at, radix: 10) else { return nil }
        // A number has no zeros in front.
        guard bytes[whole] != UInt8(ascii: "0") || end == whole + 1 else { return nil }
        at = end
        if at == bytes.count { return Reading(value: Int64(plain(bytes[...])).map(JSON.integer)) }
        if bytes[at] == UInt8(ascii: ".") {
            guard let end = digits(bytes, from: at + 1, radix: 10) else { return nil }
            at = end
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
            guard let end = digits(bytes, from: at, radix: 10) else { return nil }
            at = end
        }
        guard at == bytes.count else { return nil }
        guard let number = Double(plain(bytes[...])), number.isFinite else { return Reading(value: Optional.none) }
        return Reading(value: .number(number))
    }

    /// The end of the digits, with single '_' between them, that begin at `start`; `nil` when there are none.
    private static func digits(_ bytes: [UInt8], from start: Int, radix: Int) -> Int? {
        var at = start
        func isDigit(_ index: Int) -> Bool {
            guard index < bytes.count else { return false }
            switch bytes[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): return Int(bytes[index] - UInt8(ascii: "0")) < radix
            case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): return radix == 16
            default: return false
            }
        }
        guard isDigit(at) else { return nil }
        while isDigit(at) || (at < bytes.count && bytes[at] == UInt8(ascii: "_") && isDigit(at + 1)) { at += 1 }
        return at
    }

    private static func plain(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
    }
}

/// Dates and times as TOML writes them.
enum TOMLTime {
    /// A date, or a date with a time and perhaps an offset.
    static func isDateTime(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count >= 10, let year = number(bytes, 0, 4), bytes[4] == UInt8(ascii: "-"),
            let month = number(bytes, 5, 2), bytes[7] == UInt8(ascii: "-"), let day = number(bytes, 8, 2),
            year >= 1, (1...12).contains(month), day >= 1, day <= days(year, month)
        else { return false }
        if bytes.count == 10 { return true }
        guard bytes[10] | 0x20 == UInt8(ascii: "t") || bytes[10] == 32 else { return false }
        guard let end = time(bytes, 11) else { return false }
        if end == bytes.count { return true }
        if bytes[end] | 0x20 == UInt8(ascii: "z") { return end + 1 == bytes.count }
        guard bytes[end] == UInt8(ascii: "+") || bytes[end] == UInt8(ascii: "-"), bytes.count == end + 6,
            let hour = number(bytes, end + 1, 2), bytes[end + 3] == UInt8(ascii: ":"),
            let minute = number(bytes, end + 4, 2)
        else { return false }
        return hour < 24 && minute < 60
    }

    /// A time alone.
    static func isTime(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return time(bytes, 0) == bytes.count
    }

    /// The end of the time of day that begins at `start`.
    private static func time(_ bytes: [UInt8], _ start: Int) -> Int? {
        guard bytes.count >= start + 8, let hour = number(bytes, start, 2), bytes[start + 2] == UInt8(ascii: ":"),
            let minute = number(bytes, start + 3, 2), bytes[start + 5] == UInt8(ascii: ":"),
            let second = number(bytes, start + 6, 2), hour < 24, minute < 60, second < 60
        else { return nil }
        var end = start + 8
        guard end < bytes.count, bytes[end] == UInt8(ascii: ".") else { return end }
        end += 1
        let fraction = end
        while end < bytes.count, (48...57).contains(bytes[end]) { end += 1 }
        return end > fraction ? end : nil
    }

    private static func number(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int? {
        guard bytes.count >= start + count else { return nil }
        var number = 0
        for byte in bytes[start..<start + count] {
            guard (48...57).contains(byte) else { return nil }
            number = number * 10 + Int(byte - 48)
        }
        return number
    }

    private static func days(_ year: Int, _ month: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
