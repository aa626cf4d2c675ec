/// What somebody is about to do: the question that every ``SafetyCheck`` answers.
public struct SessionPlan: Sendable {
    /// Who is treated.
    public var person: Person
    /// With what.
    public var device: Device
    /// Parts of the body, as in `Config/knowledge/areas.toml`.
    public var areas: [String]
    /// How deep the needles are to be set.
    public var depthMM: Double
    /// What for.
    public var goal: Goal
    /// The single-use cartridge, as its label has it.
    public var cartridge: String?
    /// The registered operator who treats, in a clinic.
    public var operatorName: String?
    /// When it is to begin.
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

    /// Whose rules hold: the person's.
    public var setting: Setting { person.setting }

    /// How deep the needles go: as planned, or as long as they are where nothing can be set.
    public var reachMM: Double { device.fixedDepthMM ?? depthMM }
}
