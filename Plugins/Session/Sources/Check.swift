import MneedleKit

extension Sessions {
    /// The module's own check of a plan: depth, areas, device, operator, and another session under way.
    var safetyCheck: SafetyCheck {
        SafetyCheck("depth, areas, device, operator and other sessions") { plan, reading in
            try running(plan, reading) + twins(plan, reading) + device(plan, reading) + areas(plan)
                + skinType(plan) + depth(plan, reading) + qualification(plan, reading)
        }
    }

    // MARK: Other sessions

    private func running(_ plan: SessionPlan, _ reading: any Reading) throws -> [Finding] {
        let own = try reading.records(of: plan.person.person)
        var findings: [Finding] = []
        let sql = "SELECT id, person FROM session_sessions WHERE state = 'running' AND device = ? ORDER BY id"
        for row in try reading.store.rows(sql, plan.device.device)
        where !(row.text("person").map(own.contains) ?? false) {
            findings += try find(.sessionRunning, plan.setting, ["session": row.integer("id") ?? 0, "what": "device"])
        }
        return findings
    }

    // MARK: The device

    private func device(_ plan: SessionPlan, _ reading: any Reading) throws -> [Finding] {
        var findings = try needles(plan) + material(plan)
        if plan.device.retired { findings += try find(.deviceRetired, plan.setting, ["device": plan.device.device]) }
        if plan.setting == .home { findings += try firstUser(plan, reading) }
        return findings
    }

    /// The findings about needle length and depth: a device that cannot be set is as deep as its needles are long, and one
    /// that can be set has a range.
    private func needles(_ plan: SessionPlan) throws -> [Finding] {
        let device = plan.device
        if device.kind.isAdjustable {
            guard device.maxDepthMM ?? device.needleMM != nil else {
                return try find(
                    .depthRangeUnknown, plan.setting,
                    ["device": device.device, "kind": device.kind.rawValue, "depth_mm": plan.depthMM])
            }
            guard let range = depthsOutside(plan) else { return [] }
            return try find(
                .depthOutOfDeviceRange, plan.setting,
                ["depth_mm": plan.depthMM, "device": device.device, "range": range])
        }
        guard let length = device.needleMM else {
            return try find(
                .needleLengthUnknown, plan.setting, ["device": device.device, "kind": device.kind.rawValue])
        }
        guard length != plan.depthMM else { return [] }
        return try find(
            .depthIsNeedleLength, plan.setting,
            ["device": device.device, "needle_mm": length, "depth_mm": plan.depthMM])
    }

    private func material(_ plan: SessionPlan) throws -> [Finding] {
        let device = plan.device.device
        guard let material = plan.device.material else {
            return try find(.needleMaterialUnknown, plan.setting, ["device": device])
        }
        if knowledge.materials.contains(material) { return [] }
        let code: SessionCode = knowledge.unclearMaterials.contains(material) ? .needleMaterialUnclear : .needleMaterial
        return try find(code, plan.setting, ["material": material, "device": device])
    }

    /// The finding that a device without an owner was first used on somebody else: at home nothing that breaks skin is shared.
    private func firstUser(_ plan: SessionPlan, _ reading: any Reading) throws -> [Finding] {
        guard plan.device.owner == nil else { return [] }
        let own = try reading.records(of: plan.person.person)
        for device in try reading.deviceRecords(of: plan.device.device) {
            let sql = "SELECT person FROM session_sessions WHERE device = ? ORDER BY id LIMIT 1"
            guard let first = try reading.store.row(sql, device)?.text("person"), !own.contains(first) else { continue }
            return try find(.deviceOfFirstUser, plan.setting, ["device": plan.device.device])
        }
        return []
    }

    /// The device's range in words, when the planned depth is outside of it.
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

    // MARK: Two records of one device

