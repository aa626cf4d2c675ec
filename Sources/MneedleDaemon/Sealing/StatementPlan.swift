import MneedleKit

/// What becomes of the values of a statement before the store sees them.
///
/// A statement says by itself into which column a value goes and with which it is compared. So modules bind names and facts as
/// they are, and none can forget to seal one: a statement from which that cannot be told is refused.
struct StatementPlan: Sendable {
    /// Whose key seals a value.
    enum Owner: Sendable, Hashable {
        /// The person whose name is bound to that place, counted from 0.
        case place(Int)
        /// The key of nobody.
        case nobody
        /// The person in the rows that the statement changes, which this query gives; its values are those from that place on.
        case rows(query: String, from: Int)
    }

    enum Place: Sendable, Hashable {
        case plain
        /// A person's name; whoever has none yet gets an id where a row is made.
        case person(makes: Bool)
        case sealed(SealedValue.Form, column: String, Owner)
    }

    let places: [Place]
    /// Whether every value goes to the store as it is.
    let isPlain: Bool

    /// A statement that cannot be planned, with the reason.
    struct Refused: Error, Hashable { let reason: String }

    /// - Throws: ``Refused``
    init(_ sql: String, _ tables: ProtectedTables) throws(Refused) {
        var reader = StatementReader(sql, tables)
        places = try reader.places()
        isPlain = places.allSatisfy { $0 == .plain }
    }
}

/// Reads a statement's tokens for its plan.
private struct StatementReader {
    private typealias Token = SQLTokens.Token
    private typealias Refused = StatementPlan.Refused
    private typealias Place = StatementPlan.Place
    private typealias Protection = ColumnDeclaration.Protection

    private let sql: String
    private let tokens: [SQLTokens.Token]
    /// The statement's tables by the names that it gives them.
    private var tables: [String: ProtectedTable] = [:]
    /// The number of each token that is a place.
    private var numbers: [Int: Int] = [:]
    private var found: [Int: StatementPlan.Place] = [:]

    init(_ sql: String, _ known: ProtectedTables) {
        self.sql = sql
        tokens = SQLTokens.of(sql)
        for (index, token) in tokens.enumerated() {
            if case .place = token { numbers[index] = numbers.count }
            guard case .word(let word) = token, ["from", "join", "into", "update"].contains(word),
                case .word(let name)? = self[index + 1], let table = known.tables[name]
            else { continue }
            tables[name] = table
            var next = index + 2
            if isWord(next, "as") { next += 1 }
            if case .word(let alias)? = self[next], !StatementReader.follows.contains(alias) { tables[alias] = table }
        }
    }

    /// The words that follow a table's name and are no other name for it.
    private static let follows: Set = [
        "where", "set", "on", "join", "left", "inner", "cross", "order", "group", "having", "limit", "values", "union",
        "as",
        "default", "returning", "select",
    ]

    private subscript(index: Int) -> Token? { tokens.indices.contains(index) ? tokens[index] : nil }
    private func isWord(_ index: Int, _ words: String...) -> Bool {
        if case .word(let word)? = self[index] { words.contains(word) } else { false }
    }
    private func isSign(_ index: Int, _ sign: String) -> Bool { self[index] == .sign(sign) }

    mutating func places() throws(StatementPlan.Refused) -> [StatementPlan.Place] {
        let protections = Set(tables.values.flatMap { $0.columns.map(\.protection) }).subtracting([.none])
        guard !protections.isEmpty else { return numbers.map { _ in .plain } }
        if isWord(0, "insert") { try readInsertion() }
        for index in numbers.keys.sorted() where found[index] == nil { found[index] = try place(at: index) }
        try refuseComparisons()
        try refuseNewOwners()
        return numbers.keys.sorted().map { found[$0] ?? .plain }
    }

    // MARK: Columns

    /// The column that the token names, with its protection; `nil` for any other token.
    private func column(_ index: Int) throws(Refused) -> (name: String, protection: Protection)? {
        guard case .word(let word)? = self[index], !isSign(index + 1, "("), !isSign(index + 1, ".") else { return nil }
        if isSign(index - 1, "."), case .word(let table)? = self[index - 2] {
            // What an insertion would have made is of its only table.
            let known = table == "excluded" ? tables.values.first : tables[table]
            return known.flatMap { known in known[word].map { ("\(known.name).\(word)", $0) } }
        }
        var seen: (name: String, protection: Protection)?
        for table in tables.values {
            guard let protection = table[word] else { continue }
            if let seen, seen.protection != protection {
                throw Refused(reason: "'\(word)' is a column of several tables; say of which")
            }
            seen = ("\(table.name).\(word)", protection)
        }
        return seen
    }

