import MneedleKit

/// The reply of `session.when-may-i`.
private struct When: Reply {
    var moment: Moment

    static let members: [Member<When>] = [
        Member("possible", "whether there is a way to this session at all", \.moment.isPossible),
        Member(
            "at", "the earliest moment, once what is to be done is done; absent where there is none", \.moment.at),
        Member("to_do", "what has to be done or known until then, with the way to settle it", \.moment.toDo),
        Member("waits", "what forbids it until then, and ends by itself", \.moment.waits),
        Member(
            "against", "what nothing on record would end: another plan is needed, or none is possible", \.moment.against
        ),
    ]
}

/// The earliest moment of a plan, and what it takes.
private struct Moment {
    var at: Instant?
    var toDo: [Finding] = []
    var waits: [Finding] = []
    var against: [Finding] = []

    var isPossible: Bool { against.isEmpty && at != nil }
}

extension [Finding] {
    /// What one remedy settles is one thing to do.
    fileprivate var eachRemedyOnce: [Finding] {
        var seen: Set<Remedy> = []
        return filter { finding in finding.remedy.map { seen.insert($0).inserted } ?? true }
    }
}

extension Sessions {
    var when: Command {
        Command(
            "when-may-i", "Says when a session may be at the earliest, and what has to be done or known until then.",
            role: .reader, takes: plannedFor, gives: When.self, errors: [.notFound],
            concerns: .named("person", "device", "cartridge"),
            example: "session.when-may-i person=anna device=pen-1 areas=cheeks depth_mm=0.5",
            reads: { reading, wish in
                let plan = try plan(wish, reading)
                return When(moment: earliest(plan, reading))
            })
    }

    /// Judges the plan at the moment at which the last of the findings ends that forbid it, and again, for other things may
    /// have ended by then: a screening, or the time for which a head stays clean.
    private func earliest(_ plan: SessionPlan, _ reading: any Reading) -> Moment {
        var moment = Moment(at: reading.now)
        let zone = reading.zone(of: plan.person)
        // Each turn ends what was found before. What is still found after so many renews itself, and nobody knows when it ends.
        for _ in 0..<Sessions.turns {
            let at = moment.at ?? reading.now
            let found = reading.safety.findings(for: plan, at: at).filter(\.blocks)
            moment.toDo = found.filter { $0.until == nil && $0.remedy != nil }.eachRemedyOnce
            moment.against = found.filter { $0.until == nil && $0.remedy == nil }
            let waiting = found.filter { $0.until != nil }
            let ends = waiting.compactMap { $0.until?.instant(in: zone) }.filter { $0 > at }
            moment.waits += waiting.filter { !moment.waits.contains($0) }
            guard let next = ends.max() else { break }
            moment.at = next
        }
        let isOver = reading.safety.findings(for: plan, at: moment.at ?? reading.now).allSatisfy {
            !$0.blocks || $0.until == nil
        }
        if !isOver || !moment.against.isEmpty { moment.at = nil }
        return moment
    }

    private static let turns = 8
}
