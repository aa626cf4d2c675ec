/// Whom a command concerns. In a household, where people see only what is their own, the host goes by this before
/// a command runs and over each row that it sends. A command that does not say it is then for an admin alone.
public struct Concern: Sendable {
    /// Something that belongs to somebody, named in an argument or in a member of a row.
    public struct Name: Sendable, ExpressibleByStringLiteral {
        /// The argument's or member's name.
        public var name: String
        /// What it names: `person`, or a kind that some module's ``Possession`` knows.
        public var kind: String
        /// Whether what belongs to nobody counts as another's.
        public var mustBeOwn: Bool
        /// Whether a row without it concerns nobody by that.
        public var isOptional: Bool

        /// An argument or member that names something of another kind than its own name.
        public init(_ name: String, names kind: String, mustBeOwn: Bool = false, isOptional: Bool = false) {
            self.name = name
            self.kind = kind
            self.mustBeOwn = mustBeOwn
            self.isOptional = isOptional
        }

        /// An argument or member that has the name of what it names.
        public init(stringLiteral name: String) { self.init(name, names: name) }
    }

    /// What holds for a request that names nothing.
    public enum Otherwise: String, Sendable {
        /// Its rows are looked at one by one; without rows it is refused.
        case rows
        /// It concerns nobody.
        case nobody
        /// The argument `person` is filled in for whoever has one record only; others have to give it.
        case person
    }

    /// About whom it is.
    public enum Whom: String, Sendable {
        /// Neither an argument nor a word of the answer is about anybody.
        case nobody
        /// It is about all of them together: for an admin alone.
        case everybody
        /// What its arguments and rows name.
        case named
        /// The command itself leaves out what is another's.
        case filtered
    }

    /// About whom it is.
    public var whom: Whom
    /// The arguments that name something of somebody's. All of it has to be one's own, or nobody's.
    public var arguments: [Name]
    /// What a row names. Everything that it names has to be one's own, or nobody's.
    public var rows: [Name]
    /// What holds for a request that gives none of the arguments.
    public var otherwise: Otherwise

    private init(_ whom: Whom, _ arguments: [Name] = [], rows: [Name] = [], _ otherwise: Otherwise = .rows) {
        self.whom = whom
        self.arguments = arguments
        self.rows = rows
        self.otherwise = otherwise
    }

    /// Nothing in it is about anybody: for all.
    public static let nobody = Concern(.nobody)
    /// It is about all of them together: for an admin alone.
    public static let everybody = Concern(.everybody)
    /// Its handler leaves out what is another's.
    public static let filtered = Concern(.filtered)

    /// What its arguments name, and what its rows name.
    public static func named(_ arguments: Name..., rows: [Name] = [], otherwise: Otherwise = .rows) -> Concern {
        Concern(.named, arguments, rows: rows, otherwise)
    }
}

/// Says whose a thing of one kind is, for the host to ask before a command that names it.
public struct Possession: Sendable {
    /// Whose a thing is.
    public enum Owner: Hashable, Sendable {
        case person(String)
        /// It is there for everybody, as a device without an owner.
        case nobody
        /// There is no such thing.
        case unknown
    }

    /// As arguments name it: `session`.
    public var kind: String
    /// Whose the thing is that an argument names, in this snapshot.
    public var owner: @Sendable (Argument, any Reading) throws -> Owner

    /// - Parameter kind: As arguments name it.
    public init(of kind: String, owner: @escaping @Sendable (Argument, any Reading) throws -> Owner) {
        self.kind = kind
        self.owner = owner
    }

    /// Whose a thing is that a table has under a number.
    /// - Parameter sql: Selects the column `person` by the number.
    public static func numbered(_ kind: String, _ sql: String) -> Possession {
        Possession(of: kind) { argument, reading in
            guard case .integer(let id) = argument, let row = try reading.store.row(sql, id),
                let person = row.text("person")
            else { return .unknown }
            return .person(person)
        }
    }
}
