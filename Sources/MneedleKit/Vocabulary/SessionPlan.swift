/// A session that somebody is about to start: every ``SafetyCheck`` judges it.
public struct SessionPlan: Sendable {
    /// The person who is treated.
    public var person: Person
    /// The device that is used.
    public var device: Device
    /// The parts of the body, as in `Config/knowledge/areas.toml`.
    public var areas: [String]
    /// The depth that the needles are to be set to, in mm.
    public var depthMM: Double
    /// The aim of the treatment.
    public var goal: Goal
    /// The single-use cartridge, as its label names it.
    public var cartridge: String?
    /// The registered operator who treats, in a clinic.
    public var operatorName: String?
    /// The time at which the session is to begin.
    public var at: Instant

    /// A plan that nobody has judged yet.
    public init(
        person: Person, device: Device, areas: [String], depthMM: Double, goal: Goal, cartridge: String? = nil,
        operatorName: String? = nil, at: Instant
    ) {
        self.person = person
        self.device = device
        self.areas = areas
        self.depthMM = depthMM
        self.goal = goal
        self.cartridge = cartridge
        self.operatorName = operatorName
        self.at = at
    }

    /// The setting whose rules hold: the person's.
    public var setting: Setting { person.setting }

    /// The depth that the needles reach, in mm: as planned, or their length where the depth cannot be set.
    public var reachMM: Double { device.fixedDepthMM ?? depthMM }
}
