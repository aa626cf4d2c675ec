import MneedleKit

/// Changing or removing a fact on record is a correction: safety has rested on it, so the ledger keeps why. Giving a fact
/// that was not known is no correction.
extension Records {
    var correctionReason: Parameter<String?> {
        .optional(
            "reason", .line(maximum: 500),
            "Why what safety rests on was recorded wrongly, in at least \(knowledge.reasons.letters) letters; needed to change it."
        )
    }

    /// The reason of a change.
    /// - Parameter facts: The facts that safety rests on, by the argument that gives them, before and after.
    /// - Parameter reason: The reason as the request gives it.
    /// - Throws: `invalid-argument` where a fact is corrected without a reason.
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