    // MARK: Insertions

    private mutating func readInsertion() throws(Refused) {
        guard case .word(let name)? = self[2], let table = tables[name], isSign(3, "(") else {
            throw Refused(reason: "an INSERT names its columns")
        }
        var (columns, index) = ([String](), 4)
        while case .word(let column)? = self[index] {
            columns.append(column)
            index += 1
            guard isSign(index, ",") else { break }
            index += 1
        }
        guard isSign(index, ")"), isWord(index + 1, "values"), isSign(index + 2, "(") else {
            throw Refused(reason: "rows with people in them are inserted by VALUES")
        }
        let values = expressions(from: index + 3)
        guard values.count == columns.count else { throw Refused(reason: "an INSERT has a value for each column") }
        // Where each column's value is bound.
        let places = Dictionary(
            zip(columns, values).compactMap { column, range in
                range.count == 1 ? numbers[range.lowerBound].map { (column, $0) } : nil
            }, uniquingKeysWith: { first, _ in first })
        for (column, range) in zip(columns, values) {
            let protection = table[column] ?? .none
            guard range.count == 1, numbers[range.lowerBound] != nil else {
                guard protection == .none || isWord(range.lowerBound, "null") else {
                    throw Refused(reason: "the value of '\(column)' is bound")
                }
                continue
            }
            found[range.lowerBound] = place(for: protection, "\(table.name).\(column)", makes: true) { person in
                places[person].map { .place($0) } ?? .nobody
            }
        }
    }

    /// The expressions between commas, up to the bracket that closes them.
    private func expressions(from first: Int) -> [Range<Int>] {
        var (ranges, start, depth, index) = ([Range<Int>](), first, 0, first)
        while index < tokens.count {
            if isSign(index, "(") { depth += 1 }
            if isSign(index, ")") {
                if depth == 0 { break }
                depth -= 1
            }
            if isSign(index, ","), depth == 0 {
                ranges.append(start..<index)
                start = index + 1
            }
            index += 1
        }
        ranges.append(start..<index)
        return ranges
    }

    private func place(
        for protection: Protection, _ column: String, makes: Bool, _ owner: (String) throws -> StatementPlan.Owner
    ) rethrows -> Place {
        switch protection {
        case .none: .plain
        case .person: .person(makes: makes)
        case .sealed(let person): .sealed(.sealed, column: column, try owner(person))
        case .matched(let person): .sealed(.matched, column: column, try owner(person))
        case .looked: .sealed(.looked, column: column, .nobody)
        }
    }

    // MARK: Other places

    private func place(at index: Int) throws(Refused) -> Place {
        guard let (column, protection) = try compared(with: index) else { return .plain }
        let isSet = isWord(0, "update") && isSetting(index)
        if case .sealed = protection, !isSet { throw Refused(reason: "'\(column)' is sealed, and cannot be compared") }
        do {
            return try place(for: protection, column, makes: false) { person in
                if let place = try bound(to: person) { return .place(place) }
                guard isSet else {
                    throw Refused(reason: "'\(column)' is looked for together with '\(person) = ?'")
                }
                return try ownerOfRows(person)
            }
        } catch let refused as Refused { throw refused } catch { throw Refused(reason: "\(error)") }
    }

