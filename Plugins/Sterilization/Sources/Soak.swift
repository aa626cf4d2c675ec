import MneedleKit

/// One soak of a head, as the operator logs it.
struct Soak: Sendable {
    var agent: String
    var concentrationPercent: Double
    var minutes: Double
    /// The time at which the soak ended.
    var at: Instant
    /// Whether hands were washed, and the place was clean.
    var handsWashed: Bool
    var cleanSurface: Bool
    /// Whether the service's clock has measured it, from its begin to its end.
    var isTimed = false

    var began: Instant { at.adding(milliseconds: -Span.minutes(minutes).totalMilliseconds) }
}

/// The reply of `sterilization.soak`.
struct Soaked: Reply {
    var device: String
    var at: Instant
    var minutes: Double
    var until: Instant?
    fileprivate var judgement: ReprocessingJudgement

    static let members: [Member<Soaked>] = [
        Member("device", "the device", \.device), Member("at", "when the soak ended", \.at),
        Member("minutes", "how long it was", \.minutes),
        Member("counts", "whether the head is disinfected by it", \.judgement.counts),
        Member("ready_until", "how long the head stays ready, if the soak counts", \.until),
        Member("findings", "why it does not count, or what would be better", \.judgement.findings),
    ]
}

extension Sterilization {
    /// The longest soak that is taken down, in minutes.
    static let longestSoak = 1440.0
    static let soaked = Parameter.required("device", .slug, "The device whose head was soaked.")
    static let concentration = Parameter.required(
        "concentration_percent", .number(0...100), "The strength by volume, in percent.")
    private static let lasted = Parameter.required(
        "minutes", .number(0...longestSoak),
        "How long without interruption, in minutes; interrupted soaks are logged one by one.")
    static let handsWashed = Parameter.required(
        "hands_washed", .boolean, "Whether hands were washed before the head was touched.")
    static let cleanSurface = Parameter.required(
        "clean_surface", .boolean, "Whether it dries and lies on a clean surface.")
    var agent: Parameter<String> {
        .required(
            "agent", .line(maximum: 64),
            "What it lay in: \(knowledge.agents.filter(\.counts).map(\.name).joined(separator: ", ")); "
                + "another is logged and does not count.")
    }

    var soak: Command {
        Command(
            "soak", "Logs one soak of a device's head and says whether it counts as disinfection.", role: .operator,
            takes: Sterilization.soaked, agent, Sterilization.concentration, Sterilization.lasted,
            Sterilization.handsWashed, Sterilization.cleanSurface, Sterilization.ended, gives: Soaked.self,
            errors: [.notFound], concerns: .named("device"),
            example:
                "sterilization.soak device=roller-1 agent=isopropyl-alcohol concentration_percent=70 minutes=5 hands_washed=yes clean_surface=yes",
            writes: { transaction, name, agent, percent, minutes, handsWashed, cleanSurface, at in
                let device = try transaction.device(name)
                let soak = Soak(
                    agent: normalised(agent), concentrationPercent: percent, minutes: minutes,
                    at: try endTime(at, transaction), handsWashed: handsWashed, cleanSurface: cleanSurface)
                return try log(soak, of: device, transaction)
            })
    }

    /// Judges the soak by itself: minutes of other soaks are never added to it.
    func judge(
        _ soak: Soak, of head: Head, device: Device, _ setting: Setting, _ reading: any Reading
    ) throws -> ReprocessingJudgement {
        let limits = knowledge.soak
        let values = values(of: soak)
        func found(_ code: SterilizationCode, when holds: Bool) throws -> [Finding] {
            holds ? try find(code, setting, values) : []
        }
        let percent = soak.concentrationPercent
        let agent = knowledge.agents.first { $0.names.contains(soak.agent) }
        var judgement = ReprocessingJudgement()
        judgement.refusals = try [
            found(.soakAgent, when: agent?.counts != true),
            found(.soakTooShort, when: soak.minutes < limits.leastMinutes),
            found(.soakConcentration, when: !(limits.leastPercent...limits.mostPercent).contains(percent)),
            timingRefusals(head, began: soak.began, setting),
            found(.handsNotWashed, when: !soak.handsWashed),
            found(.surfaceNotClean, when: !soak.cleanSurface),
        ].flatMap { $0 }
        judgement.refusals += try overlapRefusals(Run(soak, device.device), setting, reading)
        guard judgement.counts else { return judgement }
        judgement.advice = try [
            found(.soakConcentrationAdvised, when: percent != limits.advisedPercent),
            found(.soakLongerAdvised, when: soak.minutes < limits.advisedMinutes),
            found(.disinfectedOnly, when: setting == .clinic && !device.cartridges),
        ].flatMap { $0 }
        return judgement
    }

    private func values(of soak: Soak) -> [String: any CustomStringConvertible] {
        let limits = knowledge.soak
        return [
            "agent": soak.agent, "percent": shortText(soak.concentrationPercent), "minutes": shortText(soak.minutes),
            "least_minutes": shortText(limits.leastMinutes), "advised_minutes": shortText(limits.advisedMinutes),
            "least_percent": shortText(limits.leastPercent), "most_percent": shortText(limits.mostPercent),
            "advised_percent": shortText(limits.advisedPercent),
            "agents": knowledge.agents.filter(\.counts).map(\.name).joined(separator: " or "),
        ]
    }

    func log(_ soak: Soak, of device: Device, _ transaction: any Transaction) throws -> Soaked {
        var head = try Head(of: device.device, in: transaction)
        let setting = try setting(of: device, head, transaction) ?? .home
        let judgement = try judge(soak, of: head, device: device, setting, transaction)
        let until = judgement.counts ? Zone.utc.adding(knowledge.lasting.disinfected, to: soak.at) : nil
        var cleaned = false
        if let until {
            cleaned = head.prepare(
                Head.Readiness(state: .disinfected, since: soak.at, until: until), now: transaction.now)
            try head.save(transaction)
        }
        try Run(soak, device.device).save(transaction)
        // Whoever logs it by its minutes has taken the head out.
        try head.soaking?.end(transaction)
        let facts: Object = [
            "device": device.device, "agent": soak.agent, "concentration_percent": soak.concentrationPercent,
            "minutes": soak.minutes, "hands_washed": soak.handsWashed, "clean_surface": soak.cleanSurface,
            "at": soak.at, "counts": judgement.counts, "ready_until": until,
            "reasons": judgement.refusals.map(\.code), "timed": soak.isTimed ? true : nil,
        ]
        try HygieneLog.add(.soak, device: device.device, at: soak.at, facts, to: transaction)
        try transaction.record(
            Entry("sterilization.soaked", subject: "device/\(device.device)", person: device.owner, body: facts))
        if cleaned { try recordCleaned(head, at: soak.at, by: "soak", transaction) }
        return Soaked(device: device.device, at: soak.at, minutes: soak.minutes, until: until, judgement: judgement)
    }
}
