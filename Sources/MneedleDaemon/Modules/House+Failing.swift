extension House {
    /// The same modules, of which one does not answer any more: it counts as failed, and while its safety checks are
    /// missing no session may start.
    func failing(_ module: String, reason: String) -> House {
        var house = self
        for index in house.modules.indices where house.modules[index].name == module {
            house.modules[index].state = .failed
            house.modules[index].reason = reason
        }
        house.targets = targets.filter { $0.value.module != module }
        if guarding.contains(module), !unavailableModules.contains(where: { $0.name == module }) {
            house.unavailableModules.append((module, reason))
        }
        house.checks = checks.filter { $0.module != module }
        house.standing = standing.filter { $0.module != module }
        return house
    }
}
