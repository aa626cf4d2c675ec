import MneedleKit

extension Scheduling {
    /// The ways in which a person's standing keeps a reminder from coming.
    enum Hold: Sendable {
        /// Something is open that does not end by itself: the reminder is taken back.
        case withdrawn
        /// Nobody can say what holds now: the reminder waits until somebody can.
        case postponed
    }

    /// The hold on a reminder of that kind; `nil` where it comes. Delivery and every listing ask this, so that the reminders
    /// that are listed as to come are those that come.
    /// - Parameter standing: The person's standing; `nil` while nobody has the person's record.
    func hold(_ kind: ReminderKind?, _ standing: Standing?) -> Hold? {
        guard let kind, kind.invites || kind.onlyWhileWell else { return nil }
        guard let standing else { return .postponed }
        if standing.isPersonsMatter { return .withdrawn }
        return standing.isUnknown ? .postponed : nil
    }
}

/// Tells whether open reminders hold now, and asks for each person's standing once.
final class HeldReminders {
    private let scheduling: Scheduling
    private let reading: any Reading
    /// The kinds that something can hold.
    private let kinds: [String: ReminderKind]
    private var standings: [String: Standing?] = [:]

    init(_ scheduling: Scheduling, _ reading: any Reading) {
        self.scheduling = scheduling
        self.reading = reading
        let held = scheduling.knowledge.kinds.filter { $0.invites || $0.onlyWhileWell }
        kinds = Dictionary(held.map { ($0.name, $0) }) { first, _ in first }
    }

    /// The reason why a reminder does not come, or no longer counts, now; `nil` where it does.
    func why(_ reminder: Reminder) throws -> String? {
        guard reminder.state.isOpen, let kind = kinds[reminder.kind] else { return nil }
        let standing = try standing(of: reminder.person)
        switch scheduling.hold(kind, standing) {
        case nil: return nil
        case .withdrawn: return text(standing?.blocking.filter { $0.until == nil } ?? [])
        case .postponed: return text(standing?.blocking ?? [])
        }
    }

    private func text(_ findings: [Finding]) -> String {
        findings.isEmpty
            ? "Nobody can say now what holds for this person." : findings.map(\.message).joined(separator: " ")
    }

    private func standing(of person: String) throws -> Standing? {
        if let known = standings[person] { return known }
        let standing = try scheduling.knownPerson(person, reading).map { reading.safety.standing(of: $0) }
        standings[person] = .some(standing)
        return standing
    }
}
