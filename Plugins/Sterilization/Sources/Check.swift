import MneedleKit

extension Sterilization {
    var check: SafetyCheck {
        SafetyCheck("Is the head clean, sterile where it must be, this person's, and its cartridge unused?") {
            plan, reading in
            let head = try Head(of: plan.device.device, in: reading)
            let zone = reading.zone(of: plan.person)
            var findings = try readiness(of: plan.device, head, for: plan, zone)
            findings += try wetness(plan, head, zone)
            findings += try ownership(plan, head)
            findings += try cartridge(plan, zone, reading)
            findings += try wear(plan.device, head, takesCartridge: plan.takesCartridge, plan.setting)
            return findings
        }
    }

    // MARK: Cleanliness

    private func readiness(of device: Device, _ head: Head, for plan: SessionPlan, _ zone: Zone) throws -> [Finding] {
        try readiness(
            of: device, head, takesCartridge: plan.takesCartridge, setting: plan.setting, at: plan.at, zone)
    }

    /// The findings against putting this head on skin at `at`. A cartridge is sterile in its seal, so its
    /// handpiece needs disinfecting only; a clinic's reusable head has to be sterile itself.
    func readiness(
        of device: Device, _ head: Head, takesCartridge: Bool, setting: Setting, at: Instant, _ zone: Zone
    ) throws -> [Finding] {
        if let soaking = head.soaking { return try underWay(soaking, setting, zone) }
        var found: [Finding] = []
        if let since = head.cleaningDueSince {
            found += try knowledge.findings.find(
                .cleaningDue, setting, in: zone, ["device": device.device, "used": since])
        }
        let wantsSterile = setting == .clinic && !takesCartridge
        if !head.isReady(at: at, as: wantsSterile ? .sterile : .disinfected) {
            let reason = unreadiness(head, at: at, wantsSterile: wantsSterile)
            var times: [String: any CustomStringConvertible] = [:]
            times["time"] = head.timeAhead(of: at) ?? head.readiness?.until
            times["used"] = head.lastUse
            found += try knowledge.findings.find(
                wantsSterile ? .notSterile : .notDisinfected, setting, in: zone,
                ["device": device.device, "why": filled(knowledge.wording[reason], in: zone, times)])
        }
        return found
    }

    private func unreadiness(_ head: Head, at: Instant, wantsSterile: Bool) -> Wording.Phrase {
        if head.running != nil { return .inUse }
        if head.timeAhead(of: at) != nil { return .clockBehind }
        guard let readiness = head.readiness else {
            if head.lastUse != nil { return .soakedBeforeLastUse }
            return wantsSterile ? .neverSterilised : .neverSoaked
        }
        return wantsSterile && readiness.state == .disinfected ? .disinfectedOnly : .readinessOver
    }

    /// The finding that a head has just come out of the alcohol and is still wet.
    private func wetness(_ plan: SessionPlan, _ head: Head, _ zone: Zone) throws -> [Finding] {
        guard head.isReady(at: plan.at, as: .disinfected), let readiness = head.readiness,
            readiness.state == .disinfected
        else { return [] }
        let minutes = knowledge.soak.dryMinutes
        let dry = readiness.since.adding(milliseconds: Span.minutes(minutes).totalMilliseconds)
        guard plan.at < dry else { return [] }
        return try knowledge.findings.find(
            .headWet, plan.setting, in: zone, until: .instant(dry),
            ["device": plan.device.device, "soaked": readiness.since, "dry": dry, "minutes": shortText(minutes)])
    }

    // MARK: Owner

