import MneedleKit

/// A session as it is kept.
struct StoredSession {
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
        [
            "session": id, "person": person, "device": row.text("device"), "areas": list("areas"),
            "depth_mm": row.number("depth_mm"), "goal": row.text("goal"), "setting": setting.rawValue,
            "time_zone": row.text("time_zone"), "cartridge": row.text("cartridge"), "operator": row.text("operator"),
            "started": started, "ended": row.instant("ended"),
            "clock_uncertain": row.bool("clock_uncertain") ? true : nil, "reason": row.text("reason"),
            "passes": row.integer("passes"), "note": row.text("note"),
            "overridden": row.text("overridden") == nil ? nil : list("overridden"),
            "override_reason": row.text("override_reason"), "assessment": row.integer("assessment"),
            "knowledge": row.text("knowledge"), "flagged": flagged.isEmpty ? nil : flagged,
        ]
    }

    /// The codes of what came up while it ran.
    var flagged: [String] { list("flagged") }
    /// The codes of what a practitioner passed over.
    var overridden: [String] { list("overridden") }

    /// The facts and where it stands.
    var shown: Object {
        var object = facts
        object["state"] = .string(state)
        return object
    }

    static let reply = [
        ReplyMember("session", "its number"), ReplyMember("person", "who is treated"),
        ReplyMember("device", "with what"),
        ReplyMember("areas", "where"), ReplyMember("depth_mm", "how deep"), ReplyMember("goal", "what for"),
        ReplyMember("setting", "home or clinic"), ReplyMember("time_zone", "the person's zone at that time"),
        ReplyMember("cartridge", "the cartridge used"), ReplyMember("operator", "who treats"),
        ReplyMember("started", "when it began"), ReplyMember("ended", "when it ended"),
        ReplyMember(
            "clock_uncertain", "there when the clock was set back meanwhile: then it ended some time after it began"),
        ReplyMember("reason", "why it was stopped"), ReplyMember("passes", "how many passes were made"),
        ReplyMember("note", "a note"), ReplyMember("overridden", "the findings that a practitioner overrode"),
        ReplyMember("override_reason", "why"),
        ReplyMember("assessment", "the assessment that let it start"),
        ReplyMember("knowledge", "the digest of the knowledge files that were in force"),
        ReplyMember("flagged", "the codes of what came up while it ran and would have forbidden it"),
        ReplyMember("state", "running, finished or stopped"),
    ]

    private func list(_ column: String) -> [String] {
        (row.text(column) ?? "").split(separator: ",").map(String.init)
    }
}

extension Sessions {
    func require(_ id: Int64, _ reading: any Reading) throws -> StoredSession {
        guard let row = try reading.row("SELECT * FROM session_sessions WHERE id = ?", id) else {
            throw ModuleError.notFound("session", id, next: "session.list shows the sessions")
        }
        return StoredSession(row)
    }
}
