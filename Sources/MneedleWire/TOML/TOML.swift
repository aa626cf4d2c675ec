/// Reads TOML 1.0 into JSON. The text may be anybody's: whatever it is, the outcome is a document or an error. Nothing
/// is asserted, every step takes a byte, and depth, size and number of members have bounds.
public enum TOML {
    /// How deep arrays, inline tables and the parts of a key may lie in one another.
    public static let maximumDepth = 32
    /// How many members a table and how many elements a list may have.
    public static let maximumMembers = 2000
    /// How long a document may be.
    public static let maximumBytes = 1 << 20

    /// How long a path may be to have a line in ``TOMLDocument/lines``.
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
    /// An object. Members stand in the order of their names' bytes; dates and times are strings as written.
    public var root: JSON
    /// The line of each key and table, counted from 1, by its path: `depth.home`, `rule[3].code`. A list of tables has the
    /// line of its first; a path too long to be anybody's has none.
    public var lines: [String: Int]
}

/// Why a text is no TOML document that can be used, and where.
public struct TOMLError: Error, Hashable, CustomStringConvertible {
    /// Counted from 1.
    public var line: Int
    /// Counted from 1, in Unicode scalars.
    public var column: Int
    /// What is wrong there.
    public var reason: String

    /// Makes an error.
    public init(line: Int, column: Int, reason: String) {
        self.line = line
        self.column = column
        self.reason = reason
    }

    /// `line 3, column 7: …`
    public var description: String { "line \(line), column \(column): \(reason)" }
}

/// A table while the document is read.
final class TOMLBranch {
    /// How it came to be, which decides what may still be added to it.
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
    /// Its place among all tables, for the lines of its keys; `nil` where it is too long for that.
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

    /// Its members by the order of their names' bytes.
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
