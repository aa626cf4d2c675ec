/// A parser of a document: its lines, headers and keys. The extensions read values.
struct TOMLParser {
    let bytes: [UInt8]
    var at = 0
    /// The line of each key and table, by its path.
    private(set) var lines: [String: Int] = [:]
    /// The place up to which lines are counted, and the line there.
    private var counted = (place: 0, line: 1)

    init(_ bytes: [UInt8]) {
        // CR LF counts as a line feed, also in strings; a CR elsewhere is refused at its place.
        guard bytes.contains(13) else {
            self.bytes = bytes
            return
        }
        self.bytes = bytes.indices.compactMap { index in
            bytes[index] == 13 && index + 1 < bytes.count && bytes[index + 1] == 10 ? nil : bytes[index]
        }
    }

    /// The byte here; 0, which no document may have, at the end.
    var byte: UInt8 { at < bytes.count ? bytes[at] : 0 }
    var isAtEnd: Bool { at >= bytes.count }

    func follows(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count - at >= count else { return false }
        return (0..<count).allSatisfy { bytes[at + $0] == text.utf8Start[$0] }
    }

    /// An error at this place.
    func error(_ reason: String) -> TOMLError { error(reason, at: at) }

    func error(_ reason: String, at place: Int) -> TOMLError {
        let before = bytes[..<min(place, bytes.count)]
        let start = before.lastIndex(of: 10).map { $0 + 1 } ?? 0
        // A byte that continues a scalar is no column of its own.
        let column = before[start...].count { $0 & 0xC0 != 0x80 } + 1
        return TOMLError(line: before.count { $0 == 10 } + 1, column: column, reason: reason)
    }

    /// Notes the line of `place` for a path. Places are noted in their order, so that each byte is looked at once.
    mutating func note(_ path: String?, at place: Int) {
        guard let path, place >= counted.place else { return }
        counted.line += bytes[counted.place..<place].count { $0 == 10 }
        counted.place = place
        lines[path] = counted.line
    }

    /// The character at the cursor, for a message.
    var found: String {
        if isAtEnd { return "the end of the file" }
        switch byte {
        case 10: return "the end of the line"
        case 33...126: return "'\(Character(Unicode.Scalar(byte)))'"
        default: return "byte 0x\(String(byte, radix: 16))"
        }
    }

    // MARK: Lines

    mutating func document() throws(TOMLError) -> TOMLBranch {
        try requireUTF8()
        if follows("\u{FEFF}") { at += 3 }
        let root = TOMLBranch(.defined, "")
        var current = root
        while true {
            skipBlanks()
            if isAtEnd { return root }
            switch byte {
            case 10, UInt8(ascii: "#"): break
            case UInt8(ascii: "["): current = try header(in: root)
            default: try assignment(in: current)
            }
            try endOfLine()
        }
    }

