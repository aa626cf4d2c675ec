/// A session, as its entries, `session.show` and `session.list` give it.
public struct SessionEntry: Hashable, Sendable {
    /// The session's number.
    public var session: Int64
    /// The person who is treated.
    public var person: String
    /// The device that is used; ``elsewhere`` for one that is not on record.
    public var device: String
    /// The areas that are treated.
    public var areas: [String]
    /// The depth that the needles are set to, in mm; `nil` where what is stored cannot be read.
    public var depthMM: Double?
    /// The aim of the treatment; `nil` where what is stored cannot be read.
    public var goal: Goal?
    /// The setting whose rules hold; `nil` where what is stored cannot be read. Safety takes the stricter one then.
    public var setting: Setting?
    /// The person's time zone at that time, as an IANA name; `nil` where what is stored cannot be read.
    public var timeZone: String?
    /// The single-use cartridge, as its label names it.
    public var cartridge: String?
    /// The operator who treats, in a clinic.
    public var operatorName: String?
    /// The time at which the session began.
    public var started: Instant
    /// The time at which the session ended; `nil` while it is running.
    public var ended: Instant?
    /// Whether the clock was set back meanwhile: the session then ended some time after it began.
    public var isClockUncertain: Bool
    /// The reason why the session was stopped.
    public var reason: String?
    /// The number of passes that were made.
    public var passes: Int64?
    /// A note on the session.
    public var note: String?
    /// The codes of the findings that a practitioner overrode.
    public var overridden: [String]
    /// The practitioner's reason for overriding them.
    public var overrideReason: String?
    /// The assessment that let the session start.
    public var assessment: Int64?
    /// The digest of the knowledge that was in force.
    public var knowledge: String?
    /// The codes of the findings that came up during the session.
    public var flagged: [String]
    /// Whether it was put on record afterwards, and not while it ran.
    public var isLogged: Bool

    /// Stands for a device that is not on record. No device has this name.
    public static let elsewhere = "-"

    /// A session; a value that is left out is not known, or does not exist.
    public init(
        session: Int64, person: String, device: String, areas: [String], depthMM: Double?, goal: Goal?,
        setting: Setting?, timeZone: String? = "UTC", cartridge: String? = nil, operatorName: String? = nil,
        started: Instant, ended: Instant? = nil, isClockUncertain: Bool = false, reason: String? = nil,
        passes: Int64? = nil, note: String? = nil, overridden: [String] = [], overrideReason: String? = nil,
        assessment: Int64? = nil, knowledge: String? = nil, flagged: [String] = [], isLogged: Bool = false
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
        self.isLogged = isLogged
    }
}

extension SessionEntry: EntryBody {
    public static let members: [Member<SessionEntry>] = [
        Member("session", "its number", \.session),
        Member("person", "who is treated", \.person),
        Member("device", "with what; - for a device that is not on record", \.device),
        Member("areas", "where", \.areas),
        Member("depth_mm", "how deep; absent where it cannot be read", \.depthMM),
        Member("goal", "what for; absent where it cannot be read", \.goal),
        Member("setting", "home or clinic; absent where it cannot be read", \.setting),
        Member(
            "time_zone", "the person's zone at that time; absent where it cannot be read", \.timeZone),
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
        Member("logged", "there when it was put on record afterwards") { $0.isLogged ? true : nil },
    ]

    public init(_ object: Object) throws {
        guard let session = object.integer("session"), let person = object.string("person"),
            let device = object.string("device"), object.list("areas") != nil,
            let started = object.instant("started")
        else {
            throw ModuleError.internal("what is told of a session lacks session, person, device, areas or started")
        }
        self.init(
            session: session, person: person, device: device, areas: object.strings("areas"),
            depthMM: object.number("depth_mm"), goal: object.string("goal").flatMap(Goal.init),
            setting: object.string("setting").flatMap(Setting.init), timeZone: object.string("time_zone"),
            cartridge: object.string("cartridge"),
            operatorName: object.string("operator"), started: started, ended: object.instant("ended"),
            isClockUncertain: object.bool("clock_uncertain") ?? false, reason: object.string("reason"),
            passes: object.integer("passes"), note: object.string("note"), overridden: object.strings("overridden"),
            overrideReason: object.string("override_reason"), assessment: object.integer("assessment"),
            knowledge: object.string("knowledge"), flagged: object.strings("flagged"),
            isLogged: object.bool("logged") ?? false)
    }
}

extension EntryKind where Body == SessionEntry {
    /// A session begins. A reaction that throws keeps the session from starting.
    public static var sessionStarted: Self { Self("session.started", "A session begins.") }
    /// A session was finished. The entry stands although a reaction to it fails: the session is over in any case.
    public static var sessionFinished: Self {
        Self("session.finished", "A session has come to its end.", stands: true)
    }
    /// A session was stopped. The entry stands although a reaction to it fails: the session is over in any case.
    public static var sessionStopped: Self {
        Self("session.stopped", "A session was stopped at once.", stands: true)
    }
    /// A pass over the areas is done, while the session runs.
    public static var sessionPassed: Self { Self("session.passed", "A pass over the areas is done.") }
    /// The reason for which a session was stopped, where that was not said with the stop.
    public static var sessionExplained: Self {
        Self("session.explained", "It is said why a session was stopped.")
    }
}

extension Reading {
    /// The sessions under one record of a person, the newest first, including a running one and those that were stopped.
    /// - Throws: `module-failed` while the module of sessions does not run.
    public func sessions(of record: String) throws -> [SessionEntry] {
        try modules.list("session.list", ["person": record]).map(SessionEntry.init)
    }
}
