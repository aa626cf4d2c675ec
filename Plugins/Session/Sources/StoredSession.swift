import MneedleKit

/// Where a session stands.
enum SessionState: String, CaseIterable, ReplyValue { case running, finished, stopped }

/// A session as it is kept, and as it is shown.
struct StoredSession: Reply {
    let id: Int64
    let person: String
    let state: String
    let setting: Setting
    let started: Instant?
    private let row: Row

    init(_ row: Row) {
        self.row = row
        id = row.integer("id") ?? 0
        person = row.text("person") ?? ""
        state = row.text("state") ?? ""
        setting = row.text("setting").flatMap(Setting.init) ?? .home
        started = row.instant("started")
    }

    /// All that is known of it, as other modules and subscribers learn it.
    var facts: Object {
        var facts = object
        facts["state"] = nil
        return facts
    }

    /// The codes of what came up while it ran.
    var flagged: [String] { list("flagged") ?? [] }
    /// The codes of what a practitioner passed over.
    var overridden: [String] { list("overridden") ?? [] }

    static let members: [Member<StoredSession>] = [
        Member("session", "its number", \.id),
        Member("person", "who is treated", \.person),
        Member("device", "with what") { $0.row.text("device") },
        Member("areas", "where") { $0.list("areas") ?? [] },
        Member("depth_mm", "how deep") { $0.row.number("depth_mm") },
        Member("goal", "what for") { $0.row.text("goal") },
        Member("setting", "home or clinic", \.setting),
        Member("time_zone", "the person's zone at that time") { $0.row.text("time_zone") },
        Member("cartridge", "the cartridge used") { $0.row.text("cartridge") },
        Member("operator", "who treats") { $0.row.text("operator") },
        Member("started", "when it began", \.started),
        Member("ended", "when it ended") { $0.row.instant("ended") },
        Member(
            "clock_uncertain", "there when the clock was set back meanwhile: then it ended some time after it began"
        ) { $0.row.bool("clock_uncertain") ? true : nil },
        Member("reason", "why it was stopped") { $0.row.text("reason") },
        Member("passes", "how many passes were made") { $0.row.integer("passes") },
        Member("note", "a note") { $0.row.text("note") },
        Member("overridden", "the findings that a practitioner overrode") { $0.list("overridden") },
        Member("override_reason", "why") { $0.row.text("override_reason") },
        Member("assessment", "the assessment that let it start") { $0.row.integer("assessment") },
        Member("knowledge", "the digest of the knowledge files that were in force") { $0.row.text("knowledge") },
        Member("flagged", "the codes of what came up while it ran and would have forbidden it") {
            $0.flagged.isEmpty ? nil : $0.flagged
        },
        Member("state", "running, finished or stopped", \.state),
    ]

    private func list(_ column: String) -> [String]? {
        row.text(column)?.split(separator: ",").map(String.init)
    }
}

extension Sessions {
    func require(_ id: Int64, _ reading: any Reading) throws -> StoredSession {
        guard let row = try reading.store.row("SELECT * FROM session_sessions WHERE id = ?", id) else {
            throw ModuleError.notFound("session", id, next: "session.list shows the sessions")
        }
        return StoredSession(row)
    }
}
