/// A session, as its entries, `session.show` and `session.list` tell of it.
public struct SessionEntry: Hashable, Sendable {
    /// Its number.
    public var session: Int64
    /// Who is treated.
    public var person: String
    /// With what.
    public var device: String
    /// Where.
    public var areas: [String]
    public var depthMM: Double
    /// What for.
    public var goal: Goal
    public var setting: Setting
    /// The person's zone at that time; an IANA name.
    public var timeZone: String
    /// The single-use cartridge, as its label has it.
    public var cartridge: String?
    /// Who treats, in a clinic.
    public var operatorName: String?
    public var started: Instant
    /// `nil` while it is running.
    public var ended: Instant?
    /// Whether the clock was set back meanwhile: then it ended some time after it began.
    public var isClockUncertain: Bool
    /// Why it was stopped.
    public var reason: String?
    public var passes: Int64?
    public var note: String?
    /// The codes of what a practitioner passed over.
    public var overridden: [String]
    public var overrideReason: String?
    /// The assessment that let it start.
    public var assessment: Int64?
    /// The digest of the knowledge that was in force.
    public var knowledge: String?
    /// The codes of what came up while it ran.
    public var flagged: [String]

    public init(
        session: Int64, person: String, device: String, areas: [String], depthMM: Double, goal: Goal,
        setting: Setting, timeZone: String = "UTC", cartridge: String? = nil, operatorName: String? = nil,
        started: Instant, ended: Instant? = nil, isClockUncertain: Bool = false, reason: String? = nil,
        passes: Int64? = nil, note: String? = nil, overridden: [String] = [], overrideReason: String? = nil,
        assessment: Int64? = nil, knowledge: String? = nil, flagged: [String] = []
    ) {
        self.session = session
        self.person = person
        self.device = device
        self.areas = areas
        self.depthMM = depthMM
        self.goal = goal
        self.setting = setting
        self.timeZone = timeZone
        self.cartridge = cartridge
        self.operatorName = operatorName
        self.started = started
        self.ended = ended
        self.isClockUncertain = isClockUncertain
        self.reason = reason
        self.passes = passes
        self.note = note
        self.overridden = overridden
        self.overrideReason = overrideReason
        self.assessment = assessment
        self.knowledge = knowledge
        self.flagged = flagged
    }
}

extension SessionEntry: EntryBody {
    public static let members: [Member<SessionEntry>] = [
        Member("session", "its number", \.session),
        Member("person", "who is treated", \.person),
        Member("device", "with what", \.device),
        Member("areas", "where", \.areas),
        Member("depth_mm", "how deep", \.depthMM),
        Member("goal", "what for", \.goal),
        Member("setting", "home or clinic", \.setting),
        Member("time_zone", "the person's zone at that time", \.timeZone),
        Member("cartridge", "the cartridge used", \.cartridge),
        Member("operator", "who treats", \.operatorName),
        Member("started", "when it began", \.started),
        Member("ended", "when it ended", \.ended),
        Member(
            "clock_uncertain", "there when the clock was set back meanwhile: then it ended some time after it began"
        ) { $0.isClockUncertain ? true : nil },
        Member("reason", "why it was stopped", \.reason),
        Member("passes", "how many passes were made", \.passes),
        Member("note", "a note", \.note),
        Member("overridden", "the findings that a practitioner overrode") {
            $0.overridden.isEmpty ? nil : $0.overridden
        },
        Member("override_reason", "why", \.overrideReason),
        Member("assessment", "the assessment that let it start", \.assessment),
        Member("knowledge", "the digest of the knowledge files that were in force", \.knowledge),
        Member("flagged", "the codes of what came up while it ran and would have forbidden it") {
            $0.flagged.isEmpty ? nil : $0.flagged
        },
    ]

    public init(_ object: Object) throws {
        guard let session = object.integer("session"), let person = object.string("person"),
            let device = object.string("device"), object.list("areas") != nil,
            let depth = object.number("depth_mm"), let goal = object.string("goal").flatMap(Goal.init),
            let setting = object.string("setting").flatMap(Setting.init), let zone = object.string("time_zone"),
            let started = object.instant("started")
        else {
            throw ModuleError.internal(
                "what is told of a session lacks session, person, device, areas, depth_mm, goal, setting, time_zone or "
                    + "started")
        }
        self.init(
            session: session, person: person, device: device, areas: object.strings("areas"), depthMM: depth,
            goal: goal,
            setting: setting, timeZone: zone, cartridge: object.string("cartridge"),
            operatorName: object.string("operator"), started: started, ended: object.instant("ended"),
            isClockUncertain: object.bool("clock_uncertain") ?? false, reason: object.string("reason"),
            passes: object.integer("passes"), note: object.string("note"), overridden: object.strings("overridden"),
            overrideReason: object.string("override_reason"), assessment: object.integer("assessment"),
            knowledge: object.string("knowledge"), flagged: object.strings("flagged"))
    }
}

extension EntryKind where Body == SessionEntry {
    /// A reaction that throws keeps the session from starting.
    public static var sessionStarted: Self { Self("session.started", "A session begins.") }
    public static var sessionFinished: Self {
        Self("session.finished", "A session has come to its end.", stands: true)
    }
    public static var sessionStopped: Self {
        Self("session.stopped", "A session was stopped at once.", stands: true)
    }
}

extension Reading {
    /// The sessions under one record of a person, the newest first; one that is running and those that were stopped included.
    /// - Throws: `module-failed` while the module of sessions does not run.
    public func sessions(of record: String) throws -> [SessionEntry] {
        try modules.list("session.list", ["person": record]).map(SessionEntry.init)
    }
}
