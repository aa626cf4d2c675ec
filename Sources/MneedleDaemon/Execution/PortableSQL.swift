import MneedleKit

/// The SQL that every store understands in the same way.
///
/// A database alone finds nothing wrong with its own dialect. So a statement is searched for forms that SQLite takes and
/// PostgreSQL refuses, or understands otherwise, before it runs for the first time. Forms that both refuse are not looked
/// for, nor are types: a store that minds them refuses them itself.
package enum PortableSQL {
    /// - Throws: `internal` for a statement that only some databases take, with its portable form.
    static func require(_ sql: String, of module: String) throws {
        guard let fault = fault(in: sql) else { return }
        throw ModuleError.internal("a statement of module '\(module)' is not portable: \(fault): \(sql)")
    }

    /// - Throws: `internal` for a change of the schema with a part that is not portable.
    static func require(_ change: SchemaChange, of module: String) throws {
        guard let fault = fault(in: change) else { return }
        throw ModuleError.internal("a change of the schema of module '\(module)' is not portable: \(fault)")
    }

    // MARK: Rules

    /// The portable form for a word.
    private static let words = [
        "pragma": "leave it to the host", "autoincrement": "declare the column as .id",
        "rowid": "declare a column as .id", "_rowid_": "declare a column as .id", "oid": "declare a column as .id",
        "glob": "lower(…) LIKE lower(?)", "regexp": "lower(…) LIKE lower(?)", "match": "lower(…) LIKE lower(?)",
        "collate": "compare lower(…) with lower(?)", "indexed": "leave the choice of an index to the database",
        "isnull": "IS NULL", "notnull": "IS NOT NULL", "true": "1, or a comparison that holds, 1 = 1",
        "false": "0, or a comparison that does not hold, 1 = 0",
    ]

    private static let inSwift = "reckon it in Swift and bind it"
    private static let bound = "bind an Instant or a CivilDate"
    private static let columns = "give what is asked for a column of its own"
    private static let leftOut = "leave it out"

    /// The portable form for a function. Functions whose names begin with `json` are not portable either.
    private static let functions = [
        "ifnull": "coalesce(a, b)", "iif": "CASE WHEN … THEN … ELSE … END", "total": "coalesce(sum(x), 0)",
        "group_concat": "ask for the rows and join them in Swift", "typeof": "look at the row's SQLValue",
        "date": bound, "time": bound, "datetime": bound, "strftime": bound, "julianday": bound, "unixepoch": bound,
        "timediff": bound, "hex": inSwift, "unhex": inSwift, "quote": inSwift, "char": inSwift, "unicode": inSwift,
        "zeroblob": inSwift, "randomblob": inSwift, "random": inSwift, "soundex": inSwift, "instr": inSwift,
        "printf": inSwift, "format": inSwift, "round": inSwift, "glob": "lower(…) LIKE lower(?)",
        "like": "lower(…) LIKE lower(?)", "changes": "what execute(_:_:) returns",
        "total_changes": "what execute(_:_:) returns", "last_insert_rowid": "what insert(_:_:) returns",
        "likely": leftOut, "unlikely": leftOut, "likelihood": leftOut, "load_extension": leftOut,
    ]

    /// The portable form for an operator or a quote.
    private static let signs = [
        "==": "=", "->": columns, "->>": columns, "::": "CAST(… AS …)", ";": "one statement, without a semicolon",
        "\"": "'…' for text, and a plain word for a name", "`": "a plain word for a name",
        "[": "a plain word for a name", "x": "bind the bytes",
    ]

    /// The types that a value can be cast to, by their first word. `INTEGER` and `REAL` are half as wide elsewhere.
    private static let types: Set = ["bigint", "double", "text"]

    /// Names that are not allowed: PostgreSQL's reserved words, of which SQLite takes some for names.
    private static let reserved = Set(
        """
        all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create \
        current_catalog current_date current_role current_time current_timestamp current_user default deferrable desc \
        distinct do else end except false fetch for foreign from grant group having in initially intersect into lateral \
        leading limit localtime localtimestamp not null offset on only or order placing primary references returning \
        select session_user some symmetric system_user table then to trailing true union unique user using variadic \
        when where window with
        """.split(separator: " ").map(String.init))

    // MARK: Changes of the schema

    static func fault(in change: SchemaChange) -> String? {
        switch change {
        case .table(let table, let columns, _, _): name(table) ?? columns.lazy.compactMap(fault).first
        case .index(let index, _, _, _, let condition): name(index) ?? condition.flatMap(fault(inCondition:))
        case .add(let column, _): fault(column)
        case .sql(let statement): fault(in: statement)
        }
    }

    private static func fault(_ column: ColumnDeclaration) -> String? {
        name(column.name) ?? column.condition.flatMap(fault(inCondition:))
    }

    private static func fault(inCondition condition: String) -> String? { fault(in: "SELECT 1 WHERE \(condition)") }

    private static func name(_ name: String) -> String? {
        reserved.contains(name.lowercased()) ? "'\(name)' is a reserved word; name it otherwise" : nil
    }

    // MARK: Statements

    /// - Returns: The part of a statement that is not portable, with its portable form; `nil` for a portable statement.
    static func fault(in sql: String) -> String? {
        let statement = Statement(SQLTokens.of(sql))
        return statement.tokens.indices.lazy.compactMap(statement.fault).first
    }

    /// A statement whose tokens have numbers; before the first and after the last there is an empty one.
    private struct Statement {
        let tokens: [SQLTokens.Token]
        /// The depth of brackets at each token, and for a closing bracket the number of the one that opens it.
        private var depths: [Int] = []
        private var openings: [Int: Int] = [:]

        init(_ tokens: [SQLTokens.Token]) {
            self.tokens = tokens
            var open: [Int] = []
            for (index, token) in tokens.enumerated() {
                if token == .sign(")"), let opening = open.popLast() { openings[index] = opening }
                depths.append(open.count)
                if token == .sign("(") { open.append(index) }
            }
        }

        private subscript(index: Int) -> SQLTokens.Token? { tokens.indices.contains(index) ? tokens[index] : nil }

        private func isWord(_ index: Int, _ words: String...) -> Bool {
            if case .word(let word)? = self[index] { words.contains(word) } else { false }
        }

        private func isSign(_ index: Int, _ sign: String) -> Bool { self[index] == .sign(sign) }

        private func isPlace(_ index: Int) -> Bool { if case .place? = self[index] { true } else { false } }

        /// The fault of a token and those around it.
        func fault(at index: Int) -> String? {
            switch tokens[index] {
            case .number: nil
            case .quoted("'"): isWord(index - 1, "as") ? "a text is no name; a plain word" : nil
            case .quoted(let quote): instead("\(quote)…", signs[quote])
            case .place(let place):
                place == "?" ? fault(atPlace: index) : instead(place, "? for each value in their order")
            case .sign(let sign): fault(atSign: sign, index)
            case .word(let word): fault(atWord: word, index)
            }
        }

        private func instead(_ what: String, _ portable: String?) -> String? {
            portable.map { "not \(what) but \($0)" }
        }

        /// The fault of a place that stands alone, which says nothing about the type of its value.
        private func fault(atPlace index: Int) -> String? {
            if isWord(index + 1, "is") { return "not ? IS NULL OR a = ? but COALESCE(?, a) = a" }
            guard case .sign(let sign)? = self[index + 1], isPlace(index + 2), sign != "," else { return nil }
            return "not ? \(sign) ? but its result, bound"
        }

        private func fault(atSign sign: String, _ index: Int) -> String? {
            if sign == ")", let opening = openings[index] { return fault(afterBrackets: opening, index) }
            return instead(sign, signs[sign])
        }

        /// The fault of a query after `FROM` or `JOIN` that has no name.
        private func fault(afterBrackets opening: Int, _ closing: Int) -> String? {
            guard isWord(opening + 1, "select", "values", "with"), isWord(opening - 1, "from", "join") else {
                return nil
            }
            if case .word(let next)? = self[closing + 1], next == "as" || !reserved.contains(next), next != "join" {
                return nil
            }
            return "a query in FROM needs a name: FROM (SELECT …) AS name"
        }

        private func fault(atWord word: String, _ index: Int) -> String? {
            if isSign(index + 1, "("), let fault = fault(atFunction: word, index) { return fault }
            if let portable = words[word] { return instead(word.uppercased(), portable) }
            switch word {
            case "or" where isWord(index - 1, "insert", "update"), "replace" where !isSign(index + 1, "("):
                return "not INSERT OR … or REPLACE but ON CONFLICT (…) DO …"
            case "is": return fault(atIs: index)
            case "like": return fault(atLike: index)
            case "in": return fault(atIn: index)
            case "limit": return fault(atLimit: index)
            case "order" where isChange && depths[index] == 0: return bounded
            case "as" where isCast(index): return fault(atType: index + 1)
            case "where", "and", "or", "not", "on", "having": return fault(atCondition: index)
            case "main", "temp":
                return isSign(index + 1, ".") ? "not \(word).table but the table alone" : nil
            default: return nil
            }
        }

        private func fault(atFunction name: String, _ index: Int) -> String? {
            if name.hasPrefix("json") { return instead("\(name)()", columns) }
            if name == "max" || name == "min", tokens.indices.contains(where: { isComma($0, of: index + 1) }) {
                return "not \(name)(a, b) but CASE WHEN … THEN … ELSE … END"
            }
            return instead("\(name)()", functions[name])
        }

        /// Whether a token is a comma between the arguments in the brackets that open there.
        private func isComma(_ index: Int, of opening: Int) -> Bool {
            guard index > opening, isSign(index, ","), depths[index] == depths[opening] + 1 else { return false }
            let closing = openings.first { $0.value == opening }?.key ?? tokens.count
            return index < closing
        }

        private func fault(atIs index: Int) -> String? {
            let next = isWord(index + 1, "not") ? index + 2 : index + 1
            // TRUE and FALSE have a rule of their own.
            guard !isWord(next, "null", "distinct", "true", "false") else { return nil }
            return "not a IS b but a = b, or IS NOT DISTINCT FROM where both may be NULL"
        }

        /// The fault of a `LIKE`, which ignores case in some databases.
        private func fault(atLike index: Int) -> String? {
            let before = isWord(index - 1, "not") ? index - 2 : index - 1
            let function = openings[before].map { $0 - 1 } ?? -1
            return isWord(function, "lower", "upper") ? nil : "not a LIKE ? but lower(a) LIKE lower(?)"
        }

        private func fault(atIn index: Int) -> String? {
            guard isSign(index + 1, "(") else { return "not a IN table but a IN (SELECT … FROM table)" }
            return isSign(index + 2, ")") ? "not a IN () but a comparison that does not hold, 1 = 0" : nil
        }

        private var isChange: Bool { isWord(0, "update", "delete") }

        private var bounded: String { "not UPDATE or DELETE with ORDER BY or LIMIT but WHERE id IN (SELECT … LIMIT ?)" }

        private func fault(atLimit index: Int) -> String? {
            if isChange && depths[index] == 0 { return bounded }
            if isSign(index + 1, "-") { return "not LIMIT -1 but no LIMIT" }
            return isSign(index + 2, ",") ? "not LIMIT a, b but LIMIT b OFFSET a" : nil
        }

        private func isCast(_ index: Int) -> Bool {
            let opening = tokens[..<index].indices.last { isSign($0, "(") && depths[$0] == depths[index] - 1 }
            return opening.map { isWord($0 - 1, "cast") } ?? false
        }

        private func fault(atType index: Int) -> String? {
            guard case .word(let type)? = self[index], !types.contains(type) else { return nil }
            return instead("CAST(… AS \(type.uppercased()))", "BIGINT, DOUBLE PRECISION or TEXT")
        }

        /// The fault of a value that stands alone between two words of conditions, compared with nothing: a number is no condition.
        private func fault(atCondition index: Int) -> String? {
            if isWord(index, "and"), isBetween(index) { return nil }
            var end = index + 1
            switch self[end] {
            case .word(let word)? where !reserved.contains(word) && word != "exists":
                if isSign(end + 1, ".") { end += 2 }
            case .place?, .number?: break
            default: return nil
            }
            let isAlone =
                self[end + 1] == nil || isSign(end + 1, ")")
                || isWord(end + 1, "and", "or", "then", "group", "order", "limit", "returning", "union")
            return isAlone ? "not a number as a condition but a = 1" : nil
        }

        private func isBetween(_ index: Int) -> Bool {
            let before = tokens[..<index].indices.last {
                depths[$0] == depths[index] && isWord($0, "between", "and", "or")
            }
            return before.map { isWord($0, "between") } ?? false
        }
    }
}