    private func ownership(_ plan: SessionPlan, _ head: Head) throws -> [Finding] {
        let phrase: Wording.Phrase
        if let owner = plan.device.owner, owner != plan.person.person {
            phrase = .ownedByAnother
        } else if let last = head.lastPerson, last != plan.person.person,
            !(plan.takesCartridge && plan.setting == .clinic)
        {
            // In a clinic a handpiece goes from person to person, each with a cartridge; at home nothing is shared.
            phrase = plan.takesCartridge ? .sharedAtHome : .usedByAnother
        } else {
            return []
        }
        return try find(
            .deviceOfAnother, plan.setting, ["device": plan.device.device, "why": knowledge.wording[phrase]])
    }

    // MARK: Cartridge

    private func cartridge(_ plan: SessionPlan, _ zone: Zone, _ reading: any Reading) throws -> [Finding] {
        guard plan.takesCartridge || plan.cartridge != nil else { return [] }
        func finding(_ code: SterilizationCode, _ phrase: Wording.Phrase) throws -> [Finding] {
            try find(
                code, plan.setting,
                [
                    "cartridge": plan.cartridge ?? "", "device": plan.device.device, "person": plan.person.person,
                    "why": knowledge.wording[phrase],
                ])
        }
        guard let name = plan.cartridge else { return try finding(.cartridgeMissing, .noneNamed) }
        guard let cartridge = try Cartridge(name, in: reading) else {
            return try finding(.cartridgeMissing, .notOpened)
        }
        var found: [Finding] = []
        if cartridge.device != plan.device.device { found += try finding(.cartridgeMissing, .openedForOtherDevice) }
        if cartridge.person != plan.person.person {
            found += try finding(.cartridgeUsed, .openedForAnother)
        } else if cartridge.session != nil {
            found += try finding(.cartridgeUsed, .alreadyUsed)
        } else if cartridge.discardedAt != nil {
            found += try finding(.cartridgeUsed, .discarded)
        } else if plan.at < cartridge.openedAt {
            let why = filled(knowledge.wording[.clockBehind], in: zone, ["time": cartridge.openedAt])
            found += try unsterile(name, why, plan)
        } else if plan.at >= useBy(cartridge.openedAt) {
            let why = filled(knowledge.wording[.openedTooLong], in: zone, ["opened": cartridge.openedAt])
            found += try unsterile(name, why, plan)
        }
        if let expires = cartridge.expires, expires < zone.date(of: plan.at) {
            found += try find(
                .cartridgeExpired, plan.setting,
                [
                    "cartridge": name, "device": plan.device.device, "person": plan.person.person, "expires": expires,
                ])
        }
        return try found + unlabelled(name, lot: cartridge.lot, expires: cartridge.expires, plan.setting)
    }

    /// No cycle makes a cartridge sterile again: a new one is opened.
    private func unsterile(_ cartridge: String, _ why: String, _ plan: SessionPlan) throws -> [Finding] {
        try find(.notSterile, plan.setting, ["device": cartridge, "why": why]).map { finding in
            var finding = finding
            finding.remedy = Remedy(
                "sterilization.open-cartridge", ["device": plan.device.device, "person": plan.person.person])
            return finding
        }
    }

    // MARK: Wear

    /// The finding that a head of the device's own has been used as often as it may be: a pen's is made for one use.
    func wear(_ device: Device, _ head: Head, takesCartridge: Bool, _ setting: Setting) throws -> [Finding] {
        guard !takesCartridge, !device.cartridges else { return [] }
        let (code, limit): (SterilizationCode, Int) =
            switch device.kind {
            case .roller: (.rollerWorn, knowledge.roller.uses)
            case .pen: (.headUsedUp, knowledge.head.penUses)
            case .stamp: (.headUsedUp, knowledge.head.stampUses)
            }
        guard head.uses >= limit else { return [] }
        return try find(
            code, setting,
            ["device": device.device, "kind": device.kind.rawValue, "uses": head.uses, "limit": limit])
    }
}

extension SessionPlan {
    /// Whether a single-use cartridge touches the skin, rather than a head of the device's own.
    fileprivate var takesCartridge: Bool { device.cartridges || (device.kind == .pen && cartridge != nil) }
}
