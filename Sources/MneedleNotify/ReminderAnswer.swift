import MneedleWire

/// A person's choice on a notification, kept until the daemon has taken it.
public struct ReminderAnswer: Hashable, Sendable {
    /// `scheduling.done` or `scheduling.snooze`.
    public var verb: String
    /// The request's arguments without the key: the reminder, and the time for which it is put off.
    public var arguments: [JSON.Member]
    /// The key with which the daemon carries the answer out once, however often it is sent.
    public var idempotencyKey: String

    /// The request's arguments.
    public var request: JSON { .object(arguments + [JSON.Member("idempotency_key", .string(idempotencyKey))]) }
}

/// A button of a notification.
public enum NoticeAction: String, CaseIterable, Sendable {
    case done = "done"
    case snoozeDay = "snooze-1d"
    case snoozeWeek = "snooze-1w"
    /// Asks for the reasons; the daemon is told nothing.
    case why = "why"

    /// The button's text.
    public var label: String {
        switch self {
        case .done: "Done"
        case .snoozeDay: "Snooze 1 day"
        case .snoozeWeek: "Snooze 1 week"
        case .why: "Why?"
        }
    }

    /// The answer for the daemon; `nil` where the daemon is told nothing.
    func answer(_ reminder: Int64, key: String) -> ReminderAnswer? {
        let number = JSON.Member("reminder", .integer(reminder))
        func snooze(_ span: String) -> ReminderAnswer {
            ReminderAnswer(
                verb: "scheduling.snooze", arguments: [number, JSON.Member("for", .string(span))], idempotencyKey: key)
        }
        switch self {
        case .done: return ReminderAnswer(verb: "scheduling.done", arguments: [number], idempotencyKey: key)
        case .snoozeDay: return snooze("1d")
        case .snoozeWeek: return snooze("7d")
        case .why: return nil
        }
    }
}
