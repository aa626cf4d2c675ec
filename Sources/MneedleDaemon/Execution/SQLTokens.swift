/// Cuts a statement into the words and signs of SQL. Comments and white space are left out.
struct SQLTokens {
    /// A word or a sign.
    enum Token: Equatable {
        /// A keyword or a name, in lower case.
        case word(String)
        /// A quoted token, by the quote that it begins with: `'` is text, `x` is bytes, all else is a name.
        case quoted(String)
        case number
        /// A place for a value, with the characters after its sign, which portable SQL does not have: `?`, `?1`, `:name`.
        case place(String)
        /// An operator or a bracket; operators of two signs are one.
        case sign(String)
    }

    private let bytes: [UInt8]
    private var position = 0

    /// Cuts a statement; a quote that does not end goes on to its end.
    static func of(_ sql: String) -> [Token] {
        var cutter = SQLTokens(bytes: Array(sql.utf8))
        var tokens: [Token] = []
        while let token = cutter.next() { tokens.append(token) }
        return tokens
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func next() -> Token? {
        skipSpaces()
        guard position < bytes.count else { return nil }
        switch bytes[position] {
        case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"): return quoted(until: bytes[position])
        case UInt8(ascii: "["): return quoted(until: UInt8(ascii: "]"))
        case UInt8(ascii: "?"), UInt8(ascii: "$"), UInt8(ascii: "@"): return place()
        case UInt8(ascii: ":") where !stands("::"): return place()
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            _ = take { SQLTokens.isName($0) || $0 == UInt8(ascii: ".") }
            return .number
        case let first where SQLTokens.isName(first):
            let word = take(while: SQLTokens.isName).lowercased()
            // x'00' is no name beside a text.
            guard word == "x", stands("'") else { return .word(word) }
            _ = quoted(until: UInt8(ascii: "'"))
            return .quoted("x")
        default:
            let length = SQLTokens.operators.first(where: stands)?.utf8.count ?? 1
            defer { position += length }
            return .sign(String(decoding: bytes[position..<position + length], as: UTF8.self))
        }
    }

    /// The operators of more than one sign.
    private static let operators = ["->>", "->", "::", "==", "||", "<>", "!=", "<=", ">=", "<<", ">>"]

    /// Whether a byte belongs to a name. Letters of other languages are several bytes, each of which is above ASCII.
    private static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    private func stands(_ text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

    private mutating func skipSpaces() {
        while position < bytes.count {
            if stands("--") {
                position = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            } else if stands("/*") {
                while position < bytes.count, !stands("*/") { position += 1 }
                position = min(position + 2, bytes.count)
            } else if bytes[position] <= UInt8(ascii: " ") {
                position += 1
            } else {
                return
            }
        }
    }

    private mutating func take(while isPart: (UInt8) -> Bool) -> String {
        let part = bytes[position...].prefix(while: isPart)
        position = part.endIndex
        return String(decoding: part, as: UTF8.self)
    }

    private mutating func place() -> Token {
        let sign = String(decoding: bytes[position...position], as: UTF8.self)
        position += 1
        return .place(sign + take(while: SQLTokens.isName))
    }

    /// The quoted text up to `end`. A quote within it is written twice.
    private mutating func quoted(until end: UInt8) -> Token {
        let first = String(decoding: bytes[position...position], as: UTF8.self)
        position += 1
        while position < bytes.count {
            position += 1
            guard bytes[position - 1] == end else { continue }
            guard position < bytes.count, bytes[position] == end else { break }
            position += 1
        }
        return .quoted(first)
    }
}