    private func requireUTF8() throws(TOMLError) {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var scalars = 0
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue: scalars += 1
            case .emptyInput: return
            case .error:
                // The fault is where the scalar after the valid ones begins.
                var place = 0
                var left = scalars
                while left > 0 {
                    place += 1
                    while place < bytes.count, bytes[place] & 0xC0 == 0x80 { place += 1 }
                    left -= 1
                }
                throw error("the text is not UTF-8", at: place)
            }
        }
    }

    mutating func skipBlanks() {
        while byte == 32 || byte == 9 { at += 1 }
    }

    private mutating func endOfLine() throws(TOMLError) {
        skipBlanks()
        try comment()
        if isAtEnd { return }
        guard byte == 10 else { throw error("expected the end of the line, got \(found)") }
        at += 1
    }

    private mutating func comment() throws(TOMLError) {
        guard byte == UInt8(ascii: "#") else { return }
        while !isAtEnd, byte != 10 {
            guard isText(byte) else { throw error("a comment has the control character \(found)") }
            at += 1
        }
    }

    /// Skips blanks, line ends and comments, as between the elements of an array.
    mutating func skipLines() throws(TOMLError) {
        while true {
            skipBlanks()
            try comment()
            guard byte == 10 else { return }
            at += 1
        }
    }

    func isText(_ byte: UInt8) -> Bool { (byte >= 32 && byte != 127) || byte == 9 }

    // MARK: Keys

    /// The parts of a dotted key.
    mutating func key() throws(TOMLError) -> [String] {
        var parts: [String] = []
        while true {
            skipBlanks()
            parts.append(try keyPart())
            guard parts.count <= TOML.maximumDepth else {
                throw error("a key has more than \(TOML.maximumDepth) parts")
            }
            skipBlanks()
            guard byte == UInt8(ascii: ".") else { return parts }
            at += 1
        }
    }

    private mutating func keyPart() throws(TOMLError) -> String {
        switch byte {
        case UInt8(ascii: "\""): return try basicString()
        case UInt8(ascii: "'"): return try literalString()
        default:
            let start = at
            while isBare(byte) { at += 1 }
            guard at > start else {
                throw error("expected a key of A-Z, a-z, 0-9, '_' and '-', or in quotes, got \(found)")
            }
            return String(decoding: bytes[start..<at], as: UTF8.self)
        }
    }

    private func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// Reads `key = value`, in a table or, at a depth, in an inline one.
    mutating func assignment(in table: TOMLBranch, depth: Int = 0) throws(TOMLError) {
        let start = at
        let parts = try key()
        guard byte == UInt8(ascii: "=") else { throw error("expected '=' after the key, got \(found)") }
        at += 1
        var branch = table
        for part in parts.dropLast() {
            switch branch[part] {
            case nil:
                let next = TOMLBranch(.dotted, branch.path(part))
                note(next.path, at: start)
                try branch.set(part, .table(next), self)
                branch = next
            case .table(let next) where next.origin != .defined:
                next.origin = .dotted
                branch = next
            default: throw error("'\(part)' has its value already, nothing can be added to it", at: start)
            }
        }
        guard let name = parts.last, branch[name] == nil else {
            throw error("'\(parts.joined(separator: "."))' is given twice", at: start)
        }
        let path = branch.path(name)
        note(path, at: start)
        skipBlanks()
        try branch.set(name, .value(try value(depth: depth, path)), self)
    }

    /// Reads `[table]` or `[[tables]]`, up to the last bracket.
    private mutating func header(in root: TOMLBranch) throws(TOMLError) -> TOMLBranch {
        let start = at
        let isList = follows("[[")
        at += isList ? 2 : 1
        let parts = try key()
        guard isList ? follows("]]") : byte == UInt8(ascii: "]") else {
            throw error("expected '\(isList ? "]]" : "]")' after the table's name, got \(found)")
        }
        at += isList ? 2 : 1
        var branch = root
        for part in parts.dropLast() { branch = try descend(branch, part, start) }
        guard let name = parts.last else { return root }
        return isList ? try append(name, to: branch, start) : try define(name, in: branch, start)
    }

    private mutating func descend(_ branch: TOMLBranch, _ part: String, _ start: Int) throws(TOMLError) -> TOMLBranch {
        switch branch[part] {
        case nil:
            let next = TOMLBranch(.implied, branch.path(part))
            note(next.path, at: start)
            try branch.set(part, .table(next), self)
            return next
        case .table(let next): return next
        case .tables(let list): return list[list.count - 1]
        case .value: throw error("'\(part)' has its value already and cannot be a table as well", at: start)
        }
    }

    private mutating func define(_ name: String, in branch: TOMLBranch, _ start: Int) throws(TOMLError) -> TOMLBranch {
        switch branch[name] {
        case nil:
            let table = TOMLBranch(.defined, branch.path(name))
            note(table.path, at: start)
            try branch.set(name, .table(table), self)
            return table
        case .table(let table) where table.origin == .implied:
            table.origin = .defined
            return table
        default: throw error("the table '\(name)' is given twice", at: start)
        }
    }

    private mutating func append(
        _ name: String, to branch: TOMLBranch, _ start: Int
    ) throws(TOMLError) -> TOMLBranch {
        let before: [TOMLBranch]
        switch branch[name] {
        case nil: before = []
        case .tables(let list): before = list
        default: throw error("'\(name)' is something else already and cannot be a list of tables", at: start)
        }
        guard before.count < TOML.maximumMembers else {
            throw error("'\(name)' has more than \(TOML.maximumMembers) tables", at: start)
        }
        let path = branch.path(name)
        let table = TOMLBranch(.defined, path.map { "\($0)[\(before.count)]" })
        if before.isEmpty { note(path, at: start) }
        note(table.path, at: start)
        try branch.set(name, .tables(before + [table]), self)
        return table
    }
}
