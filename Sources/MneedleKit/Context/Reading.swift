/// What a command that changes nothing may do: look at one consistent snapshot of the store, and ask other modules, who
/// answer from the same snapshot. What belongs together is reached through one room: `reading.store.row(…)`,
/// `reading.modules.ask(…)`.
public protocol Reading: AnyObject {
    /// The time of this call. Use it instead of the clock, so that one call sees one time.
    var now: Instant { get }

    /// Who asks.
    var actor: Actor { get }

    /// The tables of this module.
    var store: any ReadableStore { get }

    /// The other modules.
    var modules: any AskableModules { get }

    /// The civil time of places.
    var zones: any TimeZones { get }

    /// What speaks against sessions.
    var safety: any Safety { get }

    /// What the one who asks may see.
    var privacy: any Privacy { get }

    /// What shows that bytes, and the knowledge, are the same as before.
    var digests: any Digests { get }
}

/// What a command that changes something may do. Everything done through it is one unit: when the
/// command throws, none of it happened; when its reply leaves, all of it is on disk.
public protocol Transaction: Reading {
    /// What ``store`` is in a transaction; for the host, which cannot give two properties of one name.
    var writableStore: any WritableStore { get }

    /// What ``modules`` are in a transaction; for the host.
    var changeableModules: any ChangeableModules { get }

    /// Appends to the ledger, then runs the modules' reactions to it, in this same transaction. One that throws takes the
    /// entry and all that was done with it back, unless the entry ``Entry/stands``.
    /// - Returns: The entry's sequence number, which is also the event's.
    @discardableResult
    func record(_ entry: Entry) throws -> Int64
}

extension Transaction {
    /// The tables of this module, to read and to write.
    @inlinable public var store: any WritableStore { writableStore }

    /// The other modules, to ask and to change.
    @inlinable public var modules: any ChangeableModules { changeableModules }
}