    private func twins(_ plan: SessionPlan, _ reading: any Reading) throws -> [Finding] {
        let device = plan.device.device
        var findings: [Finding] = []
        for twin in try reading.modules.ask("records.same-device", ["device": device]).strings("undecided") {
            let owner = try reading.device(twin).owner
            let name = try owner.map(reading.privacy.sees) ?? true ? twin : "…"
            findings += try find(.deviceTwin, plan.setting, ["device": device, "twin": name])
        }
        return findings
    }

    // MARK: Areas

    private func areas(_ plan: SessionPlan) throws -> [Finding] {
        try plan.areas.flatMap { name in
            if let area = knowledge.areas[name], area.isOrbitalRim, area.allowsNeedling, plan.setting == .clinic {
                return try find(.orbitalRim, plan.setting, ["where": area.text])
            }
            guard let reason = reasonAgainst(name, plan) else { return [Finding]() }
            return try find(
                .areaNotAllowed, plan.setting, ["where": knowledge.areas[name]?.text ?? name, "reason": reason])
        }
    }

    private func reasonAgainst(_ name: String, _ plan: SessionPlan) -> String? {
        guard let area = knowledge.areas[name] else { return "no such area is known" }
        if !area.allowsNeedling { return "this area is never needled" }
        if plan.setting == .home, let kinds = area.homeKinds, !kinds.contains(plan.device.kind) {
            let named = kinds.map(\.rawValue).joined(separator: " or ")
            return "at home only a \(named) is meant for it, not a \(plan.device.kind.rawValue)"
        }
        if !plan.device.areas.isEmpty, !plan.device.areas.contains(name) {
            return "device '\(plan.device.device)' is registered for \(plan.device.areas.joined(separator: ", ")) only"
        }
        return nil
    }

    /// The limits that the device's label gives by skin type.
    private func skinType(_ plan: SessionPlan) throws -> [Finding] {
        try plan.areas.flatMap { name -> [Finding] in
            guard let types = plan.device.skinTypes[name] else { return [] }
            let place = knowledge.areas[name]?.text ?? name
            let named = types.map(String.init).joined(separator: ", ")
            guard let type = plan.person.fitzpatrick else {
                return try find(
                    .skinTypeNeeded, plan.setting,
                    ["person": plan.person.person, "device": plan.device.device, "types": named, "where": place])
            }
            if types.contains(type) { return [] }
            return try find(
                .skinTypeNotLabelled, plan.setting,
                ["type": type, "device": plan.device.device, "types": named, "where": place])
        }
    }

    // MARK: Depth

    private func depth(_ plan: SessionPlan, _ reading: any Reading) throws -> [Finding] {
        try overLimit(plan) + (plan.setting == .home ? homeDepth(plan, reading) : clinicDepth(plan))
    }

    /// The strictest limit of the planned areas, and the area that sets it.
    private func limit(_ plan: SessionPlan) -> (mm: Double, place: String) {
        let limits = plan.areas.map { name in
            let area = knowledge.areas[name]
            let place = area?.text ?? name
            switch plan.setting {
            case .clinic: return (area?.clinicMaxMM ?? knowledge.clinic.maxMM, place)
            case .home:
                let isForArea = plan.device.areas.contains(name)
                let cap = (isForArea ? area?.ownDeviceMaxMM : nil) ?? knowledge.home.maxMM
                return (min(cap, area?.zoneMaxMM ?? cap), "\(place) at home")
            }
        }
        return limits.min { $0.0 < $1.0 } ?? (0, "no area")
    }

    private func overLimit(_ plan: SessionPlan) throws -> [Finding] {
        let limit = limit(plan)
        guard plan.reachMM > limit.mm else { return [] }
        return try find(
            .depthOverLimit, plan.setting, ["depth_mm": plan.reachMM, "limit_mm": limit.mm, "where": limit.place])
    }

