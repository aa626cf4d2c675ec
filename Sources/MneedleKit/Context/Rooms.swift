/// The other modules, asked by their commands, in the same snapshot or transaction and for the same actor.
public protocol AskableModules: AnyObject {
    /// Asks a reading command of another module, for example `records.show-person`.
    /// - Throws: The errors of that command; `module-failed` when its module is not running.
    func ask(_ verb: String, _ arguments: Object) throws -> Object

    /// Asks a listing of another module and collects its rows.
    func list(_ verb: String, _ arguments: Object) throws -> [Object]

    /// Whether there is a thing of that kind and name, in less time than asking for it takes: the ``Possession`` of its module
    /// says so. `nil` where no module that runs says it of this kind; `false` for a kind whose things have numbers and no names.
    func has(_ kind: String, named name: String) throws -> Bool?
}

/// The other modules, for a command that changes something.
public protocol ChangeableModules: AskableModules {
    /// Asks a changing command of another module, in this transaction and for the same actor.
    @discardableResult
    func change(_ verb: String, _ arguments: Object) throws -> Object
}

/// The civil time of places, from the system's time zone data.
public protocol TimeZones {
    /// The civil time of a place by its IANA name; `nil` for a name that the system does not know.
    subscript(_ identifier: String) -> Zone? { get }

    /// The zone that a person means: an IANA name in any case of letters, or the city of one, where no other has a city of that
    /// name.
    func place(_ words: String) -> Zone?

    /// The zone that the machine's clocks are set to.
    var here: Zone { get }
}

/// The findings against sessions. It fails closed: a module that should answer and cannot is a blocking finding itself.
public protocol Safety: AnyObject {
    /// The findings that forbid any session of this person now, or are to be heeded. The gate before a session and all advice
    /// ask this one question.
    func standing(of person: Person) -> Standing

    /// The person's standing, and the findings of every module's safety checks about this plan.
    func findings(for plan: SessionPlan) -> [Finding]

    /// The same, as they will be at a later moment if nothing happens until then.
    func findings(for plan: SessionPlan, at: Instant) -> [Finding]

    /// What there is to do, in the order in which it is told.
    /// - Parameter person: The one to be told about; `nil` for everybody whom the actor sees.
    /// - Throws: `not-found` for a person who is not on record.
    func agenda(of person: String?) throws -> [AgendaItem]
}

/// The limits of what the actor may see. The host itself enforces what a command ``Command/concerns``; this is for answers
/// of which only a part is about others.
public protocol Privacy: AnyObject {
    /// Whether the actor sees the records of everybody: always in a practice; in a household only an admin does.
    var seesEverybody: Bool { get }

    /// Whether the actor sees the records of this person.
    func sees(_ person: String) throws -> Bool

    /// Calls `body` with every row of every table that is about this person, the ledger's entries among them.
    func everything(about person: String, _ body: (_ table: String, _ row: Object) throws -> Void) throws
}

/// The digests that show whether something is the same as before.
public protocol Digests {
    /// The digest of the knowledge in force: SHA-256 over the knowledge files, in lower-case hexadecimal digits.
    var knowledge: String { get }

    /// The SHA-256 digest of some bytes.
    func sha256(_ bytes: [UInt8]) -> [UInt8]
}
