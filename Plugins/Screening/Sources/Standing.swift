import MneedleKit

extension Screening {
    /// What remembered answers alone forbid: no assessment has to be valid for it, and no plan to be made.
    ///
    /// Judged for no area and no device, so that what only concerns some of them is left to the check of a plan. What a
    /// clearance lifts is not among it.
    var standing: StandingCheck {
        StandingCheck("Does a remembered answer forbid sessions?") { person, reading in
            let remembered = try Set(rememberedOfTwins(of: person.person, reading).keys)
            guard !remembered.isEmpty else { return [] }
            let judgement = try judge(
                Case(person: person, setting: person.setting, areas: [], answers: [:], at: reading.now), reading)
            let codes = Set(
                knowledge.rules.filter { !$0.isAboutPlan && !remembered.isDisjoint(with: $0.questions) }.map(\.code))
            return judgement.findings.filter { $0.blocks && codes.contains($0.code) }
        }
    }
}

extension Rule {
    /// Whether it looks at the areas that are treated, or at the device.
    fileprivate var isAboutPlan: Bool { condition.isAboutPlan }
}

extension Condition {
    fileprivate var isAboutPlan: Bool {
        switch self {
        case .all(let parts), .any(let parts): parts.contains(where: \.isAboutPlan)
        case .not(let part): part.isAboutPlan
        case .areas, .device: true
        default: false
        }
    }
}
