import MneedleKit

/// The actions that a symptom can call for, mildest first.
enum Action: String, CaseIterable, Comparable, ReplyValue {
    case expected, watch, call, urgent, emergency

    static func < (left: Action, right: Action) -> Bool { left.rank < right.rank }

    /// The action that is this many steps more serious, or the most serious one.
    func escalated(by steps: Int) -> Action { Action.allCases[min(rank + steps, Action.allCases.count - 1)] }

    var code: AftercareCode {
        switch self {
        case .expected: .symptomExpected
        case .watch: .symptomWatch
        case .call: .symptomCall
        case .urgent: .symptomUrgent
        case .emergency: .symptomEmergency
        }
    }

    private var rank: Int {
        switch self {
        case .expected: 0
        case .watch: 1
        case .call: 2
        case .urgent: 3
        case .emergency: 4
        }
    }
}

/// The degree of a symptom, as the person says.
enum Degree: String, CaseIterable, Comparable, Sendable {
    case mild, moderate, severe

    static func < (left: Degree, right: Degree) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .mild: 0
        case .moderate: 1
        case .severe: 2
        }
    }
}

/// Something that people notice on their skin after a session.
struct Symptom: Reply {
    let name: String
    let aliases: [String]
    let text: String
    /// The time after a session for which the symptom belongs to healing; `nil` when it never does.
    let expectedFor: Span?
    /// The time after a session at which that begins; a symptom that has it needs a session on record.
    private let expectedFrom: Span?
    /// Whether the symptom belongs to healing after a session of the face only.
    private let afterFaceOnly: Bool
    /// The action within that time, by setting.
    private let atFirst: [Setting: Action]
    /// The action after that time, or always.
    let then: Action
    /// The least action when the symptom is moderate, and when it is severe.
    private let moderate: Action
    private let severe: Action
    /// The symptoms together with which this one is an emergency.
    let emergencyWith: [String]
    /// Whether the symptom blocks further sessions until it is resolved.
    let isRedFlag: Bool
    /// Whether a running session is stopped at once.
    let stopsSession: Bool
    /// The reason of `session.stop` that reports it: `rash`.
    let stopReason: String?
    /// The products that may go on the skin all the same while a reaction of this symptom is open.
    let allows: [String]
    /// The answers of the screening that the symptom makes true for good: `keloid-history`.
    let sets: [String]
    /// Whether a practitioner has to resolve the reaction, also at home.
    let needsPractitioner: Bool
    /// Whether only a physician's word closes the reaction, however mild it is.
    let needsPhysician: Bool
    /// Whether closing the reaction has to say if it was an allergy, and to what.
    let asksAllergy: Bool
    /// The words for the symptom while it belongs to healing.
    let normal: String
    /// The words for the symptom when it does not.
    let concern: String
    let advice: String
    let sources: [Source]

    var names: [String] { [name] + aliases }

    static let members: [Member<Symptom>] = [
        Member("symptom", "its name", \.name), Member("aliases", "other words for it", \.aliases),
        Member("text", "what it is", \.text),
        Member("expected_for", "how long after a session it belongs to healing; absent: never", \.expectedFor),
        Member("then", "what to do after that time, or always", \.then),
        Member("emergency_with", "symptoms together with which it is an emergency") {
            $0.emergencyWith.isEmpty ? nil : $0.emergencyWith
        },
        Member("red_flag", "whether it blocks further sessions until it is resolved", \.isRedFlag),
        Member("advice", "what to do about it", \.advice), Member("sources", "what it rests on", \.sources),
    ]

