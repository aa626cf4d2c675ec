import MneedleClient
import MneedleWire

/// Something that a person is to see, from the moment it is known until it is answered or put away.
public struct Notice: Hashable, Sendable {
    /// The sort of a notice; decides on its icon and on its buttons.
    public enum Kind: String, Sendable {
        case reminder, alarm
        /// The daemon did not take an answer.
        case refusal
    }

    /// The urgency of a notice.
    public enum Urgency: String, Sendable { case low, normal, critical }

    /// The notification that the server shows for it.
    public struct Shown: Hashable, Sendable {
        /// The server's number of the notification.
        public var id: UInt32
        /// The revision of the notice that it shows.
        public var revision: Int64

        /// Makes the record of a notification on the screen.
        public init(id: UInt32, revision: Int64) {
            self.id = id
            self.revision = revision
        }
    }

    /// The notice's key: a later notice of the same key replaces the earlier one.
    public var key: String
    /// The notice's sort.
    public var kind: Kind
    /// The reminder that is answered; `nil` where nothing can be answered.
    public var reminder: Int64?
    /// The reminders of a digest that are still open.
    public var digested: [Int64] = []
    /// The notification's first line.
    public var title: String
    /// The notification's text, plain, its lines parted by LF.
    public var body: String
    /// The urgency that the notification server is told.
    public var urgency: Urgency
    /// The reasons for the notice, with their sources, a line each.
    public var reasons: [String]
    /// Whether a person has asked for the reasons.
    public var isExplained = false
    /// Whether it comes without a sound, because it was on the screen before.
    public var isQuiet = false
    /// The revision; it changes whenever there is something new to show.
    public var revision: Int64 = 0
    /// The notification on the screen; `nil` while there is none.
    public var shown: Shown?

    /// Whether the screen shows the newest revision.
    public var isCurrent: Bool { shown?.revision == revision }

    /// Makes a notice that nobody has seen yet.
    public init(
        _ key: String, _ kind: Kind, reminder: Int64? = nil, title: String, body: String, urgency: Urgency,
        reasons: [String] = []
    ) {
        self.key = key
        self.kind = kind
        self.reminder = reminder
        self.title = title
        self.body = body
        self.urgency = urgency
        self.reasons = reasons
    }
}

extension Notice {
    /// Makes the notice of the reminder in an event or a row of `scheduling.list-reminders`; `nil` if there is none in it.
    public init?(reminder facts: JSON) {
        guard let reminder = facts["reminder"]?.integer, let title = facts["title"]?.string else { return nil }
        var body = [facts["body"]?.string ?? ""]
        if facts["late"]?.bool == true, let due = facts["due"]?.string {
            body.append("This was due on \(LocalTime.text(due)) and comes late.")
        }
        self.init(
            Notice.key(reminder: reminder), .reminder, reminder: reminder, title: title,
            body: body.filter { !$0.isEmpty }.joined(separator: "\n"),
            urgency: facts["urgency"]?.string.flatMap(Urgency.init) ?? .normal,
            reasons: Notice.reasons(reminder, facts))
    }

    /// Makes the notice of the alarm in a `telemetry.alarm`; `nil` if there is none in it.
    public init?(alarm facts: JSON) {
        guard let session = facts["session"]?.integer, let code = facts["code"]?.string else { return nil }
        var body: [String] = []
        if let field = facts["field"]?.string, let value = facts["value"]?.number {
            body.append("\(field): \(value)" + (facts["limit"]?.number.map { ", the limit is \($0)" } ?? ""))
        }
        if let device = facts["device"]?.string { body.append("Device \(device), session \(session)") }
        if let at = facts["at"]?.string { body.append(LocalTime.text(at)) }
        self.init(
            Notice.key(session: session, alarm: code), .alarm,
            title: "Alarm: \(code.replacing("-", with: " "))", body: body.joined(separator: "\n"), urgency: .critical)
    }

    /// Makes one notice of many reminders that came late; each is answered by itself in `mneedlectl`.
    public init?(digest facts: JSON, seq: Int64) {
        guard let title = facts["title"]?.string else { return nil }
        self.init(
            "digest/\(seq)", .reminder, title: title, body: facts["body"]?.string ?? "", urgency: .normal,
            reasons: [
                "Why: they were due while the service was off.",
                "All of them: mneedlectl scheduling list-reminders --state due",
            ])
        digested = (facts["reminders"]?.elements ?? []).compactMap { $0["reminder"]?.integer }
    }

    static func key(reminder: Int64) -> String { "reminder/\(reminder)" }
    static func key(session: Int64, alarm code: String) -> String { "alarm/\(session)/\(code)" }

    /// The reasons in words, for a person who asks for them.
    private static func reasons(_ reminder: Int64, _ facts: JSON) -> [String] {
        let kind = facts["kind"]?.string ?? ""
        var parts = [kind == "custom" ? "Somebody queued it as reminder \(reminder)" : "Reminder \(reminder), \(kind)"]
        if let session = facts["session"]?.integer { parts.append("after session \(session)") }
        if let device = facts["device"]?.string { parts.append("about \(device)") }
        if let due = facts["due"]?.string { parts.append("due \(LocalTime.text(due))") }
        let sources = (facts["sources"]?.elements ?? []).compactMap { source -> String? in
            guard let title = source["title"]?.string else { return source.string }
            return source["evidence"]?.string.map { "\(title) (\($0))" } ?? title
        }
        return ["Why: \(parts.joined(separator: ", "))."] + sources.map { "Source: \($0)" }
    }
}
