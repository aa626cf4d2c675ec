/// A step of a module's schema. Steps are numbered from 1 and applied in order, each once; a step never changes.
///
///     Migration(1, "visits", [
///         .table("visits_visit", [.id, .text("person"), .time("at"), .text("room").optional()]),
///         .index("visits_visit_person", on: "visits_visit", ["person", "at"]),
///     ])
public struct Migration: Sendable {
    /// The number of the step, from 1 on; the newest is the version of the module's tables.
    public var version: Int
    /// The change, in a few words.
    public var summary: String
    /// The changes in the order in which they are made.
    public var changes: [SchemaChange]

    /// A step that the host applies where the store has an older version; declared once and not changed afterwards.
    public init(_ version: Int, _ summary: String, _ changes: [SchemaChange]) {
        self.version = version
        self.summary = summary
        self.changes = changes
    }
}

/// One change of a module's schema. Columns have kinds, which the host translates into types of the store's database. Tables
/// and indices are named `<module>_…`: the host refuses others.
public enum SchemaChange: Sendable {
    /// A new table. A key of several columns stands in `primaryKey`, further columns that are unique together in `unique`.
    case table(String, [ColumnDeclaration], primaryKey: [String] = [], unique: [String] = [])
    /// A new index; with `where`, a condition in SQL, it covers only the rows for which the condition holds.
    case index(String, on: String, [String], isUnique: Bool = false, where: String? = nil)
    /// One more column of an existing table. The column is optional or has a default, for the existing rows.
    case add(ColumnDeclaration, to: String)
    /// A statement in portable SQL that changes rows.
    case sql(String)
}

/// A column with its kind. Every row has a value there, unless the column is ``optional()``.
public struct ColumnDeclaration: Sendable {
    /// The kind of values in a column, which says how they are read from a ``Row``.
    public enum Kind: Sendable {
        /// A number that the store gives, and the row's key: ``WritableStore/insert(_:_:)`` returns it.
        case id
        /// Text; lists and objects too, as JSON.
        case text
        /// A whole number of 64 bits.
        case integer
        /// A number with a fraction, of 64 bits.
        case real
        /// A flag, bound as `Bool`; 0 or 1 in SQL.
        case boolean
        /// An `Instant`, in milliseconds since 1970.
        case time
        /// A `CivilDate`, as text that sorts by time: `2026-11-20`.
        case date
        /// Bytes.
        case bytes
    }

    /// What a column says about a person, and how the store has it. Statements and rows have the values themselves: the host
    /// seals what is bound, and opens what is read.
    public enum Protection: Sendable, Hashable {
        /// Nothing: the value is stored as it is.
        case none
        /// The person's name: the store has an id instead, which tells nobody who that is.
        case person
        /// Something about the person whose name stands in that column of the row: sealed by that person's key, anew each time.
        /// It can be selected and set; no statement can compare it or sort by it.
        case sealed(of: String)
        /// The same, sealed alike each time, so that a statement can look for a value: `symptom = ?`.
        case matched(of: String)
        /// Something by which people are looked for: a code that a key of the store makes of it, the same for the same value. A
        /// statement finds it (`unix_user_match = ?`) and no row gives it back, so it stands beside a sealed column.
        case looked
    }

    /// The column's name in SQL.
    public let name: String
    /// The kind of its values.
    public let kind: Kind
    /// What it says about a person.
    public private(set) var protection = Protection.none
    /// Whether a row with a person's name stays when that person is erased.
    public private(set) var outlivesPerson = false
    /// Whether a row may be without a value.
    public private(set) var isOptional = false
    /// Whether the column alone is the table's key.
    public private(set) var isPrimaryKey = false
    /// Whether no two rows have the same value; rows without one are not compared.
    public private(set) var isUnique = false
    /// The value of a row that is inserted without one.
    public private(set) var defaultValue: Int64?
    /// The column of another table that has to hold each of its values.
    public private(set) var reference: (table: String, column: String)?
    /// The condition on its values, in SQL.
    public private(set) var condition: String?

    private init(_ name: String, _ kind: Kind, default value: Int64? = nil) {
        self.name = name
        self.kind = kind
        defaultValue = value
    }

    /// The column `id`: a number that the store gives.
    public static var id: Self { Self("id", .id) }
    /// A number that the store gives, under another name.
    public static func id(named name: String) -> Self { Self(name, .id) }
    /// Text; lists and objects too, as JSON.
    public static func text(_ name: String) -> Self { Self(name, .text) }
    /// A whole number of 64 bits, with the value of a row that is inserted without one.
    public static func integer(_ name: String, default value: Int64? = nil) -> Self {
        Self(name, .integer, default: value)
    }
    /// A number with a fraction.
    public static func real(_ name: String) -> Self { Self(name, .real) }
    /// A flag, with the value of a row that is inserted without one.
    public static func boolean(_ name: String, default value: Bool? = nil) -> Self {
        Self(name, .boolean, default: value.map { $0 ? 1 : 0 })
    }
    /// An `Instant`.
    public static func time(_ name: String) -> Self { Self(name, .time) }
    /// A `CivilDate`.
    public static func date(_ name: String) -> Self { Self(name, .date) }
    /// Bytes.
    public static func bytes(_ name: String) -> Self { Self(name, .bytes) }
    /// A person's name.
    public static func person(_ name: String = "person") -> Self { Self(name, .text).with { $0.protection = .person } }

    /// The column, which says something about the person whose name stands in another column of the row.
    public func sealed(of person: String = "person") -> Self { with { $0.protection = .sealed(of: person) } }
    /// The same, where statements look for a value.
    public func matched(of person: String = "person") -> Self { with { $0.protection = .matched(of: person) } }
    /// The column with a person's name, for rows that stay when that person is erased: who was treated from which lot.
    public func outliving() -> Self { with { $0.outlivesPerson = true } }
    /// The column, by which people are looked for and which no row gives back.
    public func looked() -> Self { with { $0.protection = .looked } }
    /// The column, for rows that may be without a value.
    public func optional() -> Self { with { $0.isOptional = true } }
    /// The column as the table's only key.
    public func primaryKey() -> Self { with { $0.isPrimaryKey = true } }
    /// The column, without the same value in two rows.
    public func unique() -> Self { with { $0.isUnique = true } }
    /// The column, whose values each have to be in that column of that table.
    public func references(_ table: String, _ column: String) -> Self { with { $0.reference = (table, column) } }
    /// The column, with a condition in SQL that holds for each row.
    public func check(_ condition: String) -> Self { with { $0.condition = condition } }

    private func with(_ change: (inout Self) -> Void) -> Self {
        var column = self
        change(&column)
        return column
    }
}
