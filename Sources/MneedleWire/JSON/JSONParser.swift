extension JSON {
    /// Reads one document, strictly: no comments, no trailing commas, no name twice in an object, no lone surrogates,
    /// no number beyond `Double`. At most `maximumDepth` arrays and objects may be nested.
    public static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, maximumDepth: Int = 32
    ) throws(JSONError) -> JSON {
        if let fault = TextFault.first(in: bytes, refusingControls: false) {
            throw JSONError(.malformed, column: fault.index + 1, fault.message)
        }
        var parser = JSONParser(bytes, maximumDepth: maximumDepth)
        let document = try parser.document()
        parser.skipSpace()
        guard parser.atEnd else { throw parser.malformed("nothing may follow the document") }
        return document
    }

    /// Reads one document from a text.
    public static func parse(_ text: String, maximumDepth: Int = 32) throws(JSONError) -> JSON {
        let bytes = Array(text.utf8)
        let result = bytes.withUnsafeBufferPointer { bytes in
            Result { () throws(JSONError) in try parse(bytes, maximumDepth: maximumDepth) }
        }
        return try result.get()
    }
}

/// A cursor that reads JSON values from bytes known to be valid UTF-8.
struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private(set) var index: Int
    private let maximumDepth: Int
    /// Whether ``RequestBounds`` hold.
    private let isRequest: Bool
    private var values = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>, from index: Int = 0, maximumDepth: Int, isRequest: Bool = false) {
        self.bytes = bytes
        self.index = index
        self.maximumDepth = maximumDepth
        self.isRequest = isRequest
    }

    var atEnd: Bool { index == bytes.count }

    /// The byte here, or 0 at the end: no value and no punctuation of JSON contains a NUL.
    private var current: UInt8 { index < bytes.count ? bytes[index] : 0 }

    func malformed(_ message: String, at position: Int? = nil) -> JSONError {
        JSONError(.malformed, column: (position ?? index) + 1, message)
    }

    mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: return
            }
        }
    }

    mutating func document() throws(JSONError) -> JSON {
        skipSpace()
        return try value(depth: 0)
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSON {
        switch current {
        case UInt8(ascii: "{"): return .object(try members(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try elements(depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: throw malformed(atEnd ? "a value is missing" : "a JSON value cannot start here")
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let start = index
        for offset in 0..<word.utf8CodeUnitCount {
            guard current == word.utf8Start[offset] else { throw malformed("expected '\(word)'", at: start) }
            index += 1
        }
        return value
    }

    // MARK: Arrays and objects

    private mutating func enter(_ depth: Int) throws(JSONError) {
        guard depth <= maximumDepth else {
            throw JSONError(.tooDeep, column: index + 1, "nested deeper than \(maximumDepth)")
        }
        index += 1
        skipSpace()
    }

    /// Steps over the comma or the closing bracket, and returns whether another element follows.
    private mutating func another(closing: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        let found = current
        guard found == UInt8(ascii: ",") || found == closing else {
            throw malformed("expected ',' or '\(Character(Unicode.Scalar(closing)))'")
        }
        index += 1
        skipSpace()
        return found != closing
    }

    /// Counts one member or element of a request.
    private mutating func count() throws(JSONError) {
        values += 1
        guard isRequest, values > RequestBounds.mostValues else { return }
        throw JSONError(.tooLarge(RequestBounds.tooMany), column: index + 1, "expected \(RequestBounds.tooMany)")
    }

    private mutating func elements(depth: Int) throws(JSONError) -> [JSON] {
        try enter(depth)
        guard current != UInt8(ascii: "]") else { index += 1; return [] }
        var elements: [JSON] = []
        repeat {
            try count()
            elements.append(try value(depth: depth))
        } while try another(closing: UInt8(ascii: "]"))
        return elements
    }

    private mutating func members(depth: Int) throws(JSONError) -> [JSON.Member] {
        try enter(depth)
        guard current != UInt8(ascii: "}") else { index += 1; return [] }
        var members: [JSON.Member] = []
        var names = UniqueNames()
        repeat {
            guard current == UInt8(ascii: "\"") else { throw malformed("a member's name in double quotes is missing") }
            let start = index
            try count()
            let name = try string()
            guard !isRequest || name.utf8.count <= RequestBounds.longestName else {
                throw JSONError(
                    .tooLarge(RequestBounds.tooLong), column: start + 1, "expected \(RequestBounds.tooLong)")
            }
            guard names.insert(name, after: members, \.name) else {
                throw JSONError(.duplicateName(name), column: start + 1, "'\(excerpt(name))' is given twice")
            }
            skipSpace()
            guard current == UInt8(ascii: ":") else { throw malformed("expected ':'") }
            index += 1
            skipSpace()
            members.append(JSON.Member(name, try value(depth: depth)))
        } while try another(closing: UInt8(ascii: "}"))
        return members
    }

    // MARK: Numbers

    private mutating func number() throws(JSONError) -> JSON {
        let start = index
        if current == UInt8(ascii: "-") { index += 1 }
        let firstDigit = index
        try digits()
        if bytes[firstDigit] == UInt8(ascii: "0"), index > firstDigit + 1 {
            throw malformed("a number has no leading zeros", at: firstDigit)
        }
        var isWhole = true
        if current == UInt8(ascii: ".") {
            isWhole = false
            index += 1
            try digits()
        }
        if current | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            index += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { index += 1 }
            try digits()
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isWhole, let whole = Int64(text) { return .integer(whole) }
        guard let number = Double(text), number.isFinite else {
            throw malformed("the number is out of range", at: start)
        }
        return .number(number)
    }

    private mutating func digits() throws(JSONError) {
        let start = index
        while UInt8(ascii: "0")...UInt8(ascii: "9") ~= current { index += 1 }
        if index == start { throw malformed("a digit is missing") }
    }

    // MARK: Strings

    /// Reads a string; the cursor stands on its opening quote.
    mutating func string() throws(JSONError) -> String {
        index += 1
        let start = index
        skipPlain()
        if current == UInt8(ascii: "\"") {
            defer { index += 1 }
            return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<index]), as: UTF8.self)
        }
        var text = Array(bytes[start..<index])
        while true {
            switch current {
            case UInt8(ascii: "\""):
                index += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                try escape(into: &text)
            default:
                throw malformed(atEnd ? "the closing quote is missing" : "a control character in a string")
            }
            let from = index
            skipPlain()
            text.append(contentsOf: bytes[from..<index])
        }
    }

    private mutating func skipPlain() {
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { return }
            index += 1
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
        let start = index
        index += 1
        let letter = current
        index += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            guard let scalar = try scalar() else { throw malformed("a lone surrogate", at: start) }
            text.append(contentsOf: UTF8.encode(scalar)!)  // Every scalar has a UTF-8 form.
        default: throw malformed("no such escape", at: start)
        }
    }

    /// The scalar of the `XXXX` here, with the low surrogate's `\uXXXX` where one belongs to it.
    private mutating func scalar() throws(JSONError) -> Unicode.Scalar? {
        let first = try hexadecimal()
        guard 0xD800...0xDBFF ~= first else { return Unicode.Scalar(first) }
        guard current == UInt8(ascii: "\\"), index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "u") else {
            return nil
        }
        index += 2
        let second = try hexadecimal()
        guard 0xDC00...0xDFFF ~= second else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt32 {
        var number: UInt32 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch current {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = current - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = current - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = current - UInt8(ascii: "A") + 10
            default: throw malformed("'\\u' needs four hexadecimal digits")
            }
            number = number << 4 | UInt32(digit)
            index += 1
        }
        return number
    }
}
