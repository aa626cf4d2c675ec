/// The people whom a command concerns. In a household, where people see only their own records, the host checks this before
/// a command runs and for each row that it sends. A command without a concern is then for an admin alone.
public struct Concern: Sendable {
    /// An argument or a member of a row that names a thing which belongs to somebody.
    public struct Name: Sendable, ExpressibleByStringLiteral {
        /// The argument's or member's name.
        public var name: String
        /// The kind of the named thing: `person`, or a kind that some module's ``Possession`` knows.
        public var kind: String
        /// Whether a thing that belongs to nobody counts as another's.
        public var mustBeOwn: Bool
        /// Whether a row may lack the member, and then concerns nobody by it.
        public var isOptional: Bool

        /// An argument or member whose own name is not the kind of the thing that it names.
        public init(_ name: String, names kind: String, mustBeOwn: Bool = false, isOptional: Bool = false) {
            self.name = name
            self.kind = kind
            self.mustBeOwn = mustBeOwn
            self.isOptional = isOptional
        }

        /// An argument or member whose own name is the kind of the thing that it names.
        public init(stringLiteral name: String) { self.init(name, names: name) }
    }

    /// The rule for a request that names nothing.
    public enum Otherwise: String, Sendable {
        /// The rows are checked one by one; a command without rows is refused.
        case rows
        /// The request concerns nobody.
        case nobody
        /// The argument `person` is filled in for a user who has one record only; others have to give it.
        case person
    }

    /// The people that a command is about.
    public enum Whom: String, Sendable {
        /// Neither an argument nor a word of the answer is about anybody.
        case nobody
        /// The command is about all people together: for an admin alone.
        case everybody
        /// The command is about the people whose things its arguments and rows name.
        case named
        /// The command itself leaves out the things of others.
        case filtered
    }

    /// The people that the command is about.
    public var whom: Whom
    /// The arguments that name things of people. Each thing has to be the user's own, or nobody's.
    public var arguments: [Name]
    /// The members of a row that name things of people. Each thing has to be the user's own, or nobody's.
    public var rows: [Name]
    /// The rule for a request that gives none of the arguments.
    public var otherwise: Otherwise

    private init(_ whom: Whom, _ arguments: [Name] = [], rows: [Name] = [], _ otherwise: Otherwise = .rows) {
        self.whom = whom
        self.arguments = arguments
        self.rows = rows
        self.otherwise = otherwise
    }

    /// The concern of a command that is about nobody: everybody may call it.
    public static let nobody = Concern(.nobody)
    /// The command is about all people together: for an admin alone.
    public static let everybody = Concern(.everybody)
    /// The concern of a command whose handler leaves out the things of others.
    public static let filtered = Concern(.filtered)

    /// The concern of a command whose arguments or rows name things of people.
    public static func named(_ arguments: Name..., rows: [Name] = [], otherwise: Otherwise = .rows) -> Concern {
        Concern(.named, arguments, rows: rows, otherwise)
    }
}

/// The ownership of things of one kind; the host asks for it before a command that names such a thing.
public struct Possession: Sendable {
    /// The owner of a thing.
    public enum Owner: Hashable, Sendable {
        case person(String)
        /// The thing is there for everybody, as a device without an owner.
        case nobody
        /// There is no such thing.
        case unknown
    }

    /// The kind of things, as arguments name it: `session`.
    public var kind: String
    /// The function that finds, in this snapshot, the owner of the thing that an argument names.
    public var owner: @Sendable (Argument, any Reading) throws -> Owner

    /// - Parameter kind: The kind of things, as arguments name it.
    public init(of kind: String, owner: @escaping @Sendable (Argument, any Reading) throws -> Owner) {
        self.kind = kind
        self.owner = owner
    }

    /// The ownership of things that a table has under a number.
    /// - Parameter sql: A statement that selects the column `person` by the number.
    public static func numbered(_ kind: String, _ sql: String) -> Possession {
        Possession(of: kind) { argument, reading in
            guard case .integer(let id) = argument, let row = try reading.store.row(sql, id),
                let person = row.text("person")
            else { return .unknown }
            return .person(person)
        }
    }
}
