/// One request, as it stands on its line: `[#TAG ]VERB[ ARGUMENTS]`.
///
/// Nothing is typed here: the command's declared parameters give each value its type.
public struct RequestLine: Hashable, Sendable {
    /// The tag that the client chose; it is echoed in front of every line of the reply.
    public var tag: String?
    /// The verb: `ping`, or `module.command`.
    public var verb: String
    /// The arguments, as they were written.
    public var arguments: Arguments

    /// The two forms of arguments, which mean the same.
    public enum Arguments: Hashable, Sendable {
        case none
        /// `name=value name="quoted value"`.
        case words([Word])
        /// One JSON object.
        case object([JSON.Member])
    }

    /// One `name=value`.
    public struct Word: Hashable, Sendable {
        /// An argument's name, or a path into an object argument: `answers.keloid-history`.
        public var name: String
        /// The text after the `=`.
        public var value: WordValue

        /// Makes a word.
        public init(_ name: String, _ value: WordValue) {
            self.name = name
            self.value = value
        }
    }

    /// A word's value; only a bare one is split at commas when the argument is a list.
    public enum WordValue: Hashable, Sendable {
        case bare(String)
        /// The characters of a JSON string.
        case quoted(String)

        /// The characters of the value, bare or quoted.
        public var text: String {
            switch self {
            case .bare(let text), .quoted(let text): text
            }
        }
    }

    /// Makes a request.
    public init(tag: String? = nil, verb: String, arguments: Arguments = .none) {
        self.tag = tag
        self.verb = verb
        self.arguments = arguments
    }
}

extension RequestLine {
    /// Reads a line, given without its LF and without the CR before that.
    public static func parse(
        _ line: UnsafeBufferPointer<UInt8>, maximumDepth: Int = 32
    ) throws(LineError) -> RequestLine {
        var cursor = try LineCursor(line)
        let verb = try parseVerb(&cursor)
        let arguments: Arguments
        if cursor.atEnd {
            arguments = .none
        } else if cursor.current == UInt8(ascii: "{") {
            arguments = .object(try cursor.lastObject(maximumDepth: maximumDepth, isRequest: true).members ?? [])
        } else {
            arguments = .words(try parseWords(&cursor))
        }
        return RequestLine(tag: cursor.tag, verb: verb, arguments: arguments)
    }

    /// Reads a line from a text.
    public static func parse(_ line: String, maximumDepth: Int = 32) throws(LineError) -> RequestLine {
        let bytes = Array(line.utf8)
        let result = bytes.withUnsafeBufferPointer { bytes in
            Result { () throws(LineError) in try parse(bytes, maximumDepth: maximumDepth) }
        }
        return try result.get()
    }

    private static func parseVerb(_ cursor: inout LineCursor) throws(LineError) -> String {
        let start = cursor.index
        cursor.skip(while: LineCursor.isVerb)
        var isComplete = cursor.index > start
        if isComplete, cursor.current == UInt8(ascii: ".") {
            cursor.index += 1
            let second = cursor.index
            cursor.skip(while: LineCursor.isVerb)
            isComplete = cursor.index > second
        }
        guard isComplete, cursor.atEnd || LineCursor.isBlank(cursor.current) else {
            throw cursor.malformed(
                start == cursor.line.count
                    ? "the command is missing"
                    : "a command is 'name' or 'module.name', of a-z 0-9 -")
        }
        defer { cursor.skipBlanks() }
        return cursor.text(from: start)
    }

    private static func parseWords(_ cursor: inout LineCursor) throws(LineError) -> [Word] {
        var words: [Word] = []
        var names = UniqueNames()
        repeat {
            let start = cursor.index
            let name = try parseName(&cursor)
            guard words.count < RequestBounds.mostValues else { throw tooLarge(RequestBounds.tooMany, cursor, start) }
            guard name.utf8.count <= RequestBounds.longestName else {
                throw tooLarge(RequestBounds.tooLong, cursor, start)
            }
            guard names.insert(name, after: words, \.name) else {
                throw LineError(.repeated(name), column: start + 1, "'\(name)' is given twice", tag: cursor.tag)
            }
            words.append(Word(name, try parseValue(&cursor, of: name)))
            cursor.skipBlanks()
        } while !cursor.atEnd
        return words
    }

    private static func tooLarge(_ expected: String, _ cursor: LineCursor, _ start: Int) -> LineError {
        LineError(.tooLarge(expected), column: start + 1, "expected \(expected)", tag: cursor.tag)
    }

    /// Reads `name=`. Every part between dots has at least one character.
    private static func parseName(_ cursor: inout LineCursor) throws(LineError) -> String {
        let start = cursor.index
        var partStart = start
        scan: while !cursor.atEnd {
            switch cursor.current {
            case UInt8(ascii: "="), UInt8(ascii: "\""), 0x20, 0x09: break scan
            case UInt8(ascii: "."):
                guard cursor.index > partStart else { throw cursor.malformed("a part of the name is missing") }
                partStart = cursor.index + 1
            default: break
            }
            cursor.index += 1
        }
        guard cursor.current == UInt8(ascii: "=") else {
            throw cursor.malformed("an argument is NAME=VALUE", at: start)
        }
        guard cursor.index > partStart else { throw cursor.malformed("a part of the name is missing") }
        defer { cursor.index += 1 }
        return cursor.text(from: start)
    }

    private static func parseValue(_ cursor: inout LineCursor, of name: String) throws(LineError) -> WordValue {
        guard cursor.current != UInt8(ascii: "\"") else {
            var parser = JSONParser(cursor.line, from: cursor.index, maximumDepth: 0)
            let text: String
            do { text = try parser.string() } catch { throw LineError(error, tag: cursor.tag) }
            cursor.index = parser.index
            guard cursor.atEnd || LineCursor.isBlank(cursor.current) else {
                throw cursor.malformed("a blank must follow the closing quote")
            }
            return .quoted(text)
        }
        let start = cursor.index
        cursor.skip { !LineCursor.isBlank($0) && $0 != UInt8(ascii: "\"") }
        guard cursor.current != UInt8(ascii: "\"") else {
            throw cursor.malformed("a quote inside a bare value: quote the whole value")
        }
        guard cursor.index > start else {
            throw cursor.malformed("'\(name)' has no value: write \"\" for an empty one")
        }
        return .bare(cursor.text(from: start))
    }
}
