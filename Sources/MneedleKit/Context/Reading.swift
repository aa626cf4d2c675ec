/// The means of a command that changes nothing: it sees one consistent snapshot of the store, and asks other modules, which
/// answer from the same snapshot. Each room holds the functions of one subject: `reading.store.row(…)`,
/// `reading.modules.ask(…)`.
public protocol Reading: AnyObject {
    /// The time of this call. Use it instead of the clock, so that one call sees one time.
    var now: Instant { get }

    /// The peer that asks, or the service itself.
    var actor: Actor { get }

    /// The tables of this module.
    var store: any ReadableStore { get }

    /// The other modules.
    var modules: any AskableModules { get }

    /// The civil time of places.
    var zones: any TimeZones { get }

    /// The findings against sessions.
    var safety: any Safety { get }

    /// The limits of what the actor may see.
    var privacy: any Privacy { get }

    /// The digests that show whether bytes, and the knowledge, are the same as before.
    var digests: any Digests { get }
}

/// The means of a command that changes something. Everything done through it is one unit: when the
/// command throws, none of it happened; when its reply leaves, all of it is on disk.
public protocol Transaction: Reading {
    /// The ``store`` of a transaction; for the host, which cannot give two properties of one name.
    var writableStore: any WritableStore { get }

    /// The ``modules`` of a transaction; for the host.
    var changeableModules: any ChangeableModules { get }

    /// The time by the clock without its jumps: the difference of two tells how much time has passed, however the clock was set
    /// meanwhile. It is no time of day.
    var steadyNow: Instant { get }

    /// Appends to the ledger, then runs the modules' reactions to it, in this same transaction. One that throws takes the
    /// entry and all that was done with it back, unless the entry ``Entry/stands``.
    /// - Returns: The entry's sequence number, which is also the event's.
    @discardableResult
    func record(_ entry: Entry) throws -> Int64

    /// Erases a person: removes the rows about them, but for those whose column ``ColumnDeclaration/outliving()`` says that they
    /// stay, and destroys their key once this transaction is on disk. What was sealed by it can be read nowhere any more,
    /// in copies and in the ledger neither.
    /// - Returns: The name that stands from then on where theirs stood.
    func forget(_ person: String) throws -> String
}

extension Transaction {
    /// The tables of this module, to read and to write.
    @inlinable public var store: any WritableStore { writableStore }

    /// The other modules, to ask and to change.
    @inlinable public var modules: any ChangeableModules { changeableModules }
}