    /// The column into which a place's value goes or with which it is compared.
    private func compared(with index: Int) throws(Refused) -> (name: String, protection: Protection)? {
        if isSign(index - 1, "=") || isSign(index - 1, "<>"), let column = try column(index - 2) { return column }
        if isSign(index + 1, "=") || isSign(index + 1, "<>") {
            let end = isSign(index + 3, ".") ? index + 4 : index + 2
            if let column = try column(end) { return column }
        }
        // COALESCE(?, person) = person
        if isSign(index - 1, "("), isWord(index - 2, "coalesce"), isSign(index + 1, ",") {
            return try column(isSign(index + 3, ".") ? index + 4 : index + 2)
        }
        // person IN (?, ?)
        var first = index
        while isSign(first - 1, ","), numbers[first - 2] != nil { first -= 2 }
        if isSign(first - 1, "("), isWord(first - 2, "in") {
            return try column(isWord(first - 3, "not") ? first - 4 : first - 3)
        }
        for near in [index - 2, index + 2] {
            if let (column, protection) = try column(near), protection != .none,
                case .sign(let sign)? = self[near < index ? index - 1 : index + 1], sign != ",", sign != "(",
                sign != ")"
            {
                throw Refused(reason: "'\(column)' cannot be compared by '\(sign)'")
            }
        }
        return nil
    }

    /// Whether a place of an UPDATE stands before its WHERE.
    private func isSetting(_ index: Int) -> Bool {
        !tokens[..<index].contains(.word("where"))
    }

    /// The place that is bound to a column with a name, as `person = ?` after WHERE.
    private func bound(to person: String) throws(Refused) -> Int? {
        guard let start = tokens.firstIndex(of: .word("where")) else { return nil }
        for (index, number) in numbers where index > start && isSign(index - 1, "=") {
            if let column = try column(index - 2), column.name.hasSuffix("." + person),
                !tokens[start...].contains(.word("or"))
            {
                return number
            }
        }
        return nil
    }

    private func ownerOfRows(_ person: String) throws(Refused) -> StatementPlan.Owner {
        guard case .word(let table)? = self[1], let start = tokens.firstIndex(of: .word("where")),
            let text = sql.firstRange(of: "WHERE")
        else { throw Refused(reason: "an UPDATE of something sealed says of which rows, after WHERE") }
        let before = numbers.keys.count { $0 < start }
        return .rows(
            query: "SELECT DISTINCT \(person) AS person FROM \(table) \(sql[text.lowerBound...])", from: before)
    }

    // MARK: Comparisons

    /// - Throws: For a statement that compares or sorts what is sealed: its bytes have no order and no meaning.
    private func refuseComparisons() throws(Refused) {
        for index in tokens.indices {
            guard let (column, protection) = try column(index), protection != .none else { continue }
            let first = isSign(index - 1, ".") ? index - 2 : index
            let around = [self[first - 1], self[index + 1]]
            for case .sign(let sign)? in around
            where ["<", ">", "<=", ">=", "||", "+", "-", "*", "/", "%"].contains(sign) {
                throw Refused(reason: "'\(column)' cannot be compared by '\(sign)'")
            }
            for case .word(let word)? in around where ["like", "between"].contains(word) {
                throw Refused(reason: "'\(column)' cannot be compared by \(word.uppercased())")
            }
            if case .sealed = protection, isSorted(first) {
                throw Refused(reason: "'\(column)' is sealed, and cannot be sorted or grouped by")
            }
            if isSign(first - 1, "("), case .word(let function)? = self[first - 2],
                ["max", "min", "sum", "avg", "length", "lower", "upper", "replace", "substr"].contains(function)
            {
                throw Refused(reason: "'\(column)' is protected: \(function) means nothing there")
            }
        }
    }

    /// - Throws: For a change of the person of whom a row is, while something in it is sealed by the former one's key: it would be
    ///   gone with that one.
    private func refuseNewOwners() throws(Refused) {
        guard let start = tokens.firstIndex(of: .word("set")) else { return }
        for index in tokens.indices.dropFirst(start) where isSign(index + 1, "=") {
            guard isWord(index - 1, "set") || isSign(index - 1, ","), case .word(let word)? = self[index],
                let (column, protection) = try column(index), protection == .person
            else { continue }
            let sealed = tables.values.flatMap(\.columns).filter {
                $0.protection == .sealed(of: word) || $0.protection == .matched(of: word)
            }
            guard sealed.isEmpty else {
                throw Refused(reason: "'\(column)' cannot change: '\(sealed[0].name)' is sealed by that person's key")
            }
        }
    }

    /// Whether a token stands in an ORDER BY or a GROUP BY.
    private func isSorted(_ index: Int) -> Bool {
        var before = index - 1
        while before > 0 {
            if isWord(before, "by") { return true }
            if isWord(before, "select", "where", "from", "set", "limit", "having", "values") { return false }
            before -= 1
        }
        return false
    }
}
