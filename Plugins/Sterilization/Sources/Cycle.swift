import MneedleKit

/// The result of the indicator in a steriliser load.
enum Indicator: String, CaseIterable, ReplyValue { case pass, fail, none }

/// One run of a steriliser.
struct Cycle: Sendable {
    var method: String
    var celsius: Double
    var minutes: Double
    var indicator: Indicator
    var steriliser: String?
    var load: String?
    /// The time at which the cycle ended.
    var at: Instant

    var began: Instant { at.adding(milliseconds: -Span.minutes(minutes).totalMilliseconds) }
}

/// The reply of `sterilization.cycle`.
private struct Cycled: Reply {
    var device: String
    var at: Instant
    var judgement: ReprocessingJudgement
    var until: Instant?
    var profile: String?
    var recalled: [String]
    var treated: [Exposed]

    static let members: [Member<Cycled>] = [
        Member("device", "the device", \.device), Member("at", "when the cycle ended", \.at),
        Member("counts", "whether the head is released as sterile", \.judgement.counts),
        Member("ready_until", "how long the head stays sterile in its pouch, if the cycle counts", \.until),
        Member("profile", "the profile that the cycle meets, if any", \.profile),
        Member("recalled", "other devices of the same load that are not sterile any more") {
            $0.recalled.isEmpty ? nil : $0.recalled
        },
        Member("treated", "the persons treated from this load, when it failed or was never proven") {
            $0.treated.isEmpty ? nil : $0.treated
        },
        Member("findings", "why it does not count", \.judgement.findings),
    ]
}

extension Sterilization {
    private static let sterilised = Parameter.required("device", .slug, "The device whose head was in the load.")
    private static let temperature = Parameter.required(
        "temperature_c", .number(0...400), "The temperature that was held, in °C.")
    private static let held = Parameter.required("minutes", .number(0...1440), "How long it was held, in minutes.")
    private static let indicator = Parameter.optional(
        "indicator", .choice(Indicator.self), "What the load's indicator showed.", default: Indicator.none)
    private static let steriliser = Parameter.optional(
        "steriliser", .printed, "Which steriliser, where there are several.")
    private static let load = Parameter.optional("load", .printed, "The load's number in the steriliser's log.")
    private var method: Parameter<String> {
        .required(
            "method", .line(maximum: 64),
            "How: \(methods.joined(separator: ", ")); another is logged and does not count.")
    }

    var cycle: Command {
        Command(
            "cycle", "Logs one steriliser cycle of a device's head and says whether it releases the head as sterile.",
            role: .operator,
            takes: Sterilization.sterilised, method, Sterilization.temperature, Sterilization.held,
            Sterilization.indicator, Sterilization.steriliser, Sterilization.load, Sterilization.ended,
            gives: Cycled.self, errors: [.notFound], concerns: .named("device"),
            example: "sterilization.cycle device=steel-1 method=gravity temperature_c=121 minutes=30 indicator=pass",
            writes: { transaction, name, method, celsius, minutes, indicator, steriliser, load, at in
                let device = try transaction.device(name)
                let cycle = Cycle(
                    method: normalised(method), celsius: celsius, minutes: minutes, indicator: indicator,
                    steriliser: try steriliser.map { try printed($0, Sterilization.steriliser) },
                    load: try load.map { try printed($0, Sterilization.load) }, at: try endTime(at, transaction))
                return try log(cycle, of: device, transaction)
            })
    }

