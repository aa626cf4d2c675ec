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
                "override_reason", .text(maximum: 1000),
                "Why a practitioner starts in spite of findings that may be overridden; kept in the ledger."),
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
                let decision = try decide(request, reading)
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
                let decision = try decide(request, transaction)
                guard decision.isAllowed else { throw ModuleError.blocked(decision.findings) }
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
        var overrideReason: String?

        /// Blocking findings that the given reason lifts.
        var overridden: [Finding] { overrideReason == nil ? [] : findings.filter { $0.blocks && $0.overridable } }
        var isAllowed: Bool { findings.allSatisfy { !$0.blocks || (overrideReason != nil && $0.overridable) } }
    }

    private func decide(_ request: Request, _ reading: any Reading) throws -> Decision {
        let arguments = request.arguments
        let reason = arguments.text("override_reason")
        if reason != nil && request.actor.role < .practitioner {
            throw ModuleError(
                .forbidden, "only a practitioner may override a finding; leave 'override_reason' out, or ask one",
                members: ["role": request.actor.role.rawValue, "needs": Role.practitioner.rawValue])
        }
        let person = try reading.person(arguments.requiredText("person"))
        let areas = arguments.texts("areas") ?? []
        guard Set(areas).count == areas.count else {
            throw ModuleError.invalidArgument("areas", expected: "each area once", got: areas.joined(separator: ","))
        }
        guard !areas.isEmpty else {
            throw ModuleError.invalidArgument("areas", expected: "at least one area", got: "none")
        }
        let plan = SessionPlan(
            person: person, device: try reading.device(arguments.requiredText("device")), areas: areas,
            depthMM: try arguments.requiredNumber("depth_mm"),
            goal: arguments.text("goal").flatMap(Goal.init) ?? person.goal, cartridge: arguments.text("cartridge"),
            operatorName: arguments.text("operator"), at: reading.now)
        let findings = reading.safetyFindings(for: plan).sorted { $0.severity > $1.severity }
        return Decision(plan: plan, findings: findings, overrideReason: reason)
    }

    private func insert(_ decision: Decision, _ transaction: any Transaction) throws -> StoredSession {
        let plan = decision.plan
        let overridden = decision.overridden.map(\.code)
        let id = try transaction.insert(
            """
            INSERT INTO session_sessions (person, device, areas, depth_mm, goal, setting, time_zone, cartridge, operator,
                started, state, overridden, override_reason)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', ?, ?)
            """, plan.person.person, plan.device.device, plan.areas.joined(separator: ","), plan.depthMM,
            plan.goal.rawValue, plan.setting.rawValue, plan.person.timeZone, plan.cartridge, plan.operatorName, plan.at,
            overridden.isEmpty ? nil : overridden.joined(separator: ","),
            overridden.isEmpty ? nil : decision.overrideReason)
        return try require(id, transaction)
    }
}
