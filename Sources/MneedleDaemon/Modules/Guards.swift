import MneedleKit

/// Modules that guard sessions, and what becomes of sessions without them.
enum Guards {
    /// The ledger's entry about a guard that an administrator has let go.
    static let retired = "mneedled.guard-retired"

    /// The guards that were retired by what was committed.
    static func retired(by events: [Event]) -> [String] {
        events.filter { $0.topic == retired }.compactMap { event in
            guard case .object(let facts)? = try? Value(jsonText: String(decoding: event.body, as: UTF8.self)) else {
                return nil
            }
            return facts.string("module")
        }
    }
}

extension House {
    /// The same modules, of which one does not answer any more: it counts as failed, and while its safety checks are
    /// missing no session may start.
    func failing(_ module: String, reason: String) -> House {
        var house = self
        for index in house.modules.indices where house.modules[index].name == module {
            house.modules[index].state = .failed
            house.modules[index].reason = reason
        }
        house.table.remove(module)
        if guarding.contains(module), !unavailableModules.contains(where: { $0.name == module }) {
            house.unavailableModules.append((module, reason))
        }
        house.checks = checks.filter { $0.module != module }
        house.standing = standing.filter { $0.module != module }
        return house
    }

    /// The same modules, of which one that is gone is not missed any more.
    func retiring(_ module: String) -> House {
        var house = self
        house.unavailableModules.removeAll { $0.name == module }
        for index in house.modules.indices where house.modules[index].name == module {
            switch house.modules[index].state {
            case .missing: house.modules[index].state = .retired
            case .failed, .quarantined: house.missedModules.append((module, house.modules[index].reason ?? ""))
            case .running, .disabled, .retired: break
            }
        }
        return house
    }

    /// The modules' problems in words for `status`: one that fails, and one that guarded sessions and does not.
    var troubles: [(module: String, text: String)] {
        modules.compactMap { module in
            let missed = unavailableModules.first { $0.name == module.name }?.reason
            guard missed != nil || [.failed, .quarantined, .missing].contains(module.state) else { return nil }
            let reason = missed ?? module.reason ?? "no reason known"
            let remedy =
                missed == nil
                ? ""
                : "; no session starts until it guards them again, or 'modules.retire-guard' says that it is gone for good"
            return (module.name, "module '\(module.name)' is \(module.state.rawValue): \(reason)\(remedy)")
        }
    }
}

extension Finding {
    /// Fails closed: what a guard would have said is not known.
    static func guardMissed(_ missed: (name: String, reason: String)) -> Finding {
        var finding = moduleUnavailable(missed)
        finding.advice =
            "Do not start a session. Ask whoever runs the service to bring the module back, which 'modules.list' says more "
            + "about, or to say by 'modules.retire-guard' that it is gone for good."
        return finding
    }
}
