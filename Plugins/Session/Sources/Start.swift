import MneedleKit

extension Sessions {
    private var planParameters: [Parameter] {
        [
            .required("person", .slug, "Who is treated."),
            .required("device", .slug, "With what."),
            .required("areas", .list(.choice(knowledge.areas.map(\.name))), "Where."),
            .required("depth_mm", .number(0.05...5), "How deep the needles are set."),
            .optional("goal", .choice(Goal.allCases.map(\.rawValue)), "What for; the person's own goal if left out."),
            .optional("cartridge", .printed, "The single-use cartridge, opened for this person, as its label has it."),
            .optional("operator", .slug, "Who treats, in a clinic."),
            .optional(
                "override", .list(.slug),
                "The codes of the findings that a practitioner passes over, in a clinic; all others go on blocking."),
            .optional(
                "override_reason", .text(maximum: 1000),
                "Why, in at least \(knowledge.reasons.letters) letters; kept in the ledger."),
        ]
    }

    private static let findingsMember = ReplyMember(
        "findings", "everything that speaks against it or is to be heeded, with sources")

    var check: Command {
        Command(
            "check", "Says whether a session may start, and every reason; changes nothing.", role: .operator,
            parameters: planParameters,
            reply: [ReplyMember("allowed", "whether session.start would start it"), Sessions.findingsMember],
            errors: [.notFound], concerns: .named("person", "device", "cartridge"),
            example: "session.check person=anna device=pen-1 areas=cheeks depth_mm=0.5",
            .reads { request, reading in
                let plan = try plan(request.arguments, reading)
                let decision = try decide(request, plan, findings(plan, reading))
                return ["allowed": decision.isAllowed, "findings": decision.findings]
            })
    }

    var start: Command {
        Command(
            "start", "Starts a session unless any module's safety check forbids it.", role: .operator,
            parameters: planParameters,
            reply: [ReplyMember("session", "its number"), Sessions.findingsMember], errors: [.notFound, .blocked],
            concerns: .named("person", "device", "cartridge"),
            example: "session.start person=anna device=pen-1 areas=cheeks,chin depth_mm=0.5",
            .writes { request, transaction in
                let plan = try plan(request.arguments, transaction)
                let found = findings(plan, transaction)
                let decision: Decision
                do {
                    decision = try decide(request, plan, found)
                    try decision.requireAllowed()
                } catch let refused as ModuleError {
                    throw try kept(refused, request, plan, found, transaction)
                }
                let session = try insert(decision, transaction)
                try transaction.record(
                    Entry(
                        "session.started", subject: "session/\(session.id)", person: session.person, body: session.facts
                    ))
                return ["session": session.id, "findings": decision.findings]
            })
    }

    /// The plan, what speaks against it, and whether it may be done all the same.
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
        reading.safetyFindings(for: plan).sorted { $0.severity > $1.severity }
    }

    private func decide(_ request: Request, _ plan: SessionPlan, _ findings: [Finding]) throws -> Decision {
        let override = try override(request, plan, findings)
        return Decision(
            plan: plan, findings: findings, overridden: override?.findings ?? [], overrideReason: override?.reason)
    }

    private func plan(_ arguments: Arguments, _ reading: any Reading) throws -> SessionPlan {
        let person = try reading.person(arguments.requiredText("person"))
        let areas = arguments.texts("areas") ?? []
        guard Set(areas).count == areas.count else {
            throw ModuleError.invalidArgument("areas", expected: "each area once", got: areas.joined(separator: ","))
        }
        guard !areas.isEmpty else {
            throw ModuleError.invalidArgument("areas", expected: "at least one area", got: "none")
        }
        return SessionPlan(
            person: person, device: try reading.device(arguments.requiredText("device")), areas: areas,
            depthMM: try arguments.requiredNumber("depth_mm"),
            goal: arguments.text("goal").flatMap(Goal.init) ?? person.goal, cartridge: arguments.text("cartridge"),
            operatorName: arguments.text("operator"), at: reading.now)
    }

    private func insert(_ decision: Decision, _ transaction: any Transaction) throws -> StoredSession {
        let plan = decision.plan
        let overridden = decision.overridden.map(\.code)
        let id = try transaction.insert(
            """
            INSERT INTO session_sessions (person, device, areas, depth_mm, goal, setting, time_zone, cartridge, operator,
                started, state, overridden, override_reason, assessment, knowledge)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', ?, ?, ?, ?)
            """, plan.person.person, plan.device.device, plan.areas.joined(separator: ","), plan.depthMM,
            plan.goal.rawValue, plan.setting.rawValue, plan.person.timeZone, plan.cartridge, plan.operatorName, plan.at,
            overridden.isEmpty ? nil : overridden.joined(separator: ","),
            overridden.isEmpty ? nil : decision.overrideReason, try assessment(for: plan, transaction),
            transaction.knowledgeDigest)
        return try require(id, transaction)
    }
}
