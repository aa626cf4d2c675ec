/// The other modules, as a command reaches them: by their commands, in the same snapshot or transaction and for the same actor.
public protocol AskableModules: AnyObject {
    /// Asks a reading command of another module, for example `records.show-person`.
    /// - Throws: What that command throws; `module-failed` when its module is not running.
    func ask(_ verb: String, _ arguments: Object) throws -> Object

    /// Asks a listing of another module and collects its rows.
    func list(_ verb: String, _ arguments: Object) throws -> [Object]
}

/// The other modules, as a command reaches them that changes something.
public protocol ChangeableModules: AskableModules {
    /// Asks a changing command of another module, in this transaction and for the same actor.
    @discardableResult
    func change(_ verb: String, _ arguments: Object) throws -> Object
}

/// The civil time of places, from the system's time zone data.
public protocol TimeZones {
    /// The civil time of a place by its IANA name; `nil` for a name that the system does not know.
    subscript(_ identifier: String) -> Zone? { get }
}

/// What speaks against sessions. It fails closed: a module that should answer and cannot is a blocking finding itself.
public protocol Safety: AnyObject {
    /// What forbids any session of this person now, or is to be heeded: one question, asked by the gate before a session
    /// and by all advice.
    func standing(of person: Person) -> Standing

    /// The person's standing, and the findings of every module's safety checks about this plan.
    func findings(for plan: SessionPlan) -> [Finding]
}

/// What the one who asks may see. The host asks by itself, from what a command says that it ``Command/concerns``; this is for
/// answers of which only a part is another's.
public protocol Privacy: AnyObject {
    /// Whether the one who asks sees what is everybody's: always in a practice; in a household only an admin does.
    var seesEverybody: Bool { get }

    /// Whether the one who asks sees what is this person's.
    func sees(_ person: String) throws -> Bool
}

/// What shows that something is the same as before.
public protocol Digests {
    /// Which knowledge is in force: the SHA-256 digest over the knowledge files, in lower-case hexadecimal digits.
    var knowledge: String { get }

    /// The SHA-256 digest of some bytes.
    func sha256(_ bytes: [UInt8]) -> [UInt8]
}