    init(_ table: Table) {
        (name, aliases) = table.names("symptom")
        text = table.string("text")
        expectedFor = table.optionalSpan("expected_for")
        expectedFrom = table.optionalSpan("expected_from")
        afterFaceOnly = table.bool("after_face_only", default: false)
        let atFirst: Action = table.choice("at_first", default: .expected)
        self.atFirst = [.clinic: atFirst, .home: table.choice("at_first_at_home", default: atFirst)]
        then = table.choice("then", standIn: .emergency)
        moderate = table.choice("moderate", default: .expected)
        severe = table.choice("severe", default: .expected)
        emergencyWith = table.strings("emergency_with", default: [])
        isRedFlag = table.bool("red_flag", default: false)
        stopsSession = table.bool("stops_session", default: false)
        stopReason = table.optionalString("stop_reason")
        allows = table.strings("allows", default: [])
        sets = table.strings("sets", default: [])
        needsPractitioner = table.bool("practitioner_resolves", default: false)
        needsPhysician = table.bool("physician_resolves", default: false)
        asksAllergy = table.bool("asks_allergy", default: false)
        normal = expectedFor == nil ? table.string("normal", default: "") : table.string("normal")
        concern = table.string("concern")
        advice = table.string("advice")
        sources = table.sources()
        if then == .expected { table.report("then", "something has to be done about it sooner or later") }
    }

    /// The action on the symptom, by its degree, at this point of the healing.
    func action(_ course: Healing, _ degree: Degree, _ setting: Setting, _ escalation: Escalation) -> Action {
        let action = belongs(to: course) ? atFirst[setting] ?? then : then
        switch degree {
        case .mild: return action
        case .moderate: return max(action, escalation.moderateAtLeast, moderate)
        case .severe: return max(action.escalated(by: escalation.severeSteps), escalation.severeAtLeast, severe)
        }
    }

    /// Whether healing explains the symptom at this point. One that needs a session on record and has none is not explained.
    private func belongs(to course: Healing) -> Bool {
        guard let expectedFor, course.elapsed <= expectedFor.totalMilliseconds else { return false }
        if afterFaceOnly && !course.ofFace { return false }
        guard let expectedFrom else { return true }
        return course.began.map { $0 >= expectedFrom.totalMilliseconds } ?? false
    }
}

/// The point of its healing that the skin has reached when a symptom is reported.
struct Healing: Sendable {
    /// The milliseconds that the symptom has lasted, or that the session has been over: the longer of both.
    let elapsed: Int64
    /// The milliseconds from the session's end to the symptom's begin; `nil` without a session that has ended.
    let began: Int64?
    /// Whether the last session was of the face. A session without areas on record counts as one that was not.
    let ofFace: Bool
}

/// The rules by which a symptom's degree, or its becoming worse, raises the action.
struct Escalation: Sendable {
    let moderateAtLeast: Action
    let severeAtLeast: Action
    let severeSteps: Int
    let worseningAtLeast: Action
    /// The words before a symptom's name that say that it becomes worse, and those that say how bad it is.
    let worseningWords: Set<String>
    let degreeWords: [String: Degree]
    /// The words that say that something is not there.
    let denyingWords: Set<String>

    init(_ table: Table) {
        moderateAtLeast = table.choice("moderate_at_least", standIn: .watch)
        severeAtLeast = table.choice("severe_at_least", standIn: .call)
        worseningAtLeast = table.choice("worsening_at_least", standIn: .call)
        severeSteps = table.integer("severe_steps", in: 1...4)
        worseningWords = Set(table.strings("worsening_words"))
        denyingWords = Set(table.strings("denying_words"))
        var words: [String: Degree] = [:]
        for degree in Degree.allCases {
            for word in table.strings("\(degree.rawValue)_words") { words[word] = degree }
        }
        degreeWords = words
        for (key, action) in [("severe_at_least", severeAtLeast), ("worsening_at_least", worseningAtLeast)]
        where action < .call {
            table.report(key, "what is severe or becomes worse is at least a call")
        }
        table.requireSources()
    }
}

extension Aftercare {
    var symptoms: Command {
        Command(
            "symptoms", "Lists the symptoms that are known, how long each belongs to healing, and what to do then.",
            role: .reader, gives: Symptom.self, concerns: .nobody, example: "aftercare.symptoms",
            lists: { _, send in
                for symptom in knowledge.symptoms { try send(symptom) }
            })
    }
}
