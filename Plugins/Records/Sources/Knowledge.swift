import MneedleKit

/// The parts of the body that a device may be meant for, and what is known of device models.
struct Knowledge: Sendable {
    let areas: [String]
    let models: [DeviceModel]

    init(_ setup: Setup) {
        let file = setup.knowledge("areas")
        areas = (file.table("area")?.namedTables() ?? []).map { name, table in
            // Read by the modules that judge areas; named here so that no key is unknown.
            _ = (table.string("text"), table.optionalBool("face"), table.optionalBool("needling"))
            _ = (table.optionalNumber("zone_max_mm"), setup.sources.sources(of: table))
            return name
        }
        models = (setup.knowledge("devices").table("model")?.namedTables() ?? []).map { name, table in
            DeviceModel(name, table, setup.sources)
        }
    }

    func model(_ name: String) -> DeviceModel? { models.first { $0.name == name } }
}

/// What a maker's label says of a model: filled in where a device's record does not say otherwise.
struct DeviceModel: Sendable {
    let name: String
    let kind: DeviceKind
    let minDepthMM: Double?
    let maxDepthMM: Double?
    let material: String?
    let cartridges: Bool
    let areas: [String]

    init(_ name: String, _ table: Table, _ sources: SourceCatalogue) {
        self.name = name
        // What the label rules out is judged where people are screened.
        _ = (table.string("title"), sources.sources(of: table), table.value("contraindications"))
        kind = table.choice("kind", default: .pen)
        minDepthMM = table.optionalNumber("min_depth_mm", in: 0...10)
        maxDepthMM = table.optionalNumber("max_depth_mm", in: 0...10)
        material = table.optionalString("material")
        cartridges = table.bool("cartridges", default: false)
        areas = table.strings("areas", default: [])
        if let least = minDepthMM, let most = maxDepthMM, least > most {
            table.report("min_depth_mm", "\(least) is over max_depth_mm \(most)")
        }
    }
}
