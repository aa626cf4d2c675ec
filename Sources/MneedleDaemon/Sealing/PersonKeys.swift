import Crypto
import MneedleKit
import Synchronization

/// Who is who: names, ids and keys, as long as the service runs.
package final class PersonKeys: Sendable {
    private struct Known {
        var name: String
        var key: SymmetricKey
        var keys: SealedValue.Keys
        /// Whether the store knows the person.
        var isStored = false
    }

    private struct State {
        var byID: [PersonID: Known] = [:]
        var byName: [String: PersonID] = [:]
        /// The people whose keys have been destroyed.
        var erased: Set<PersonID> = []
        /// Whether the file holds all of this, so that another line may be added.
        var isWritten = false

        mutating func add(_ entry: KeyFile.KeyedPerson) {
            guard let key = entry.key else {
                erased.insert(entry.id)
                return
            }
            byID[entry.id] = Known(name: entry.name, key: key, keys: SealedValue.Keys(key))
            if entry.id != .nobody { byName[entry.name] = entry.id }
        }

        mutating func erase(_ id: PersonID) {
            erased.insert(id)
            guard let name = byID.removeValue(forKey: id)?.name, byName[name] == id else { return }
            byName[name] = nil
        }

        var entries: [KeyFile.KeyedPerson] {
            byID.map { KeyFile.KeyedPerson(id: $0, name: $1.name, key: $1.key) }
                + erased.map { KeyFile.KeyedPerson(id: $0, name: "", key: nil) }
        }
    }

    /// `nil` for tests that need no file.
    private let file: KeyFile?
    private let newID: @Sendable () -> PersonID
    private let state: Mutex<State>

    /// Reads the file.
    /// - Parameter newID: Makes ids, for tests whose store is to be the same in every run.
    /// - Throws: ``HeadNote/Refused``
    init(_ file: KeyFile?, newID: @escaping @Sendable () -> PersonID = PersonID.random) throws {
        (self.file, self.newID) = (file, newID)
        var state = State()
        let content = try file?.read() ?? KeyFile.Content()
        for entry in content.entries { state.add(entry) }
        state.isWritten = content.isWhole
        self.state = Mutex(state)
    }

    /// Where they are, for errors.
    var place: String { file?.path ?? "memory" }

    // MARK: People

    /// The id of a person; `nil` for a name that nobody has.
    func id(of name: String) -> PersonID? { state.withLock { $0.byName[name] } }

    /// The id of a person, who gets one and a key where there is none; on disk when this returns.
    /// - Parameter gone: Who is being erased: the name is given anew.
    func makeID(of name: String, except gone: [PersonID] = []) throws -> PersonID {
        try state.withLock { state in
            if let id = state.byName[name], !gone.contains(id) { return id }
            return try make(newID(), name, &state)
        }
    }

    /// Makes the key of nobody where there is none yet.
    func makeNobody() throws {
        try state.withLock { state in
            guard state.byID[.nobody] == nil else { return }
            _ = try make(.nobody, "", &state)
        }
    }

    /// Adds a person. A key without rows does no harm; rows without a key could not be read.
    private func make(_ id: PersonID, _ name: String, _ state: inout State) throws -> PersonID {
        let entry = KeyFile.KeyedPerson(id: id, name: name, key: SymmetricKey(size: .bits256))
        do {
            if state.isWritten { try file?.add(entry) } else { try file?.write(state.entries + [entry]) }
        } catch {
            // The line may be there, or half of it.
            state.isWritten = false
            throw unwritable(error)
        }
        state.isWritten = true
        state.add(entry)
        return id
    }

    private func unwritable(_ error: any Error) -> ModuleError {
        ModuleError(
            .storage, "the people's keys in '\(place)' cannot be written: \(error); nothing was changed")
    }

    /// The name of a person; a pseudonym where it has been erased.
    func name(of id: PersonID) -> String { state.withLock { $0.byID[id]?.name } ?? id.pseudonym }

    /// Whether a person has a key.
    func has(_ id: PersonID) -> Bool { state.withLock { $0.byID[id] != nil } }

    /// Whether a person's key has been destroyed.
    func hasErased(_ id: PersonID) -> Bool { state.withLock { $0.erased.contains(id) } }

    /// Whether the store knows the person, as far as ``note(stored:)`` was told.
    func isStored(_ id: PersonID) -> Bool { state.withLock { $0.byID[id]?.isStored ?? false } }

    /// Notes that the store knows these people, on disk.
    func note(stored ids: some Sequence<PersonID>) {
        state.withLock { state in for id in ids { state.byID[id]?.isStored = true } }
    }

    /// Gives people their names back whose erasing came to nothing.
    func keep(_ ids: some Sequence<PersonID>) {
        state.withLock { state in
            for id in ids { if let name = state.byID[id]?.name { state.byName[name] = id } }
        }
    }

    /// Destroys the keys of people; on disk when this returns. What was sealed by them cannot be read from then on.
    func erase(_ ids: some Sequence<PersonID>) throws {
        try state.withLock { state in
            var new = state
            for id in ids where id != .nobody { new.erase(id) }
            guard new.erased.count != state.erased.count || new.byID.count != state.byID.count else { return }
            do { try file?.write(new.entries) } catch { throw unwritable(error) }
            new.isWritten = true
            state = new
        }
    }

    /// All of them, for a copy or another master key.
    var entries: [KeyFile.KeyedPerson] { state.withLock { $0.entries } }

    // MARK: Values

    private func keys(of id: PersonID) throws -> SealedValue.Keys {
        guard let keys = state.withLock({ $0.byID[id]?.keys }) else {
            throw ModuleError.conflict("this person has been erased; nothing more is kept about them", state: "erased")
        }
        return keys
    }

    func seal(_ value: SQLValue, of id: PersonID, as form: SealedValue.Form, in place: String) throws -> SQLValue {
        try SealedValue.seal(value, of: id, keys(of: id), as: form, in: place)
    }

    func seal(_ facts: LedgerFacts, of id: PersonID) throws -> [UInt8] {
        try SealedValue.seal(facts, of: id, keys(of: id))
    }

    /// The facts of an entry; `nil` where the person has been erased.
    /// - Throws: `storage` for bytes that were altered.
    func open(facts bytes: [UInt8]) throws -> LedgerFacts? {
        let found = SealedValue.look(bytes)
        if let found, !has(found.id) { return nil }
        guard let found, let facts = try SealedValue.open(facts: bytes, keys(of: found.id)) else {
            throw ModuleError(.storage, "the facts of an entry are not what was sealed; 'ledger.verify' says more")
        }
        return facts
    }

    /// The value in the bytes of a column: any other bytes as they are, NULL for what nobody can read any more. Bytes that were
    /// altered stay bytes: a column of any other type does not hold them, and who keeps bytes has a digest of them.
    func open(_ bytes: [UInt8]) -> SQLValue {
        guard let (form, id) = SealedValue.look(bytes) else { return .blob(bytes) }
        if form == .person { return .text(name(of: id)) }
        guard let keys = state.withLock({ $0.byID[id]?.keys }) else { return .null }
        return SealedValue.open(bytes, form, keys) ?? .blob(bytes)
    }
}
