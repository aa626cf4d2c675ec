import MneedleKit

/// The store's note about a module.
enum Remembered: Int64, Sendable {
    /// The module ran and guarded no session.
    case bystander = 0
    /// The module guarded sessions, and none starts while it does not.
    case guarding = 1
    /// The module guarded sessions and is gone, and an administrator has said that this is meant. It guards again when it runs.
    case retired = 2
}

extension Store {
    /// The modules that ran with this store before. A module whose note is damaged counts as a guard.
    func knownModules() throws -> [String: Remembered] {
        var known: [String: Remembered] = [:]
        try read(nil) { connection in
            try connection.forEach("SELECT name, guards FROM mneedle_modules", [], of: Verb.host) { row in
                let name = if case .text(let name) = row["name"] { name } else { "" }
                let guards: Remembered? =
                    if case .integer(let number) = row["guards"] { Remembered(rawValue: number) } else { nil }
                known[name] = known[name] == .guarding ? .guarding : guards ?? .guarding
            }
        }
        return known
    }

    /// Notes the modules that run now, and whether each guards sessions. One that guarded before and does not now is still missed.
    func remember(_ modules: [String: Bool]) throws {
        let known = try knownModules()
        let now = modules.reduce(into: [String: Remembered]()) { now, module in
            now[module.key] = module.value || known[module.key] == .guarding ? .guarding : .bystander
        }
        guard now.contains(where: { known[$0.key] != $0.value }) else { return }
        do {
            try write { connection in
                try connection.group {
                    for (name, remembered) in now { try connection.remember(name, remembered) }
                }
            }
        } catch let error as StoreError {
            throw error.moduleError
        }
    }
}

extension WritingConnection {
    fileprivate func remember(_ name: String, _ remembered: Remembered) throws {
        let sql = """
            INSERT INTO mneedle_modules (name, guards) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET guards = excluded.guards
            """
        _ = try run(sql, bindings(name, remembered.rawValue), of: Verb.host)
    }
}

extension StoreTransaction {
    /// Retires a guard that is gone, until it runs again.
    /// - Throws: `invalid-argument` for a reason of too few letters, `conflict` for a guard that runs, `not-found` for a name
    ///   that is no missed guard.
    func retireGuard(_ name: String, reason: String) throws -> RetiredGuard {
        guard let reasons = registry.reasons else {
            throw ModuleError.internal("how long a reason has to be is not known")
        }
        try reasons.require("reason", reason)
        guard let missed = registry.unavailableModules.first(where: { $0.name == name }) else {
            if registry.guarding.contains(name) {
                throw ModuleError.conflict(
                    "module '\(name)' runs and guards sessions, and only a guard that is gone can be retired: name it in "
                        + "'disabled' of [modules] or remove its library, restart the service, then retire it",
                    state: "running")
            }
            throw ModuleError.notFound("missed guard", name, next: "'status' names those that are missed")
        }
        let facts = RetiredGuard(module: name, missed: missed.reason, reason: reason)
        willWrite()
        try mapped { try writing.remember(name, .retired) }
        try append(Entry(Guards.retired, subject: "module/\(name)", body: facts.object))
        return facts
    }
}
