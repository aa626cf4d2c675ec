import MneedleKit

extension Sessions {
    /// The findings that the request overrides, and the reason; `nil` where it overrides none.
    /// - Throws: `forbidden` where the actor may not override; `invalid-argument` where a named finding is not there or cannot
    ///   be overridden, or the reason is missing.
    func override(
        _ wish: Wish, _ plan: SessionPlan, _ findings: [Finding], _ actor: Actor
    ) throws -> (findings: [Finding], reason: String)? {
        let (codes, reason) = (wish.override, wish.overrideReason)
        guard codes != nil || reason != nil else { return nil }
        guard actor.role >= .practitioner else {
            throw ModuleError(
                .forbidden,
                "only a practitioner may override a finding; leave 'override' and 'override_reason' out, or ask one",
                members: ["role": actor.role.rawValue, "needs": Role.practitioner.rawValue])
        }
        guard let codes, !codes.isEmpty else {
            throw ModuleError.invalidArgument(
                Sessions.override.name,
                expected: "the codes of the findings that '\(overrideReason.name)' is for", got: nil)
        }
        let given = try knowledge.reasons.require(overrideReason.name, reason)
        return (try codes.flatMap { try named($0, plan, findings) }, given)
    }

    /// The blocking findings of that code.
    /// - Throws: `invalid-argument` where there is none, or one of them cannot be overridden.
    private func named(_ code: String, _ plan: SessionPlan, _ findings: [Finding]) throws -> [Finding] {
        let blocking = findings.filter(\.blocks)
        let meant = blocking.filter { $0.code == code }
        guard !meant.isEmpty else {
            let known = blocking.isEmpty ? "there are none" : blocking.map(\.code).joined(separator: ", ")
            throw refusal(code, blocking, "'\(code)' is not among the findings that forbid this session: \(known)")
        }
        guard let firm = meant.first(where: { !$0.overridable }) else { return meant }
        let why =
            switch (plan.setting, firm.severity) {
            case (_, .clearance): "a physician's recorded clearance alone lifts it"
            case (.home, _): "at home no finding can be"
            default: "nobody may pass over it"
            }
        throw refusal(code, blocking, "'\(code)' cannot be overridden: \(why). \(firm.advice)")
    }

    private func refusal(_ code: String, _ blocking: [Finding], _ text: String) -> ModuleError {
        let firm = Set(blocking.filter { !$0.overridable }.map(\.code))
        let able = blocking.map(\.code).filter { !firm.contains($0) }
        let expected =
            able.isEmpty ? "to be left out, for nothing here can be overridden" : able.joined(separator: ", ")
        let name = Sessions.override.name
        return .invalidArgument(name, expected: expected, got: code, "argument '\(name)': \(text)")
    }
}
