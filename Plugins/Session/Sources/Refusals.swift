import MneedleKit

extension Sessions {
    /// A refused start with the entry that the ledger keeps of it, so that repeated attempts show there. The same refusal is
    /// kept only once in a while, so that a client that asks in a loop does not fill the ledger.
    func kept(
        _ refused: ModuleError, _ wish: Wish, _ plan: SessionPlan, _ findings: [Finding],
        _ transaction: any Transaction
    ) throws -> ModuleError {
        let codes = findings.filter(\.blocks).map(\.code)
        let body: Object = [
            "person": plan.person.person, "device": plan.device.device, "areas": plan.areas,
            "depth_mm": plan.depthMM, "goal": plan.goal.rawValue, "setting": plan.setting.rawValue,
            "cartridge": plan.cartridge, "operator": plan.operatorName, "codes": codes,
            "override": wish.override,
            "override_reason": wish.overrideReason,
            "error": refused.code.rawValue, "because": refused.message,
            "assessment": try assessment(for: plan, transaction), "knowledge": transaction.digests.knowledge,
        ]
        guard try !isKept(body, plan, transaction) else { return refused }
        return refused.keeping(
            Entry(
                "session.refused", subject: "person/\(plan.person.person)", person: plan.person.person, body: body,
                stands: true))
    }

    private func isKept(_ body: Object, _ plan: SessionPlan, _ reading: any Reading) throws -> Bool {
        let sql = "SELECT at FROM session_refusals WHERE person = ? AND what = ? AND at > ? AND at <= ?"
        return try reading.store.row(
            sql, plan.person.person, what(body, reading), forgotten(reading), reading.now) != nil
    }

    /// Remembers refusals; the refused request itself leaves nothing but its entry.
    var whenRefused: Reaction {
        Reaction(to: "session.refused") { entry, _, transaction in
            guard let person = entry.person else { return }
            try transaction.store.execute(
                "DELETE FROM session_refusals WHERE at <= ? OR at > ?", forgotten(transaction), transaction.now)
            try transaction.store.execute(
                """
                INSERT INTO session_refusals (person, what, at) VALUES (?, ?, ?)
                ON CONFLICT (person, what) DO UPDATE SET at = excluded.at
                """, person, what(entry.body, transaction), transaction.now)
        }
    }

    private func what(_ body: Object, _ reading: any Reading) -> [UInt8] {
        reading.digests.sha256(Array(reading.store.json(.object(body)).utf8))
    }

    /// The time at or before which a refusal is forgotten, so that the same one is kept again.
    private func forgotten(_ reading: any Reading) -> Instant {
        reading.now.adding(milliseconds: -knowledge.keeping.refusedOnceIn.milliseconds)
    }

    /// The number of the assessment that lets this plan start: the newest that is complete and valid for it; `nil` while no
    /// screening runs, which is a finding of its own.
    func assessment(for plan: SessionPlan, _ reading: any Reading) throws -> Int64? {
        let history: [Object]
        do {
            history = try reading.modules.list("screening.history", ["person": plan.person.person])
        } catch let error as ModuleError where error.code == .moduleFailed {
            return nil
        }
        return history.first { row in
            row.bool("valid") == true && row.list("missing")?.isEmpty != false
                && row.string("setting") == plan.setting.rawValue
                && (row.list("areas") == nil || Set(plan.areas).isSubset(of: row.strings("areas")))
        }?.integer("assessment")
    }
}