    private var methods: [String] {
        knowledge.profiles.flatMap(\.methods).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    func profile(of cycle: Cycle) -> CycleProfile? {
        knowledge.profiles.first {
            $0.releases(method: cycle.method, celsius: cycle.celsius, minutes: cycle.minutes)
        }
    }

    func judge(
        _ cycle: Cycle, of head: Head, _ setting: Setting, _ reading: any Reading
    ) throws -> ReprocessingJudgement {
        let run = Run(cycle, head.device)
        let hasFailed = try run.ofSameLoad(reading).contains { $0.indicator == .fail }
        let values: [String: any CustomStringConvertible] = [
            "method": cycle.method, "temperature": shortText(cycle.celsius), "minutes": shortText(cycle.minutes),
            "profiles": knowledge.profiles.map(\.name).joined(separator: ", "),
            "load": cycle.load ?? "without a number",
        ]
        var judgement = ReprocessingJudgement()
        func refuse(_ code: SterilizationCode, when holds: Bool) throws {
            if holds { judgement.refusals += try find(code, setting, values) }
        }
        try refuse(.cycleProfile, when: profile(of: cycle) == nil)
        try refuse(.indicatorFailed, when: cycle.indicator == .fail)
        try refuse(.indicatorMissing, when: cycle.indicator == .none && setting == .clinic)
        try refuse(.loadFailed, when: hasFailed && cycle.indicator != .fail)
        judgement.refusals += try timingRefusals(head, began: cycle.began, setting)
        judgement.refusals += try overlapRefusals(run, setting, reading)
        if cycle.indicator == .none, setting == .home {
            judgement.advice += try find(.indicatorMissing, setting, values)
        }
        return judgement
    }

    private func log(_ cycle: Cycle, of device: Device, _ transaction: any Transaction) throws -> Cycled {
        var head = try Head(of: device.device, in: transaction)
        // A device without a known owner or user is judged as a clinic's: the stricter of the two settings.
        let judgement = try judge(cycle, of: head, setting(of: device, head, transaction) ?? .clinic, transaction)
        let until = judgement.counts ? Zone.utc.adding(knowledge.lasting.sterile, to: cycle.at) : nil
        let cleaned = try apply(cycle, until: until, to: &head, transaction)
        let recalled = try recall(cycle, except: device.device, transaction)
        let treated = try exposed(cycle, device.device, transaction)
        try Run(cycle, device.device).save(transaction)
        try head.soaking?.end(transaction)
        // The entry about this device tells nobody about others' devices; each of those has a line of its own.
        let others = recalled.filter { $0.owner != nil && $0.owner != device.owner }
        let near = recalled.filter { $0.owner == nil || $0.owner == device.owner }
        let facts: Object = [
            "device": device.device, "method": cycle.method, "temperature_c": cycle.celsius, "minutes": cycle.minutes,
            "indicator": cycle.indicator.rawValue, "steriliser": cycle.steriliser, "load": cycle.load, "at": cycle.at,
            "counts": judgement.counts,
            "profile": profile(of: cycle)?.name, "ready_until": until, "reasons": judgement.refusals.map(\.code),
            "recalled": near.isEmpty ? nil : near.map(\.device),
        ]
        try HygieneLog.add(.cycle, device: device.device, at: cycle.at, facts, to: transaction)
        try transaction.record(
            Entry("sterilization.cycled", subject: "device/\(device.device)", person: device.owner, body: facts))
        if cleaned { try recordCleaned(head, at: cycle.at, by: "cycle", transaction) }
        for device in others {
            let facts: Object = ["device": device.device, "at": cycle.at, "load": cycle.load]
            try HygieneLog.add(.recalled, device: device.device, at: cycle.at, facts, to: transaction)
            try transaction.record(
                Entry("sterilization.recalled", subject: "device/\(device.device)", person: device.owner, body: facts))
        }
        try tell(treated, of: cycle, transaction)
        return Cycled(
            device: device.device, at: cycle.at, judgement: judgement, until: until, profile: profile(of: cycle)?.name,
            recalled: try recalled.filter { try $0.owner.map(transaction.privacy.sees) ?? true }.map(\.device),
            treated: try treated.filter { try transaction.privacy.sees($0.person) })
    }

    /// - Returns: Whether the cycle ended a cleaning that was due.
    private func apply(
        _ cycle: Cycle, until: Instant?, to head: inout Head, _ transaction: any Transaction
    ) throws -> Bool {
        var cleaned = false
        if let until {
            cleaned = head.prepare(
                Head.Readiness(state: .sterile, since: cycle.at, until: until, load: cycle.load), now: transaction.now)
        } else if let readiness = head.readiness, readiness.since <= cycle.at {
            // The head's pouch was opened for a cycle that failed, so that its earlier state is not known to hold any more.
            head.readiness = nil
        }
        try head.save(transaction)
        return cleaned
    }

    /// Takes back the heads that were released from the same load, when its indicator failed.
    /// - Returns: Their devices.
    private func recall(_ cycle: Cycle, except device: String, _ transaction: any Transaction) throws -> [Device] {
        guard cycle.indicator == .fail, let load = cycle.load else { return [] }
        let devices = try transaction.store.rows(
            "SELECT device FROM sterilization_heads WHERE ready_load = ? AND device <> ? ORDER BY device", load, device
        ).compactMap { $0.text("device") }.filter { try isOfSameLoad($0, cycle, transaction) }
        for device in devices {
            var head = try Head(of: device, in: transaction)
            head.readiness = nil
            try head.save(transaction)
        }
        return try devices.map(transaction.device)
    }
}
