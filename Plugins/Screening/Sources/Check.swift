import MneedleKit

extension Screening {
    var check: SafetyCheck {
        SafetyCheck("Is there a valid screening for this plan, and what does it say today?") { plan, reading in
            try findings(for: plan, reading)
        }
    }

    /// Judges the stored answers anew, by today's date, records, clearances and rules.
    ///
    /// The newest assessment that is complete and meant for this plan counts. Answers given since then, for
    /// other areas say, count as well: a newer "yes" is never passed over.
    private func findings(for plan: SessionPlan, _ reading: any Reading) throws -> [Finding] {
        let zone = reading.zone(of: plan.person)
        var found: [Finding] = []
        var newestFault: String?
        // What the assessment that counts leaves open; of those that do not count, what the newest does.
        var unknown: [Finding]?
        var isScreened = false
        // Nobody is screened more often while one assessment is valid; who is, counts as not screened.
        try eachAssessment(of: plan.person.person, newest: 100, reading) { assessment, _ in
            guard !isScreened else { return }
            guard validity.holds(assessment, at: plan.at, zone) else {
                newestFault = newestFault ?? expired(assessment, zone)
                return
            }
            let judgement = try judge(
                Case(
                    person: plan.person, setting: plan.setting, areas: plan.areas, device: plan.device,
                    answers: assessment.answers, at: plan.at), reading)
            for finding in judgement.findings where !found.contains(finding) { found.append(finding) }
            if let fault = fault(of: assessment, judgement, plan) {
                newestFault = newestFault ?? fault
                unknown = unknown ?? judgement.unknown
            } else {
                isScreened = true
                unknown = judgement.unknown
            }
        }
        if !isScreened, let finding = try knowledge.notScreened(newestFault ?? knowledge.words.none, plan) {
            found.insert(finding, at: 0)
        }
        return found + (unknown ?? [])
    }

    /// Why a valid assessment is not one for this plan.
    private func fault(of assessment: Assessment, _ judgement: Judgement, _ plan: SessionPlan) -> String? {
        let words = knowledge.words
        if assessment.setting != plan.setting {
            return filled(words.otherSetting, ["setting": assessment.setting.rawValue])
        }
        if !assessment.covers(plan.areas) {
            return filled(words.otherAreas, ["areas": assessment.areas.joined(separator: ", ")])
        }
        if !judgement.missing.isEmpty {
            return filled(words.incomplete, ["questions": judgement.missing.joined(separator: ", ")])
        }
        return nil
    }

    private func expired(_ assessment: Assessment, _ zone: Zone) -> String {
        filled(knowledge.words.expired, ["time": clockText(validity.end(of: assessment, zone), zone)])
    }
}

/// A time as a clock in `zone` shows it, for a sentence.
func clockText(_ instant: Instant, _ zone: Zone) -> String {
    let local = instant.rfc3339(offsetSeconds: zone.offsetSeconds(at: instant))
    return "\(local.prefix(10)) \(local.dropFirst(11).prefix(5)) (\(zone.identifier))"
}
