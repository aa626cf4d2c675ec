import MneedleKit

extension Sessions {
    /// What this module itself holds against a plan: depth, areas, device, operator, and another session under way.
    var safetyCheck: SafetyCheck {
        SafetyCheck("depth, areas, device, operator and other sessions") { plan, reading in
            try running(plan, reading) + device(plan) + areas(plan) + depth(plan, reading)
                + qualification(plan, reading)
        }
    }

    private func find(
        _ code: String, _ plan: SessionPlan, _ values: [String: any CustomStringConvertible]
    ) throws -> [Finding] {
        try knowledge.findings.finding(code, setting: plan.setting, values).map { [$0] } ?? []
    }

    // MARK: Other sessions and the device

    private func running(_ plan: SessionPlan, _ reading: any Reading) throws -> [Finding] {
        let sql =
            "SELECT id FROM session_sessions WHERE state = 'running' AND person <> ? AND device = ? ORDER BY id"
        return try reading.rows(sql, plan.person.person, plan.device.device).flatMap { row in
            try find("session-running", plan, ["session": row.integer("id") ?? 0, "what": "device"])
        }
    }

    private func device(_ plan: SessionPlan) throws -> [Finding] {
        var findings: [Finding] = []
        if plan.device.retired { findings += try find("device-retired", plan, ["device": plan.device.device]) }
        if let material = plan.device.material, !knowledge.materials.contains(material) {
            findings += try find("needle-material", plan, ["material": material])
        }
        if let range = depthsOutside(plan) {
            findings += try find(
                "depth-out-of-device-range", plan,
                ["depth_mm": plan.depthMM, "device": plan.device.device, "range": range])
        }
        return findings
    }

    /// The device's range in words when the planned depth is not in it.
    private func depthsOutside(_ plan: SessionPlan) -> String? {
        let device = plan.device
        let most = [device.maxDepthMM, device.needleMM].compactMap { $0 }.min()
        let isInside = plan.depthMM >= device.minDepthMM ?? 0 && plan.depthMM <= most ?? .infinity
        guard !isInside else { return nil }
        switch (device.minDepthMM, most) {
        case (let least?, let most?): return "\(least) to \(most) mm"
        case (let least?, nil): return "from \(least) mm"
        case (nil, let most?): return "up to \(most) mm"
        case (nil, nil): return "unknown"
        }
    }

    // MARK: Areas

    private func areas(_ plan: SessionPlan) throws -> [Finding] {
        try plan.areas.flatMap { name in
            guard let reason = reasonAgainst(name, plan) else { return [Finding]() }
            return try find("area-not-allowed", plan, ["where": knowledge.area(name)?.text ?? name, "reason": reason])
        }
    }

    private func reasonAgainst(_ name: String, _ plan: SessionPlan) -> String? {
        guard let area = knowledge.area(name) else { return "no such area is known" }
        if !area.allowsNeedling { return "this area is never needled" }
        if plan.setting == .home, name == knowledge.underEyes,
            !knowledge.underEyesKinds.contains(plan.device.kind.rawValue)
        {
            return
                "at home only a \(knowledge.underEyesKinds.joined(separator: " or ")) is meant for it, not a \(plan.device.kind.rawValue)"
        }
        if !plan.device.areas.isEmpty, !plan.device.areas.contains(name) {
            return "device '\(plan.device.device)' is registered for \(plan.device.areas.joined(separator: ", ")) only"
        }
        return nil
    }

    // MARK: Depth

    private func depth(_ plan: SessionPlan, _ reading: any Reading) throws -> [Finding] {
        try overLimit(plan) + (plan.setting == .home ? homeDepth(plan, reading) : clinicDepth(plan))
    }

    /// The strictest limit of the planned areas, and which area sets it.
    private func limit(_ plan: SessionPlan) -> (mm: Double, place: String) {
        let limits = plan.areas.map { name in
            let area = knowledge.area(name)
            let place = area?.text ?? name
            switch plan.setting {
            case .clinic: return (name == "scalp" ? knowledge.clinic.scalpMaxMM : knowledge.clinic.maxMM, place)
            case .home:
                let isScalpDevice = name == "scalp" && plan.device.areas.contains("scalp")
                let cap = isScalpDevice ? knowledge.home.scalpMaxMM : knowledge.home.maxMM
                return (min(cap, area?.zoneMaxMM ?? cap), "\(place) at home")
            }
        }
        return limits.min { $0.0 < $1.0 } ?? (0, "no area")
    }

