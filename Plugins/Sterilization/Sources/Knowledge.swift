import MneedleKit

/// `Config/knowledge/sterilization.toml`, read and checked.
struct SterilizationKnowledge: Sendable {
    let soak: SoakLimits
    let agents: [Disinfectant]
    let profiles: [CycleProfile]
    /// The time for which each state lasts, and the delay within which something may be logged.
    let lasting: Lasting
    let roller: RollerLimit
    let head: HeadLimit
    let wording: Wording
    /// Every fact of the file in words, for `sterilization.rules`.
    let rules: [RuleInWords]
    let findings: FindingCatalogue<SterilizationCode>

    init(_ setup: Setup) throws {
        let file = setup.knowledge("sterilization")
        var rules: [RuleInWords] = []
        func fact<Fact>(_ key: String, _ read: (Table) -> Fact) -> Fact {
            let table = file.section(key)
            rules.append(RuleInWords(key, table))
            return read(table)
        }
        soak = fact("soak", SoakLimits.init)
        lasting = fact("lasting", Lasting.init)
        roller = fact("roller", RollerLimit.init)
        head = fact("head", HeadLimit.init)
        agents = file.list("agent", names: \.names) { table in
            let agent = Disinfectant(table)
            rules.append(RuleInWords("agent/\(agent.name)", table))
            return agent
        }
        let every = file.list("profile", names: { [$0.name] }) { table in
            let profile = CycleProfile(table)
            rules.append(RuleInWords("profile/\(profile.name)", table))
            return profile
        }
        let families = try setup[cycleProfilesKey]
        profiles = every.filter { families.contains($0.family) }
        wording = Wording(file.section("wording"))
        findings = FindingCatalogue(file, module: "sterilization")
        self.rules = rules
        for family in families where !every.contains(where: { $0.family == family }) {
            let known = Set(every.map(\.family)).sorted().joined(separator: ", ")
            setup.report(cycleProfilesKey, "no profile of the family '\(family)'; known: \(known)")
        }
    }
}
