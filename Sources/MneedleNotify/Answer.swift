import MneedleWire

/// What somebody chose on a notification, kept until the daemon has taken it.
public struct Answer: Hashable, Sendable {
    /// `scheduling.done` or `scheduling.snooze`.
    public var verb: String
    /// The request's arguments without the key: which reminder, and for how long it is put off.
    public var arguments: [JSON.Member]
    /// With it the daemon carries the answer out once, however often it is sent.
    public var idempotencyKey: String

    /// The request's arguments.
    public var request: JSON { .object(arguments + [JSON.Member("idempotency_key", .string(idempotencyKey))]) }
}

/// What a notification offers.
public enum Action: String, CaseIterable, Sendable {
    case done = "done"
    case snoozeDay = "snooze-1d"
    case snoozeWeek = "snooze-1w"
    /// Asks for the reasons; the daemon is told nothing.
    case why = "why"

    /// What stands on the button.
    public var label: String {
        switch self {
        case .done: "Done"
        case .snoozeDay: "Snooze 1 day"
        case .snoozeWeek: "Snooze 1 week"
        case .why: "Why?"
        }
    }

    /// What it tells the daemon; `nil` where it tells nothing.
    func answer(_ reminder: Int64, key: String) -> Answer? {
        let number = JSON.Member("reminder", .integer(reminder))
        func snooze(_ span: String) -> Answer {
            Answer(
                verb: "scheduling.snooze", arguments: [number, JSON.Member("for", .string(span))], idempotencyKey: key)
        }
        switch self {
        case .done: return Answer(verb: "scheduling.done", arguments: [number], idempotencyKey: key)
        case .snoozeDay: return snooze("1d")
        case .snoozeWeek: return snooze("7d")
        case .why: return nil
        }
    }
}