    private func homeDepth(_ plan: SessionPlan, _ reading: any Reading) throws -> [Finding] {
        let home = knowledge.home
        // The advice for one area counts only where no other is needled.
        let only = plan.areas.count == 1 ? knowledge.areas[plan.areas[0]] : nil
        var findings = try deeperThanAdvised(plan, [only].compactMap { $0 })
        let isBeginner = try reading.isBeginner(plan.person)
        let isLongRoller =
            plan.device.kind == .roller && plan.reachMM > home.rollerCautionOverMM && only?.hasRollerCaution != false
        if isLongRoller && isBeginner {
            findings += try find(
                .beginnerRoller, plan.setting, ["depth_mm": plan.reachMM, "limit_mm": home.rollerCautionOverMM])
        } else if isLongRoller {
            findings += try find(
                .rollerDepth, plan.setting, ["depth_mm": plan.reachMM, "limit_mm": home.rollerCautionOverMM])
        }
        if isBeginner {
            findings += try beginnerDepth(plan, only?.beginnerMaxMM ?? home.beginnerMaxMM)
        }
        return findings
    }

    private func deeperThanAdvised(_ plan: SessionPlan, _ areas: [Area]) throws -> [Finding] {
        try areas.flatMap { area -> [Finding] in
            guard let most = area.advisedMaxMM, plan.reachMM > most else { return [] }
            return try find(
                .deeperThanAdvised, plan.setting, sources: area.sources, ["limit_mm": most, "where": area.text])
        }
    }

    /// The advice for a beginner's depth that the device can follow: nobody is told to set a device lower than it can be set.
    private func beginnerDepth(_ plan: SessionPlan, _ limit: Double) throws -> [Finding] {
        guard plan.reachMM > limit else { return [] }
        let least = plan.device.fixedDepthMM ?? plan.device.minDepthMM ?? 0
        let values: [String: any CustomStringConvertible] = [
            "depth_mm": plan.reachMM, "limit_mm": limit, "device": plan.device.device, "least_mm": least,
            "sessions": knowledge.beginnerSessions,
        ]
        return try find(least > limit ? .beginnerDevice : .beginnerDepth, plan.setting, values)
    }

    private func clinicDepth(_ plan: SessionPlan) throws -> [Finding] {
        let clinic = knowledge.clinic
        let areas = plan.areas.compactMap { knowledge.areas[$0] }
        var findings: [Finding] = []
        for area in areas {
            guard let most = area.zoneMaxMM, plan.reachMM > most else { continue }
            findings += try find(
                .depthOverZone, plan.setting, ["depth_mm": plan.reachMM, "limit_mm": most, "where": area.text])
        }
        if areas.contains(where: \.isFace), plan.reachMM > clinic.faceEvaluatedMM {
            findings += try find(.depthNotEvaluated, plan.setting, ["limit_mm": clinic.faceEvaluatedMM])
        }
        findings += try deeperThanAdvised(plan, areas)
        if plan.reachMM < clinic.minMM {
            findings += try find(
                .depthUnderClinicRange, plan.setting, ["depth_mm": plan.reachMM, "limit_mm": clinic.minMM])
        }
        return findings
    }

    // MARK: Operator

    private func qualification(_ plan: SessionPlan, _ reading: any Reading) throws -> [Finding] {
        guard plan.setting == .clinic, let reason = try disqualification(plan, reading) else { return [] }
        return try find(.operatorNotQualified, plan.setting, ["reason": reason])
    }

    private func disqualification(_ plan: SessionPlan, _ reading: any Reading) throws -> String? {
        guard let name = plan.operatorName else { return "In a clinic a session needs an operator on record" }
        let record: Object
        do {
            record = try reading.modules.ask("records.show-operator", ["operator": name])
        } catch let error as ModuleError where error.code == .notFound {
            return "Operator '\(name)' is not on record"
        }
        guard let most = record.number("max_depth_mm") else { return "Operator '\(name)' has no training on record" }
        if plan.reachMM > most { return "Operator '\(name)' is trained to \(most) mm, the plan is \(plan.reachMM) mm" }
        let day = reading.zone(of: plan.person).date(of: plan.at)
        if let until = record.date("trained_until"), until < day {
            return "The training of operator '\(name)' ended on \(until)"
        }
        return nil
    }
}
