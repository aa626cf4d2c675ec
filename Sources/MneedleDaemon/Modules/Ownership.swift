import MneedleKit

/// The kinds of entries and topics that belong to each module. Others act upon an entry as a fact, so no module makes another's.
package struct Ownership: Sendable {
    /// A kind, or all kinds with a prefix: `device.cleaned`, `reminder.*`.
    private struct Claim: Sendable {
        let pattern: String
        let module: String
        /// The beginning that all its kinds have; `nil` where it is one kind. Every entry is checked, so it is not cut off each time.
        private let stem: String?

        init(pattern: String, module: String) {
            (self.pattern, self.module) = (pattern, module)
            stem = pattern.utf8.last == UInt8(ascii: "*") ? String(pattern.dropLast()) : nil
        }

        /// Whether a kind could belong to both.
        func overlaps(_ other: String) -> Bool {
            let (mine, theirs) = (pattern.utf8, other.utf8)
            let both = zip(mine, theirs).prefix { $0 == $1 && $0 != UInt8(ascii: "*") }.count
            let (left, right) = (mine.dropFirst(both).first, theirs.dropFirst(both).first)
            return left == right || left == UInt8(ascii: "*") || right == UInt8(ascii: "*")
        }

        func covers(_ kind: String) -> Bool {
            if let stem { kind.hasPrefix(stem) } else { kind == pattern }
        }
    }

    private var claims: [Claim] = []

    /// The longest kind, live topic, name of a module or of a command.
    static let longestName = 64

    /// A module's claims: kinds that begin with its name, and those that its manifest names besides.
    private static func patterns(_ manifest: Manifest) -> [String] { ["\(manifest.name).*"] + manifest.records }

    /// - Throws: The reason why the module cannot be added: a claim that is no kind, or that is another module's.
    package func check(_ manifest: Manifest) throws {
        guard Ownership.isModuleName(manifest.name) else {
            throw ModuleFile.Unusable(
                description:
                    "names itself '\(manifest.name.prefix(80))'; a module's name is lower case with digits, at most "
                    + "\(Ownership.longestName) characters, and not \(Ownership.hostNames.joined(separator: " or "))")
        }
        for pattern in Ownership.patterns(manifest) {
            let kind = pattern.hasSuffix(".*") ? String(pattern.dropLast(2)) : pattern
            guard Ownership.isKind(kind), pattern.contains(".") else {
                throw ModuleFile.Unusable(
                    description:
                        "claims to record '\(pattern.prefix(80))'; expected kinds such as 'visit.began' or 'visit.*'")
            }
            let others = claims + [Claim(pattern: "\(Verb.host).*", module: Verb.host)]
            if let other = others.first(where: { $0.module != manifest.name && $0.overlaps(pattern) }) {
                throw ModuleFile.Unusable(
                    description: "claims to record '\(pattern)', which is \(other.module)'s ('\(other.pattern)')")
            }
        }
    }

    mutating func take(_ manifest: Manifest) {
        claims += Ownership.patterns(manifest).map { Claim(pattern: $0, module: manifest.name) }
    }

    /// The module that owns a kind, if any claims it.
    package func owner(of kind: String) -> String? { claims.first { $0.covers(kind) }?.module }

    /// - Throws: A defect when this module, or any module, may not record or tell the kind.
    func check(_ kind: String, of module: String) throws {
        guard Ownership.isKind(kind) else {
            throw ModuleError.internal(
                "a kind of \(kind.utf8.count) bytes that is none; kinds have a-z, 0-9, '.' and '-', at most "
                    + "\(Ownership.longestName) of them")
        }
        guard Ownership.isOwn(kind, module) || claims.contains(where: { $0.module == module && $0.covers(kind) })
        else {
            throw ModuleError.internal(
                "module '\(module)' may not record or tell '\(kind)', which its manifest does not claim")
        }
    }

    private static func isOwn(_ kind: String, _ module: String) -> Bool {
        kind.hasPrefix(module) && kind.utf8.dropFirst(module.utf8.count).first == UInt8(ascii: ".")
    }

    /// Whether a text is a kind: lower case, digits, dots and hyphens, so that it can stand as a word on a line of the protocol.
    static func isKind(_ text: String) -> Bool {
        (1...longestName).contains(text.utf8.count) && text.utf8.first.map(isLetter) == true
            && text.utf8.last != UInt8(ascii: ".")
            && text.utf8.allSatisfy {
                isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
            }
    }

    /// The names that are the host's own: of its commands and of its tables.
    private static let hostNames = [Verb.host, "mneedle"]

    /// Whether a text can name a module. Without hyphens and underscores no module's tables, `<name>_…`, begin like those of
    /// another or of the host.
    static func isModuleName(_ text: String) -> Bool {
        isName(text) && !text.utf8.contains(UInt8(ascii: "-")) && !hostNames.contains(text)
    }

    /// Whether a text is a name of a command or socket: a kind without dots.
    static func isName(_ text: String) -> Bool { isKind(text) && !text.utf8.contains(UInt8(ascii: ".")) }

    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}

/// The largest sizes of a module's output. A larger one is refused before it is made into text, hashed or sent.
enum Sizes {
    /// The body of an entry or of a live event.
    static let body = 256 << 10
    /// An entry's subject, and the name of the person whom it concerns.
    static let subject = 256
    /// The number of entries of one change.
    static let entries = 100_000
    /// All events of one change together.
    static let told = 64 << 20
    static let row = 1 << 20
    static let reply = 16 << 20
    /// The deepest nesting of values.
    private static let depth = 64

    static func check(_ entry: Entry) throws {
        guard (1...subject).contains(entry.subject.utf8.count), (1...subject).contains(entry.person?.utf8.count ?? 1)
        else {
            throw ModuleError.internal(
                "an entry '\(entry.kind)' whose subject or person is empty or longer than \(subject) bytes")
        }
        try check(entry.body, atMost: body, "the body of '\(entry.kind)'")
    }

    /// - Throws: A defect when the object is larger, or nested deeper. No more of it is read than that takes.
    static func check(_ object: Object, atMost limit: Int, _ what: @autoclosure () -> String) throws {
        var room = limit
        guard fits(object, &room, depth) else {
            throw ModuleError.internal("\(what()) is larger than \(limit) bytes or nested deeper than \(depth)")
        }
    }

    private static func fits(_ object: Object, _ room: inout Int, _ depth: Int) -> Bool {
        guard depth > 0 else { return false }
        for member in object.members {
            room -= member.name.utf8.count + 4
            guard room >= 0, fits(member.value, &room, depth) else { return false }
        }
        return true
    }

    private static func fits(_ value: Value, _ room: inout Int, _ depth: Int) -> Bool {
        switch value {
        case .null, .bool, .integer, .number: room -= 4
        case .string(let text): room -= text.utf8.count + 2
        case .list(let list):
            guard depth > 0 else { return false }
            room -= 2
            for element in list {
                room -= 1
                guard room >= 0, fits(element, &room, depth - 1) else { return false }
            }
        case .object(let object): return fits(object, &room, depth - 1)
        }
        return room >= 0
    }
}
