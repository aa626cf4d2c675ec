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
        // The findings of open questions: of the assessment that counts, or of the newest of those that do not count.
        var unknown: [Finding]?
        var isScreened = false
        // The answers given since, in assessments that do not count.
        var since: [Object] = []
        // Nobody is screened more often while one assessment is valid; a person who is counts as not screened.
        try eachAssessment(of: plan.person.person, newest: 100, reading) { row in
            guard !isScreened else { return }
            let assessment = try row.assessment()
            guard validity.holds(assessment, at: plan.at, zone) else {
                newestFault = newestFault ?? expired(assessment, zone)
                return
            }
            let judgement = try judge(subject(plan, assessment.answers), reading)
            for finding in judgement.findings where !found.contains(finding) { found.append(finding) }
            if let fault = try fault(of: assessment, row, judgement, plan) {
                newestFault = newestFault ?? fault
                unknown = unknown ?? judgement.unknown
                since.append(assessment.answers)
            } else {
                isScreened = true
                // A newer yes to "any of these?" opens questions that the older no had closed.
                unknown = try since.reduce(into: judgement.unknown) { unknown, newer in
                    var answers = assessment.answers
                    for member in newer.members { answers[member.name] = member.value }
                    let opened = try judge(subject(plan, answers), reading).unknown
                    for finding in opened where !unknown.contains(finding) { unknown.append(finding) }
                }
            }
        }
        if !isScreened { found = try knowledge.notScreened(newestFault ?? knowledge.words.none, plan, zone) + found }
        return found + (unknown ?? [])
    }

    private func subject(_ plan: SessionPlan, _ answers: Object) -> Case {
        Case(
            person: plan.person, setting: plan.setting, areas: plan.areas, device: plan.device, answers: answers,
            at: plan.at)
    }

    /// The reason why a valid assessment does not count for this plan; `nil` where it does. One that was incomplete when it
    /// was made starts no session, even where the plan needs fewer answers.
    private func fault(
        of assessment: Assessment, _ row: AssessmentRow, _ judgement: Judgement, _ plan: SessionPlan
    ) throws -> String? {
        let words = knowledge.words
        if assessment.setting != plan.setting {
            return filled(words.otherSetting, ["setting": assessment.setting.rawValue])
        }
        if !assessment.covers(plan.areas) {
            return filled(words.otherAreas, ["areas": assessment.areas.joined(separator: ", ")])
        }
        let missing = try judgement.missing.isEmpty ? row.missing() : judgement.missing
        if missing.isEmpty { return nil }
        return filled(words.incomplete, ["questions": missing.joined(separator: ", ")])
    }

    private func expired(_ assessment: Assessment, _ zone: Zone) -> String {
        filled(knowledge.words.expired, in: zone, ["time": validity.end(of: assessment, zone)])
    }
}
