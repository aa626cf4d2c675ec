// This part reads strings: basic ones with escapes, literal ones without, and both over several lines.
extension TOMLParser {
    /// `"…"` on one line.
    mutating func basicString() throws(TOMLError) -> String {
        let start = at
        at += 1
        var text: [UInt8] = []
        while byte != UInt8(ascii: "\"") {
            try requireText(start)
            if byte == UInt8(ascii: "\\") { try escape(into: &text) } else { take(into: &text) }
        }
        at += 1
        return String(decoding: text, as: UTF8.self)
    }

    /// `'…'` on one line.
    mutating func literalString() throws(TOMLError) -> String {
        let start = at
        at += 1
        var text: [UInt8] = []
        while byte != UInt8(ascii: "'") {
            try requireText(start)
            take(into: &text)
        }
        at += 1
        return String(decoding: text, as: UTF8.self)
    }

    /// `"""…"""` or `'''…'''`, over several lines.
    mutating func multilineString(_ quote: UInt8) throws(TOMLError) -> String {
        let start = at
        at += 3
        if byte == 10 { at += 1 }
        var text: [UInt8] = []
        while true {
            if byte == quote {
                let quotes = bytes[at...].prefix(5).prefix { $0 == quote }.count
                at += quotes
                // Up to two quotes may stand before the three that end it.
                if quotes >= 3 {
                    text += Array(repeating: quote, count: quotes - 3)
                    return String(decoding: text, as: UTF8.self)
                }
                text += Array(repeating: quote, count: quotes)
            } else if byte == 10 {
                take(into: &text)
            } else {
                try requireText(start)
                let isEscape = byte == UInt8(ascii: "\\") && quote == UInt8(ascii: "\"")
                if !isEscape { take(into: &text) } else if try !skipLineEnd() { try escape(into: &text) }
            }
        }
    }

    private mutating func take(into text: inout [UInt8]) {
        text.append(byte)
        at += 1
    }

    private func requireText(_ start: Int) throws(TOMLError) {
        if isAtEnd || byte == 10 { throw error("the string that begins here has no end", at: start) }
        guard isText(byte) else { throw error("a string has the control character \(found); write it as \\u00XX") }
    }

    /// Skips all blanks and line ends up to the next text; returns `false` for a backslash that does not end its line.
    private mutating func skipLineEnd() throws(TOMLError) -> Bool {
        var next = at + 1
        while next < bytes.count, bytes[next] == 32 || bytes[next] == 9 { next += 1 }
        guard next < bytes.count, bytes[next] == 10 else { return false }
        at = next
        while byte == 32 || byte == 9 || byte == 10 { at += 1 }
        return true
    }

    private mutating func escape(into text: inout [UInt8]) throws(TOMLError) {
        let start = at
        at += 1
        let letter = byte
        at += 1
        switch letter {
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(letter)
        case UInt8(ascii: "u"): text += try scalar(digits: 4, start)
        case UInt8(ascii: "U"): text += try scalar(digits: 8, start)
        default:
            throw error("this escape is unknown; known: \\b \\t \\n \\f \\r \\\" \\\\ \\uXXXX \\UXXXXXXXX", at: start)
        }
    }

    private mutating func scalar(digits: Int, _ start: Int) throws(TOMLError) -> [UInt8] {
        var number: UInt32 = 0
        for _ in 0..<digits {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("expected \(digits) hexadecimal digits, got \(found)")
            }
            number = number << 4 | UInt32(digit)
            at += 1
        }
        guard let scalar = Unicode.Scalar(number) else {
            throw error("U+\(String(number, radix: 16, uppercase: true)) is no character", at: start)
        }
        return Array(String(Character(scalar)).utf8)
    }
}
