import MneedleKit

/// `Config/knowledge/sterilization.toml`, read and checked.
struct Knowledge: Sendable {
    let soak: SoakLimits
    let agents: [Agent]
    let profiles: [CycleProfile]
    /// How long each state lasts, and how late something may be logged.
    let lasting: Lasting
    let roller: RollerLimit
    let head: HeadLimit
    let wording: Wording
    /// Every fact of the file in words, for `sterilization.rules`.
    let rules: [Rule]
    private let findings: FindingCatalogue

    init(_ setup: Setup) throws {
        let file = setup.knowledge("sterilization")
        var rules: [Rule] = []
        func fact<Fact>(_ key: String, _ read: (Table) -> Fact) -> Fact {
            let table = file.table(key)
            if table == nil { file.report(key, "missing") }
            let section = table ?? Table([:], file: file.file, problems: Problems())
            rules.append(Rule(key, section, setup.sources))
            return read(section)
        }
        soak = fact("soak", SoakLimits.init)
        lasting = fact("lasting", Lasting.init)
        roller = fact("roller", RollerLimit.init)
        head = fact("head", HeadLimit.init)
        agents = file.tables("agent").map { table in
            let agent = Agent(table)
            rules.append(Rule("agent/\(agent.name)", table, setup.sources))
            return agent
        }
        let families = try setup[cycleProfilesKey]
        let every = file.tables("profile").map { table in
            let profile = CycleProfile(table)
            rules.append(Rule("profile/\(profile.name)", table, setup.sources))
            return profile
        }
        profiles = every.filter { families.contains($0.family) }
        wording = Wording(file)
        findings = FindingCatalogue(
            file, module: "sterilization", sources: setup.sources, codes: Code.allCases.map(\.rawValue))
        self.rules = rules
        for family in families where !every.contains(where: { $0.family == family }) {
            let known = Set(every.map(\.family)).sorted().joined(separator: ", ")
            setup.report(cycleProfilesKey, "no profile of the family '\(family)'; known: \(known)")
        }
        reportRepeatedNames(file)
        reportWeakProhibitions(file)
    }

    /// The finding of that code with its words filled in; `nil` where the practice has switched it off.
    func finding(
        _ code: Code, _ setting: Setting, until: Deadline? = nil, _ values: [String: any CustomStringConvertible] = [:]
    ) throws -> Finding? {
        try findings.finding(code.rawValue, setting: setting, until: until, values)
    }

    private func reportRepeatedNames(_ file: Table) {
        var seen: Set<String> = []
        for name in agents.flatMap(\.names) where !seen.insert(name).inserted {
            file.report("agent", "'\(name)' names two agents")
        }
    }

    /// The file may reword a prohibition but not take it away: hygiene is nothing that anybody may lift.
    private func reportWeakProhibitions(_ file: Table) {
        for code in Code.prohibitions where !Setting.allCases.allSatisfy({ standsFirm(code, $0) }) {
            file.report(
                "finding", "'\(code.rawValue)' must be defer or contraindicated in both settings, and override never")
        }
        for code in Code.clinicProhibitions where !standsFirm(code, .clinic) {
            file.report(
                "finding", "'\(code.rawValue)' must be defer or contraindicated in a clinic, and override never")
        }
    }

    /// Whether it blocks, and neither a clearance nor an override lifts it.
    private func standsFirm(_ code: Code, _ setting: Setting) -> Bool {
        do {
            guard let found = try finding(code, setting) else { return false }
            return found.severity > .clearance && !found.overridable
        } catch {
            // It has no table at all, which the catalogue has reported.
            return true
        }
    }
}
