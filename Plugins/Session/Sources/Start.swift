import MneedleKit

/// A session as a request asks for it.
struct Wish {
    var person: String
    var device: String
    var areas: [String]
    var depthMM: Double
    var goal: Goal?
    var cartridge: String?
    var operatorName: String?
    /// The codes of the findings to pass over.
    var override: [String]?
    var overrideReason: String?
}

private let everythingAgainst = "everything that speaks against it or is to be heeded, with sources"

/// The reply of `session.check`.
private struct Checked: Reply {
    var isAllowed: Bool
    var findings: [Finding]

    static let members: [Member<Checked>] = [
        Member("allowed", "whether session.start would start it", \.isAllowed),
        Member("findings", everythingAgainst, \.findings),
    ]
}

/// The reply of `session.start`.
private struct Started: Reply {
    var session: Int64
    var findings: [Finding]

    static let members: [Member<Started>] = [
        Member("session", "its number", \.session), Member("findings", everythingAgainst, \.findings),
    ]
}

extension Sessions {
    static let person = Parameter.required("person", .slug, "Who is treated.")
    private static let device = Parameter.required("device", .slug, "With what.")
    var areas: Parameter<[String]> {
        .required("areas", .list(.choice(knowledge.areas.names)), "Where.")
    }
    private static let depth = Parameter.required("depth_mm", .number(0.05...5), "How deep the needles are set.")
    static let goal = Parameter.optional(
        "goal", .choice(Goal.self), "What for; the person's own goal if left out.")
    static let cartridge = Parameter.optional(
        "cartridge", .printed, "The single-use cartridge, opened for this person, as its label has it.")
    static let operatorName = Parameter.optional("operator", .slug, "Who treats, in a clinic.")
    static let override = Parameter.optional(
        "override", .list(.slug),
        "The codes of the findings that a practitioner passes over, in a clinic; all others go on blocking.")
    var overrideReason: Parameter<String?> {
        .optional(
            "override_reason", .text(maximum: 1000),
            "Why, in at least \(knowledge.reasons.letters) letters; kept in the ledger.")
    }

    private var wish: Parameter<Wish> {
        .group(
            Sessions.person, Sessions.device, areas, Sessions.depth, Sessions.goal, Sessions.cartridge,
            Sessions.operatorName, Sessions.override, overrideReason, as: Wish.init)
    }

    /// A plan that nobody overrides anything for.
    var plannedFor: Parameter<Wish> {
        .group(
            Sessions.person, Sessions.device, areas, Sessions.depth, Sessions.goal, Sessions.cartridge,
            Sessions.operatorName
        ) {
            Wish(
                person: $0, device: $1, areas: $2, depthMM: $3, goal: $4, cartridge: $5, operatorName: $6,
                override: nil, overrideReason: nil)
        }
    }

    var check: Command {
        Command(
            "check", "Says whether a session may start, and every reason; changes nothing.", role: .operator,
            takes: wish, gives: Checked.self, errors: [.notFound], concerns: .named("person", "device", "cartridge"),
            example: "session.check person=anna device=pen-1 areas=cheeks depth_mm=0.5",
            reads: { reading, wish in
                let plan = try plan(wish, reading)
                let decision = try decide(wish, plan, findings(plan, reading), reading.actor)
                return Checked(isAllowed: decision.isAllowed, findings: decision.findings)
            })
    }

    var start: Command {
        Command(
            "start", "Starts a session unless any module's safety check forbids it.", role: .operator,
            takes: wish, gives: Started.self, errors: [.notFound, .blocked],
            concerns: .named("person", "device", "cartridge"),
            example: "session.start person=anna device=pen-1 areas=cheeks,chin depth_mm=0.5",
            writes: { transaction, wish in
                let plan = try plan(wish, transaction)
                let found = findings(plan, transaction)
                let decision: Decision
                do {
                    decision = try decide(wish, plan, found, transaction.actor)
                    try decision.requireAllowed()
                } catch let refused as ModuleError {
                    throw try kept(refused, wish, plan, found, transaction)
                }
                let session = try insert(decision, transaction).entry
                try transaction.record(
                    Entry(
                        .sessionStarted, subject: "session/\(session.session)", person: session.person, body: session))
                return Started(session: session.session, findings: decision.findings)
            })
    }

    /// The decision about a plan: the findings, and those of them that a practitioner overrides.
    struct Decision {
        var plan: SessionPlan
        var findings: [Finding]
        /// The blocking findings that a practitioner passes over.
        var overridden: [Finding] = []
        var overrideReason: String?

        var isAllowed: Bool { findings.allSatisfy { !$0.blocks || overridden.contains($0) } }

        func requireAllowed() throws {
            guard !isAllowed else { return }
            guard !overridden.isEmpty else { throw ModuleError.blocked(findings) }
            let rest = findings.filter { $0.blocks && !overridden.contains($0) }.map(\.code)
            throw ModuleError.blocked(
                findings, "not overridden, and forbidding this session: \(rest.joined(separator: ", "))")
        }
    }

    private func findings(_ plan: SessionPlan, _ reading: any Reading) -> [Finding] {
        reading.safety.findings(for: plan).sorted { $0.severity > $1.severity }
    }

    private func decide(
        _ wish: Wish, _ plan: SessionPlan, _ findings: [Finding], _ actor: Actor
    ) throws -> Decision {
        let override = try override(wish, plan, findings, actor)
        return Decision(
            plan: plan, findings: findings, overridden: override?.findings ?? [], overrideReason: override?.reason)
    }

    func plan(_ wish: Wish, _ reading: any Reading) throws -> SessionPlan {
        let person = try reading.person(wish.person)
        try requireAreas(wish.areas)
        return SessionPlan(
            person: person, device: try reading.device(wish.device), areas: wish.areas, depthMM: wish.depthMM,
            goal: wish.goal ?? person.goal, cartridge: wish.cartridge, operatorName: wish.operatorName,
            at: reading.now)
    }

    func requireAreas(_ given: [String]) throws {
        guard Set(given).count == given.count else {
            throw ModuleError.invalidArgument(
                areas.name, expected: "each area once", got: given.joined(separator: ","))
        }
        guard !given.isEmpty else {
            throw ModuleError.invalidArgument(areas.name, expected: "at least one area", got: "none")
        }
    }

    private func insert(_ decision: Decision, _ transaction: any Transaction) throws -> StoredSession {
        let plan = decision.plan
        let overridden = decision.overridden.map(\.code)
        let id = try transaction.store.insert(
            """
            INSERT INTO session_sessions (person, device, areas, depth_mm, goal, setting, time_zone, cartridge, operator,
                started, state, overridden, override_reason, assessment, knowledge)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', ?, ?, ?, ?)
            """, plan.person.person, plan.device.device, plan.areas.joined(separator: ","), plan.depthMM,
            plan.goal.rawValue, plan.setting.rawValue, plan.person.timeZone, plan.cartridge, plan.operatorName, plan.at,
            overridden.isEmpty ? nil : overridden.joined(separator: ","),
            overridden.isEmpty ? nil : decision.overrideReason, try assessment(for: plan, transaction),
            transaction.digests.knowledge)
        return try require(id, transaction)
    }
}
