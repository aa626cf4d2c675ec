import MneedleKit

/// Everything that rules look at, for one judgement.
final class Facts {
    var answers: [String: Answer]
    let person: Person
    /// The device; `nil` before a session is planned.
    let device: Device?
    /// The areas to be treated; empty for any area.
    let areas: [String]
    let today: CivilDate
    private let fetchSessions: () throws -> [CivilDate]
    private var fetched: [CivilDate]?

    /// - Parameter sessions: The days of earlier sessions, newest first; asked only if a rule wants to know.
    init(
        answers: [String: Answer], person: Person, device: Device?, areas: [String], today: CivilDate,
        sessions: @escaping () throws -> [CivilDate]
    ) {
        self.answers = answers
        self.person = person
        self.device = device
        self.areas = areas
        self.today = today
        fetchSessions = sessions
    }

    func sessions() throws -> [CivilDate] {
        if let fetched { return fetched }
        let days = try fetchSessions()
        fetched = days
        return days
    }
}

/// A value on record of a person or device, for a condition to test.
enum FactValue: Hashable, Sendable {
    case flag(Bool)
    case text(String)
    case number(Double)

    /// The type of a fact. The test in the knowledge file has to fit it.
    enum Kind: Sendable {
        case flag
        case text(choices: [String])
        case number
    }
}

enum PersonFact: String, CaseIterable, Sendable {
    case fitzpatrick
    case firstTime = "first_time"
    case goal

    var kind: FactValue.Kind {
        switch self {
        case .fitzpatrick: .number
        case .firstTime: .flag
        case .goal: .text(choices: Goal.allCases.map(\.rawValue))
        }
    }

    func value(of person: Person) -> FactValue? {
        switch self {
        case .fitzpatrick: person.fitzpatrick.map { .number(Double($0)) }
        case .firstTime: .flag(person.firstTime)
        case .goal: .text(person.goal.rawValue)
        }
    }
}

enum DeviceFact: String, CaseIterable, Sendable {
    case kind
    case material
    case model
    case cartridges
    case needleMM = "needle_mm"
    case maxDepthMM = "max_depth_mm"

    var kind: FactValue.Kind {
        switch self {
        case .kind: .text(choices: DeviceKind.allCases.map(\.rawValue))
        case .material, .model: .text(choices: [])
        case .cartridges: .flag
        case .needleMM, .maxDepthMM: .number
        }
    }

    func value(of device: Device) -> FactValue? {
        switch self {
        case .kind: .text(device.kind.rawValue)
        case .material: device.material.map(FactValue.text)
        case .model: device.model.map(FactValue.text)
        case .cartridges: .flag(device.cartridges)
        case .needleMM: device.needleMM.map(FactValue.number)
        case .maxDepthMM: device.maxDepthMM.map(FactValue.number)
        }
    }
}

/// A test of a fact. A fact that is not on record passes no test but `known = false`.
enum FactTest: Hashable, Sendable {
    case among(Set<FactValue>)
    case within(Bounds)
    case known(Bool)

    func holds(for value: FactValue?) -> Bool {
        switch (self, value) {
        case (.known(let wanted), _): (value != nil) == wanted
        case (.among(let values), let value?): values.contains(value)
        case (.within(let bounds), .number(let number)?): bounds.contains(number)
        default: false
        }
    }
}
