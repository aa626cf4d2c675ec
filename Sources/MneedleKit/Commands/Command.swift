/// A command of a module: one row of its table. Parsing, validation, help, `describe`, completion
/// and the reference page are all derived from it.
public struct Command: Sendable {
    /// Receives the rows of a listing one by one; blocks while the client does not read,
    /// throws when the client is gone. Let that error pass.
    public typealias RowSink = (Object) throws -> Void

    /// A way to answer a command, with its access to the store.
    public enum Handler: Sendable {
        /// Answers from a snapshot.
        case reads(@Sendable (Request, any Reading) throws -> Object)
        /// Streams rows from a snapshot, then answers.
        case lists(@Sendable (Request, any Reading, RowSink) throws -> Object)
        /// Changes something, in a transaction that is on disk before the reply leaves.
        case writes(@Sendable (Request, any Transaction) throws -> Object)
        /// Changes something in a way that another module of the kit defines, as taking bulk lines (`MneedleBulkKit`).
        case special(any SpecialHandler)
        /// Answers at once from memory, on the connections' thread: it must be quick, must not wait, and has no store.
        case immediate(@Sendable (Request) throws -> Object)
        /// Sends rows at once from memory, on the connections' thread, then answers.
        case immediateRows(@Sendable (Request, RowSink) throws -> Object)
        /// Answers `{}`, whatever the arguments, to show that the service is there. A line with nothing but the name is answered
        /// without being parsed.
        case constant
        /// Changes what the asking connection receives; for the service's own commands.
        case connection(ConnectionChange)
    }

    /// A handler that another module of the kit defines; the host refuses a module with one that it does not know.
    public protocol SpecialHandler: Sendable {}

    /// The change of a connection that a client can ask for.
    public enum ConnectionChange: Sendable { case subscribe, unsubscribe }

    /// The part of the verb after the dot: `assess` of `screening.assess`.
    public var name: String
    /// The effect of the command, for a person, in one sentence.
    public var summary: String
    /// The least role that may call it.
    public var role: Role
    /// The parameters, in the order in which help shows them.
    public var parameters: [AnyParameter]
    /// The members of the reply (of each row, for a listing) in their order, with their meaning.
    public var reply: [ReplyMember]
    /// The JSON Schema 2020-12 of the reply (of each row, for a listing); `nil` where none is declared.
    public var replySchema: Object?
    /// The JSON Schema 2020-12 of the members after a listing's rows; `nil` where there are none, or none is declared.
    public var closingSchema: Object?
    /// The error codes to expect beside `invalid-argument`, `forbidden`, `busy`, `storage` and `internal`.
    public var errors: [ModuleError.Code]
    /// The people whom the command concerns; a command without it is for an admin alone where people see only their own.
    public var concerns: Concern?
    /// The kind of things of which this listing shows all that the asker may see; see ``catalogue(of:)``.
    public var catalogue: String?
    /// What a command does that no other takes back, in one sentence; see ``final(_:)``.
    public var consequence: String?
    /// A complete request in words, as a person would type it.
    public var example: String
    /// The way to answer the command, with its access to the store.
    public var handler: Handler
    /// The answer to a read that fails because the store cannot be reached; without it, the answer is the error.
    public var withoutStore: (@Sendable (ModuleError) -> Object)?

    /// - Parameter example: A complete request in words, for example `records.show-person person=anna`.
    public init(
        _ name: String, _ summary: String, role: Role, parameters: [AnyParameter] = [], reply: [ReplyMember] = [],
        errors: [ModuleError.Code] = [], concerns: Concern? = nil, example: String, _ handler: Handler
    ) {
        self.name = name
        self.summary = summary
        self.role = role
        self.parameters = parameters
        self.reply = reply
        self.errors = errors
        self.concerns = concerns
        self.example = example
        self.handler = handler
    }

    /// The same listing, as the one in which all things of a kind are found: clients offer the members of that name where an
    /// argument names such a thing (``Concern/Name/kind``). It needs no argument.
    public func catalogue(of kind: String) -> Command {
        var catalogue = self
        catalogue.catalogue = kind
        return catalogue
    }

    /// The same command, as one whose effect no other command takes back: clients ask before they send it, or want to be told
    /// that it is meant.
    /// - Parameter consequence: What stays, in one sentence: "The device is never used again."
    public func final(_ consequence: String) -> Command {
        var final = self
        final.consequence = consequence
        return final
    }

    /// Whether the command may change the store.
    public var changes: Bool {
        switch handler {
        case .writes, .special: true
        case .reads, .lists, .immediate, .immediateRows, .constant, .connection: false
        }
    }
}

/// Commands made from typed parameters and replies: a handler is given the arguments of its command and returns its answer.
///
/// Handlers keep the readers of the arguments and not the parameters: looking up the types `Parameter<…>` anew for each request
/// would take five times as long as all reading.
extension Command {
    /// A command that answers from a snapshot.
    public init<each Argument: Sendable, Answer: Reply>(
        _ name: String, _ summary: String, role: Role, takes: repeat Parameter<each Argument>, gives: Answer.Type,
        errors: [ModuleError.Code] = [], concerns: Concern? = nil, example: String,
        reads: @escaping @Sendable (any Reading, repeat each Argument) throws -> Answer
    ) {
        let read = (repeat (each takes).read)
        self.init(
            name, summary, role: role, .of(repeat each takes), gives, errors, concerns, example,
            .reads { try reads($1, repeat try (each read)($0.arguments)).object })
    }

