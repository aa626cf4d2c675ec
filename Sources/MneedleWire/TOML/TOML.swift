/// A reader of TOML 1.0 into JSON. The text may be anybody's: whatever it is, the outcome is a document or an error. Nothing
/// is asserted, every step takes a byte, and depth, size and number of members have bounds.
public enum TOML {
    /// The greatest depth of arrays, inline tables and the parts of a key within one another.
    public static let maximumDepth = 32
    /// The greatest number of members of a table and of elements of a list.
    public static let maximumMembers = 2000
    /// The greatest length of a document, in bytes.
    public static let maximumBytes = 1 << 20

    /// The greatest length of a path that has a line in ``TOMLDocument/lines``.
    static let maximumPath = 256

    /// Parses a whole document.
    public static func parse(_ bytes: [UInt8]) throws(TOMLError) -> TOMLDocument {
        guard bytes.count <= maximumBytes else {
            throw TOMLError(line: 1, column: 1, reason: "the file has more than \(maximumBytes) bytes")
        }
        var parser = TOMLParser(bytes)
        let root = try parser.document()
        return TOMLDocument(root: .object(root.members), lines: parser.lines)
    }
}

/// A document that was read.
public struct TOMLDocument: Hashable, Sendable {
    /// The content, an object. Members stand in the order of their names' bytes; dates and times are strings as written.
    public var root: JSON
    /// The line of each key and table, counted from 1, by its path: `depth.home`, `rule[3].code`. A list of tables has the
    /// line of its first one; a path longer than any in use has none.
    public var lines: [String: Int]
}

/// The reason why a text is no usable TOML document, with its place.
public struct TOMLError: Error, Hashable, CustomStringConvertible {
    /// The line of the fault, counted from 1.
    public var line: Int
    /// The column of the fault, counted from 1, in Unicode scalars.
    public var column: Int
    /// The fault, in words.
    public var reason: String

    /// Makes an error.
    public init(line: Int, column: Int, reason: String) {
        self.line = line
        self.column = column
        self.reason = reason
    }

    /// The reason with its place: `line 3, column 7: …`
    public var description: String { "line \(line), column \(column): \(reason)" }
}

/// A table while the document is read.
final class TOMLBranch {
    /// The origin of a table, which decides what may still be added to it.
    enum Origin {
        /// A header below it: `[a.b]` implies `a`.
        case implied
        /// Its own header, or the braces of an inline table.
        case defined
        /// A dotted key: `a.b = 1`.
        case dotted
    }

    /// The content of a key.
    enum Member {
        case value(JSON)
        case table(TOMLBranch)
        case tables([TOMLBranch])
    }

    var origin: Origin
    /// The table's path, for the lines of its keys; `nil` where it is too long for that.
    let path: String?
    private(set) var entries: [String: Member] = [:]

    init(_ origin: Origin, _ path: String?) {
        self.origin = origin
        self.path = path
    }

    /// The path of a member.
    func path(_ name: String) -> String? {
        guard let path, path.utf8.count + name.utf8.count < TOML.maximumPath else { return nil }
        return path.isEmpty ? name : path + "." + name
    }

    subscript(name: String) -> Member? { entries[name] }

    func set(_ name: String, _ member: Member, _ parser: borrowing TOMLParser) throws(TOMLError) {
        guard entries[name] != nil || entries.count < TOML.maximumMembers else {
            throw parser.error("a table has more than \(TOML.maximumMembers) members")
        }
        entries[name] = member
    }

    /// The members in the order of their names' bytes.
    var members: [JSON.Member] {
        entries.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { name, member in
            switch member {
            case .value(let value): JSON.Member(name, value)
            case .table(let branch): JSON.Member(name, .object(branch.members))
            case .tables(let branches): JSON.Member(name, .array(branches.map { .object($0.members) }))
            }
        }
    }
}
