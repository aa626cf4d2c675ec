/// A part of the body that a session may name: `[area.NAME]` of `areas.toml`.
public struct Area: Sendable {
    /// The area's name in requests: `cheeks`.
    public let name: String
    /// The extent of the area, for a person.
    public let text: String
    /// Whether it is a part of the face.
    public let isFace: Bool
    /// Whether it may be needled at all.
    public let allowsNeedling: Bool
    /// Whether it lies at or inside the orbital rim, where the labels of clinic devices allow no needling.
    public let isOrbitalRim: Bool
    /// The greatest depth of its zone.
    public let zoneMaxMM: Double?
    /// The greatest depth there in a clinic; `nil` for the one of all areas.
    public let clinicMaxMM: Double?
    /// The depth beyond which one of its sources found no further benefit.
    public let advisedMaxMM: Double?
    /// The greatest depth there at home with a device that is registered for it; `nil` for the one of all areas.
    public let ownDeviceMaxMM: Double?
    /// The greatest depth advised to a beginner at home in a session of this area alone; `nil` for the one of all areas.
    public let beginnerMaxMM: Double?
    /// Whether a long roller calls for care there at home.
    public let hasRollerCaution: Bool
    /// The kinds of device that are meant for it at home; `nil` for all.
    public let homeKinds: [DeviceKind]?
    /// The sources that all of it rests on.
    public let sources: [Source]

    private static let depth = 0.05...5.0

    init(_ name: String, _ table: Table) {
        self.name = name
        sources = table.sources()
        text = table.string("text")
        isFace = table.bool("face", default: false)
        allowsNeedling = table.bool("needling", default: true)
        isOrbitalRim = table.bool("orbital_rim", default: false)
        zoneMaxMM = table.optionalNumber("zone_max_mm", in: Area.depth)
        clinicMaxMM = table.optionalNumber("clinic_max_mm", in: Area.depth)
        advisedMaxMM = table.optionalNumber("advised_max_mm", in: Area.depth)
        ownDeviceMaxMM = table.optionalNumber("own_device_max_mm", in: Area.depth)
        beginnerMaxMM = table.optionalNumber("beginner_max_mm", in: Area.depth)
        hasRollerCaution = table.bool("roller_caution", default: true)
        homeKinds = table.has("home_kinds") ? table.choices("home_kinds") : nil
        if allowsNeedling { requireLimits(table) }
    }

    /// Reports what was left out, so that none of it is taken for a limit that is not needed, or for an area that no rule names.
    private func requireLimits(_ table: Table) {
        for key in ["face", "orbital_rim"] where !table.has(key) {
            table.report(key, "missing: say 'true' or 'false', or 'needling = false' where nothing is needled")
        }
        if zoneMaxMM == nil, clinicMaxMM == nil, !table.has("zone_max_mm"), !table.has("clinic_max_mm") {
            table.report(
                "zone_max_mm",
                "missing: give 'zone_max_mm' or 'clinic_max_mm', in mm, or 'needling = false' where nothing is needled")
        }
        if isOrbitalRim, !table.has("home_kinds") {
            table.report("home_kinds", "missing: name the kinds of device that are meant for the orbital rim at home")
        }
    }
}

/// The parts of the body, from `areas.toml`: the one reader of that file, for every module that names it.
public struct AreaCatalogue: Sendable {
    /// The areas in the order of the file.
    public let areas: [Area]

    /// - Parameter file: The knowledge file `areas`.
    public init(_ file: Table) {
        areas = (file.table("area")?.namedTables() ?? []).map { Area($0.name, $0.table) }
    }

    public subscript(name: String) -> Area? { areas.first { $0.name == name } }

    /// The names of all areas, which a device may be meant for and a plan may name.
    public var names: [String] { areas.map(\.name) }

    /// The names of the areas that may be needled at all.
    public var needled: [String] { areas.filter(\.allowsNeedling).map(\.name) }
}
