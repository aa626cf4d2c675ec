import MneedleKit

extension Screening {
    /// The check of remembered answers alone: it needs neither a valid assessment nor a plan.
    ///
    /// It judges for no area and no device, so that rules about some of them are left to the check of a plan. Findings that a
    /// clearance lifts are left out.
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
    /// Whether the rule looks at the areas that are treated, or at the device.
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
