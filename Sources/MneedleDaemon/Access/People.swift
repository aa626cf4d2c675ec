import MneedleKit

/// The people whose data peers below admin see: `[access] people`.
package enum People: String, CaseIterable, Sendable {
    /// Everybody sees the data of their own people: those whose records name their unix user.
    case household
    /// Everybody with the role treats all people.
    case practice

    /// Whether this peer sees only its own data.
    func confines(_ actor: Actor) -> Bool { self == .household && actor.role < .admin }

    /// Whether a peer may call a command at all.
    func allows(_ command: Command, _ actor: Actor) -> Bool {
        actor.role >= command.role && !(confines(actor) && (command.concerns?.isForAdmin ?? true))
    }
}

extension Concern {
    /// Whether only an admin may call the command where people see only their own.
    var isForAdmin: Bool { whom == .everybody }
}

extension ModuleRegistry {
    /// Whether a peer sees only its own data.
    func confines(_ actor: Actor) -> Bool { people.confines(actor) }

    /// - Throws: `forbidden` for a command that is about everybody, or that does not say which people it is about.
    func requireSight(_ verb: String, _ concern: Concern?, of actor: Actor) throws {
        guard confines(actor), concern?.isForAdmin ?? true else { return }
        throw ModuleError(
            .forbidden,
            "'\(verb)' is not about one person alone: where people see only their own it needs the role admin, you have "
                + "\(actor.role.rawValue)",
            members: ["role": actor.role.rawValue, "needs": Role.admin.rawValue])
    }

    /// The owner of a thing.
    /// - Throws: `module-failed` when the module that knows the owner does not run: nobody may see a thing of unknown owner.
    func owner(of argument: Argument, _ kind: String, _ reading: StoreReading) throws -> Possession.Owner {
        guard let (module, possession) = possessions[kind] else {
            throw ModuleError.moduleFailed(
                kind, "the module that knows whose a \(kind) is does not run; an admin sees why by modules.list")
        }
        // The tables of owners are that module's.
        return try reading.within(module) { try possession.owner(argument, reading) }
    }

    /// Whether an event concerns nobody.
    func isCommon(_ event: PublishedEvent) -> Bool { event.person == nil && commonKinds.contains(event.topic) }
}

extension StoreReading {
    package func has(_ kind: String, named name: String) throws -> Bool? {
        guard registry.possessions[kind] != nil else { return nil }
        return try registry.owner(of: .text(name), kind, self) != .unknown
    }

    package var seesEverybody: Bool { !registry.confines(actor) }

    package func sees(_ person: String) throws -> Bool { try seesEverybody || ownPeople().contains(person) }

    /// The people whose records name the peer's unix user.
    /// - Throws: `module-failed` while the records do not run: then nobody has anything of their own.
    func ownPeople() throws -> Set<String> {
        Set(try list("records.list-people", ["unix_user": actor.user]).compactMap { $0.string("person") })
    }
}
