import MneedleKit

/// What was on record and is no longer is a correction: safety has rested on it, so the ledger keeps why. What was not known and
/// is said now is none.
extension Records {
    var correctionReason: Parameter<String?> {
        .optional(
            "reason", .line(maximum: 500),
            "Why what safety rests on was recorded wrongly, in at least \(knowledge.reasons.letters) letters; needed to change it."
        )
    }

    /// The reason of a change.
    /// - Parameter facts: What safety rests on, by the argument that gives it, before and after.
    /// - Parameter reason: As the request gives it.
    /// - Throws: `invalid-argument` where one of them is corrected without a reason.
    func reasonToCorrect(
        _ facts: [(name: String, before: (any CustomStringConvertible)?, after: (any CustomStringConvertible)?)],
        _ reason: String?
    ) throws -> String? {
        let corrected = facts.filter { $0.before != nil && $0.before?.description != $0.after?.description }
        guard let first = corrected.first else { return reason }
        let known = first.before?.description ?? ""
        return try knowledge.reasons.require(
            correctionReason.name, reason, because: "'\(first.name)' is \(known) on record, and safety rests on it")
    }
}
