import MneedleKit

extension Scheduling {
    /// What keeps a reminder from coming, by what holds for its person.
    enum Hold: Sendable {
        /// Something is open that does not end by itself: it is taken back.
        case withdrawn
        /// Nobody can say what holds now: it waits until somebody can.
        case postponed
    }

    /// Delivery and every listing ask this, so that what is listed as to come is what comes.
    /// - Parameter standing: The person's; `nil` while nobody can say who that is.
    func hold(_ kind: ReminderKind?, _ standing: Standing?) -> Hold? {
        guard let kind, kind.invites || kind.onlyWhileWell else { return nil }
        guard let standing else { return .postponed }
        if standing.isPersonsMatter { return .withdrawn }
        return standing.isUnknown ? .postponed : nil
    }
}

/// Says of open reminders whether they hold now, and asks once for each person.
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

    /// Why a reminder does not come, or does not count any more, now; `nil` where it does.
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