    private func overLimit(_ plan: SessionPlan) throws -> [Finding] {
        let limit = limit(plan)
        guard plan.depthMM > limit.mm else { return [] }
        return try find(
            "depth-over-limit", plan, ["depth_mm": plan.depthMM, "limit_mm": limit.mm, "where": limit.place])
    }

    private func homeDepth(_ plan: SessionPlan, _ reading: any Reading) throws -> [Finding] {
        let home = knowledge.home
        let isScalp = plan.areas == ["scalp"]
        var findings: [Finding] = []
        if isScalp && plan.depthMM > knowledge.clinic.scalpAdvisedMM {
            findings += try find("scalp-depth", plan, ["limit_mm": knowledge.clinic.scalpAdvisedMM])
        }
        let isBeginner = try plan.person.firstTime && isUntreated(plan.person.person, reading)
        let isLongRoller = plan.device.kind == .roller && plan.depthMM > home.rollerCautionOverMM && !isScalp
        if isLongRoller && isBeginner {
            findings += try find(
                "beginner-roller", plan, ["depth_mm": plan.depthMM, "limit_mm": home.rollerCautionOverMM])
        } else if isLongRoller {
            findings += try find(
                "roller-depth", plan, ["depth_mm": plan.depthMM, "limit_mm": home.rollerCautionOverMM])
        }
        if isBeginner && plan.depthMM > home.beginnerMaxMM {
            findings += try find("beginner-depth", plan, ["depth_mm": plan.depthMM, "limit_mm": home.beginnerMaxMM])
        }
        return findings
    }

    private func isUntreated(_ person: String, _ reading: any Reading) throws -> Bool {
        try reading.row("SELECT id FROM session_sessions WHERE person = ? AND state <> 'running' LIMIT 1", person)
            == nil
    }

    private func clinicDepth(_ plan: SessionPlan) throws -> [Finding] {
        let clinic = knowledge.clinic
        let areas = plan.areas.compactMap(knowledge.area)
        var findings: [Finding] = []
        for area in areas {
            guard let most = area.zoneMaxMM, plan.depthMM > most else { continue }
            findings += try find(
                "depth-over-zone", plan, ["depth_mm": plan.depthMM, "limit_mm": most, "where": area.text])
        }
        if areas.contains(where: \.isFace), plan.depthMM > clinic.faceEvaluatedMM {
            findings += try find("depth-not-evaluated", plan, ["limit_mm": clinic.faceEvaluatedMM])
        }
        if plan.areas.contains("scalp"), plan.depthMM > clinic.scalpAdvisedMM {
            findings += try find("scalp-depth", plan, ["limit_mm": clinic.scalpAdvisedMM])
        }
        if plan.depthMM < clinic.minMM {
            findings += try find(
                "depth-under-clinic-range", plan, ["depth_mm": plan.depthMM, "limit_mm": clinic.minMM])
        }
        return findings
    }

    // MARK: Operator

    private func qualification(_ plan: SessionPlan, _ reading: any Reading) throws -> [Finding] {
        guard plan.setting == .clinic, let reason = try disqualification(plan, reading) else { return [] }
        return try find("operator-not-qualified", plan, ["reason": reason])
    }

    private func disqualification(_ plan: SessionPlan, _ reading: any Reading) throws -> String? {
        guard let name = plan.operatorName else { return "In a clinic a session needs an operator on record" }
        let record: Object
        do {
            record = try reading.ask("records.show-operator", ["operator": name])
        } catch let error as ModuleError where error.code == .notFound {
            return "Operator '\(name)' is not on record"
        }
        guard let most = record.number("max_depth_mm") else { return "Operator '\(name)' has no training on record" }
        if plan.depthMM > most { return "Operator '\(name)' is trained to \(most) mm, the plan is \(plan.depthMM) mm" }
        let day = reading.zone(of: plan.person).date(of: plan.at)
        if let until = record.date("trained_until"), until < day {
            return "The training of operator '\(name)' ended on \(until)"
        }
        return nil
    }
}
