import MneedleKit

/// Modules that guard sessions, and the findings and problems when they do not run.
enum Guards {
    /// The ledger's entry about a guard that an administrator has let go.
    static let retired = "mneedled.guard-retired"

    /// The guards that the committed entries retire.
    static func retired(by events: [PublishedEvent]) -> [String] {
        events.filter { $0.topic == retired }.compactMap { event in
            guard case .object(let facts)? = try? Value(jsonText: String(decoding: event.body, as: UTF8.self)) else {
                return nil
            }
            return facts.string("module")
        }
    }
}

extension ModuleRegistry {
    /// These modules, with one of them failed because it does not answer any more; while its safety checks are missing no
    /// session may start.
    func failing(_ module: String, reason: String) -> ModuleRegistry {
        var registry = self
        for index in registry.modules.indices where registry.modules[index].name == module {
            registry.modules[index].state = .failed
            registry.modules[index].reason = reason
        }
        registry.table.remove(module)
        if guarding.contains(module), !unavailableModules.contains(where: { $0.name == module }) {
            registry.unavailableModules.append((module, reason))
        }
        registry.checks = checks.filter { $0.module != module }
        registry.standing = standing.filter { $0.module != module }
        return registry
    }

    /// These modules, without missing one that is gone.
    func retiring(_ module: String) -> ModuleRegistry {
        var registry = self
        registry.unavailableModules.removeAll { $0.name == module }
        for index in registry.modules.indices where registry.modules[index].name == module {
            switch registry.modules[index].state {
            case .missing: registry.modules[index].state = .retired
            case .failed, .quarantined: registry.missedModules.append((module, registry.modules[index].reason ?? ""))
            case .running, .disabled, .retired: break
            }
        }
        return registry
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
    /// Fails closed: the finding for a guard that does not run; nobody knows its findings.
    static func guardMissed(_ missed: (name: String, reason: String)) -> Finding {
        var finding = moduleUnavailable(missed)
        finding.advice =
            "Do not start a session. Ask whoever runs the service to bring the module back, which 'modules.list' says more "
            + "about, or to say by 'modules.retire-guard' that it is gone for good."
        return finding
    }
}
