import MneedleKit

/// The limits within which a soak counts.
struct SoakLimits: Sendable {
    let leastMinutes: Double
    let advisedMinutes: Double
    let leastPercent: Double
    let mostPercent: Double
    let advisedPercent: Double
    /// The minutes for which the head dries in the air before it touches skin.
    let dryMinutes: Double

    init(_ table: Table) {
        leastMinutes = table.number("least_minutes", in: 1...1440)
        advisedMinutes = table.number("advised_minutes", in: 1...1440)
        leastPercent = table.number("least_percent", in: 1...100)
        mostPercent = table.number("most_percent", in: 1...100)
        advisedPercent = table.number("advised_percent", in: 1...100)
        dryMinutes = table.number("dry_minutes", in: 0...1440)
        if advisedMinutes < leastMinutes { table.report("advised_minutes", "less than least_minutes") }
        if mostPercent < leastPercent { table.report("most_percent", "less than least_percent") }
        if !(leastPercent...max(leastPercent, mostPercent)).contains(advisedPercent) {
            table.report("advised_percent", "not between least_percent and most_percent")
        }
    }
}

/// The times for which states last, and after which nothing may be logged from memory any more.
struct Lasting: Sendable {
    let disinfected: Span
    let sterile: Span
    let openedCartridge: Span
    let lateEntry: Span

    init(_ table: Table) {
        disinfected = table.span("disinfected")
        sterile = table.span("sterile")
        openedCartridge = table.span("opened_cartridge")
        lateEntry = table.span("late_entry")
    }
}

/// The number of uses after which a roller is replaced.
struct RollerLimit: Sendable {
    let uses: Int

    init(_ table: Table) { uses = table.integer("uses", in: 1...1000) }
}

/// The number of uses of a head of the device's own, where it takes no cartridges.
struct HeadLimit: Sendable {
    let penUses: Int
    let stampUses: Int

    init(_ table: Table) {
        penUses = table.integer("pen_uses", in: 1...1000)
        stampUses = table.integer("stamp_uses", in: 1...1000)
    }
}

/// A liquid that heads are soaked in.
struct Disinfectant: Sendable {
    let name: String
    let aliases: [String]
    let counts: Bool

    var names: [String] { [name] + aliases }

    init(_ table: Table) {
        (name, aliases) = table.names("agent")
        counts = table.bool("counts")
    }
}

/// A temperature held for a time that sterilises.
struct CycleProfile: Sendable {
    let name: String
    /// The authority that vouches for the profile: `cdc`, `maker`. The configuration names the families in force.
    let family: String
    let methods: [String]
    let leastCelsius: Double
    let mostCelsius: Double
    let leastMinutes: Double

    init(_ table: Table) {
        name = table.string("profile")
        family = table.string("family")
        methods = table.strings("methods")
        leastCelsius = table.number("least_c", in: 50...300)
        mostCelsius = table.number("most_c", in: 50...300)
        leastMinutes = table.number("least_minutes", in: 0.5...1440)
        if mostCelsius < leastCelsius { table.report("most_c", "less than least_c") }
    }

    func releases(method: String, celsius: Double, minutes: Double) -> Bool {
        methods.contains(method) && (leastCelsius...mostCelsius).contains(celsius) && minutes >= leastMinutes
    }
}