    /// A listing: its handler sends rows from a snapshot through a function.
    public init<each Argument: Sendable, Row: Reply>(
        _ name: String, _ summary: String, role: Role, takes: repeat Parameter<each Argument>, gives: Row.Type,
        errors: [ModuleError.Code] = [], concerns: Concern? = nil, example: String,
        lists: @escaping @Sendable (any Reading, (Row) throws -> Void, repeat each Argument) throws -> Void
    ) {
        let read = (repeat (each takes).read)
        self.init(
            name, summary, role: role, .of(repeat each takes), gives, errors, concerns, example,
            .lists { request, reading, sink in
                try lists(reading, { try sink($0.object) }, repeat try (each read)(request.arguments))
                return [:]
            })
    }

    /// A listing that ends with members about all its rows.
    public init<each Argument: Sendable, Row: Reply, Closing: Reply>(
        _ name: String, _ summary: String, role: Role, takes: repeat Parameter<each Argument>, gives: Row.Type,
        closes: Closing.Type, errors: [ModuleError.Code] = [], concerns: Concern? = nil, example: String,
        lists: @escaping @Sendable (any Reading, (Row) throws -> Void, repeat each Argument) throws -> Closing
    ) {
        let read = (repeat (each takes).read)
        self.init(
            name, summary, role: role, .of(repeat each takes), gives, errors, concerns, example,
            .lists { request, reading, sink in
                try lists(reading, { try sink($0.object) }, repeat try (each read)(request.arguments)).object
            })
        reply += Closing.members.map { ReplyMember($0.name, $0.meaning) }
        closingSchema = Closing.schema
    }

    /// A command that changes something, in a transaction that is on disk before the reply leaves.
    public init<each Argument: Sendable, Answer: Reply>(
        _ name: String, _ summary: String, role: Role, takes: repeat Parameter<each Argument>, gives: Answer.Type,
        errors: [ModuleError.Code] = [], concerns: Concern? = nil, example: String,
        writes: @escaping @Sendable (any Transaction, repeat each Argument) throws -> Answer
    ) {
        let read = (repeat (each takes).read)
        self.init(
            name, summary, role: role, .of(repeat each takes), gives, errors, concerns, example,
            .writes { try writes($1, repeat try (each read)($0.arguments)).object })
    }

    /// A command that changes something in a way that another module of the kit defines.
    public init<each Argument: Sendable, Answer: Reply>(
        _ name: String, _ summary: String, role: Role, takes: repeat Parameter<each Argument>, gives: Answer.Type,
        errors: [ModuleError.Code] = [], concerns: Concern? = nil, example: String, special: any SpecialHandler
    ) {
        self.init(
            name, summary, role: role, .of(repeat each takes), gives, errors, concerns, example, .special(special))
    }

    /// A command that answers at once from memory, on the connections' thread: it must be quick, must not wait, and has no store.
    public init<each Argument: Sendable, Answer: Reply>(
        _ name: String, _ summary: String, role: Role, takes: repeat Parameter<each Argument>, gives: Answer.Type,
        errors: [ModuleError.Code] = [], concerns: Concern? = nil, example: String,
        immediate: @escaping @Sendable (Actor, repeat each Argument) throws -> Answer
    ) {
        let read = (repeat (each takes).read)
        self.init(
            name, summary, role: role, .of(repeat each takes), gives, errors, concerns, example,
            .immediate { try immediate($0.actor, repeat try (each read)($0.arguments)).object })
    }

    /// A listing from memory, as `immediate:`.
    public init<each Argument: Sendable, Row: Reply>(
        _ name: String, _ summary: String, role: Role, takes: repeat Parameter<each Argument>, gives: Row.Type,
        errors: [ModuleError.Code] = [], concerns: Concern? = nil, example: String,
        immediateRows: @escaping @Sendable (Actor, (Row) throws -> Void, repeat each Argument) throws -> Void
    ) {
        let read = (repeat (each takes).read)
        self.init(
            name, summary, role: role, .of(repeat each takes), gives, errors, concerns, example,
            .immediateRows { request, sink in
                try immediateRows(
                    request.actor, { try sink($0.object) }, repeat try (each read)(request.arguments))
                return [:]
            })
    }

    /// A command that answers `{}` and does nothing.
    public static func constant(
        _ name: String, _ summary: String, role: Role, concerns: Concern? = nil, example: String
    ) -> Command {
        Command(name, summary, role: role, [], Done.self, [], concerns, example, .constant)
    }

    /// A command that changes what the asking connection receives; for the service's own.
    public init<each Argument: Sendable, Answer: Reply>(
        _ name: String, _ summary: String, role: Role, takes: repeat Parameter<each Argument>, gives: Answer.Type,
        errors: [ModuleError.Code] = [], concerns: Concern? = nil, example: String, connection: ConnectionChange
    ) {
        self.init(
            name, summary, role: role, .of(repeat each takes), gives, errors, concerns, example, .connection(connection)
        )
    }

    private init<Answer: Reply>(
        _ name: String, _ summary: String, role: Role, _ parameters: [AnyParameter], _ gives: Answer.Type,
        _ errors: [ModuleError.Code], _ concerns: Concern?, _ example: String, _ handler: Handler
    ) {
        self.init(
            name, summary, role: role, parameters: parameters,
            reply: Answer.members.map { ReplyMember($0.name, $0.meaning) }, errors: errors, concerns: concerns,
            example: example, handler)
        replySchema = Answer.schema
    }
}

/// One member of a reply or row.
public struct ReplyMember: Sendable {
    /// The member's name in the reply.
    public var name: String
    /// The meaning, for a person.
    public var meaning: String

    /// A member with its meaning.
    public init(_ name: String, _ meaning: String) {
        self.name = name
        self.meaning = meaning
    }
}
