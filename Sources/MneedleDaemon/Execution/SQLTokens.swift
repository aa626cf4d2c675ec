/// A statement cut into the words and signs of SQL. Comments and white space are left out.
struct SQLTokens {
    /// A word or a sign.
    enum Token: Equatable {
        /// A keyword or a name, in lower case.
        case word(String)
        /// A quoted thing with the quote that it begins with: `'` is text, all else is a name.
        case quoted(Character)
        case number
        /// A place for a value; with what follows the sign, which portable SQL leaves out: `?`, `?1`, `:name`.
        case place(String)
        /// An operator or a bracket; operators of two signs are one.
        case sign(String)
    }

    private(set) var tokens: [Token] = []
    private var rest: Substring

    /// Cuts a statement; one that ends within quotes ends there.
    static func of(_ sql: String) -> [Token] {
        var cutter = SQLTokens(rest: sql[...])
        while let token = cutter.next() { cutter.tokens.append(token) }
        return cutter.tokens
    }

    private init(rest: Substring) { self.rest = rest }

    private mutating func next() -> Token? {
        skipSpaces()
        guard let first = rest.first else { return nil }
        switch first {
        case "'", "\"", "`": return quoted(until: first)
        case "[": return quoted(until: "]")
        case "?", ":", "@", "$":
            if rest.hasPrefix("::") { return sign(2) }
            rest.removeFirst()
            return .place(String(first) + take(while: SQLTokens.isName))
        case _ where first.isNumber:
            _ = take { SQLTokens.isName($0) || $0 == "." }
            return .number
        case _ where SQLTokens.isName(first):
            let word = take(while: SQLTokens.isName).lowercased()
            // x'00' is no name beside a text.
            if word == "x", rest.first == "'" {
                _ = quoted(until: "'")
                return .quoted("x")
            }
            return .word(word)
        default:
            return sign(SQLTokens.pairs.first { rest.hasPrefix($0) }?.count ?? 1)
        }
    }

    private static let pairs = ["->>", "->", "==", "||", "<>", "!=", "<=", ">=", "<<", ">>"]

    private static func isName(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
    }

    private mutating func skipSpaces() {
        while let first = rest.first {
            if rest.hasPrefix("--") {
                rest = rest.drop { !$0.isNewline }
            } else if rest.hasPrefix("/*") {
                rest = rest.firstRange(of: "*/").map { rest[$0.upperBound...] } ?? ""
            } else if first.isWhitespace {
                rest.removeFirst()
            } else {
                return
            }
        }
    }

    private mutating func take(while isPart: (Character) -> Bool) -> String {
        let part = rest.prefix(while: isPart)
        rest = rest[part.endIndex...]
        return String(part)
    }

    private mutating func sign(_ count: Int) -> Token {
        defer { rest = rest.dropFirst(count) }
        return .sign(String(rest.prefix(count)))
    }

    /// A quote within is written twice.
    private mutating func quoted(until end: Character) -> Token {
        let first = rest.removeFirst()
        while let character = rest.popFirst() {
            guard character == end else { continue }
            guard rest.first == end, end != "]" else { break }
            rest.removeFirst()
        }
        return .quoted(first)
    }
}
