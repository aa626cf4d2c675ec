import MneedleKit

/// The parts of the body that a device may be meant for, the known device models, and advice for choosing a device.
struct RecordsKnowledge: Sendable {
    let areas: [String]
    let models: [DeviceModel]
    let clearances: ClearanceLimits
    let reasons: Reasons
    /// The advice for choosing a device, in words.
    let choosing: [DeviceAdvice]

    init(_ setup: Setup) {
        areas = AreaCatalogue(setup.knowledge("areas")).names
        let devices = setup.knowledge("devices")
        models = (devices.table("model")?.namedTables() ?? []).map { [areas] name, table in
            DeviceModel(name, table, areas)
        }
        choosing = devices.tables("choosing").map { table in
            DeviceAdvice(
                name: table.string("name"), text: table.string("text"), reason: table.string("reason"),
                sources: table.sources())
        }
        clearances = ClearanceLimits(setup.knowledge("clearances"))
        reasons = Reasons(setup.knowledge("reasons"))
    }

    func model(_ name: String) -> DeviceModel? { models.first { $0.name == name } }
}

/// A maker's label of a model, which fills in a device's record where that does not say otherwise.
struct DeviceModel: Sendable {
    let name: String
    let kind: DeviceKind
    let minDepthMM: Double?
    let maxDepthMM: Double?
    let material: String?
    let cartridges: Bool
    let areas: [String]
    /// The skin types that the label names, for each area that it limits.
    let skinTypes: [String: [Int]]

    init(_ name: String, _ table: Table, _ known: [String]) {
        self.name = name
        // Screening judges what the label rules out.
        _ = (table.string("title"), table.sources(), table.value("contraindications"))
        kind = table.choice("kind", default: .pen)
        minDepthMM = table.optionalNumber("min_depth_mm", in: 0...10)
        maxDepthMM = table.optionalNumber("max_depth_mm", in: 0...10)
        material = table.optionalString("material")
        cartridges = table.bool("cartridges", default: false)
        areas = table.strings("areas", default: [])
        skinTypes = DeviceModel.skinTypes(table, known)
        if let least = minDepthMM, let most = maxDepthMM, least > most {
            table.report("min_depth_mm", "\(least) is over max_depth_mm \(most)")
        }
    }

    private static func skinTypes(_ table: Table, _ areas: [String]) -> [String: [Int]] {
        guard case .object(let limits) = table.value("skin_types") else {
            if table.has("skin_types") { table.report("skin_types", "expected a table of areas and skin types") }
            return [:]
        }
        var types: [String: [Int]] = [:]
        for member in limits.members {
            guard areas.contains(member.name) else {
                table.report("skin_types.\(member.name)", "no such area; known: \(areas.joined(separator: ", "))")
                continue
            }
            let named = (limits.list(member.name) ?? []).compactMap { value in
                if case .integer(let type) = value, (1...6).contains(type) { Int(type) } else { nil }
            }
            if named.isEmpty || named.count != limits.list(member.name)?.count {
                table.report("skin_types.\(member.name)", "expected a list of skin types from 1 to 6")
            }
            types[member.name] = named
        }
        return types
    }
}

/// A piece of advice for choosing a device.
struct DeviceAdvice: Reply {
    let name: String
    let text: String
    let reason: String
    let sources: [Source]

    static let members: [Member<DeviceAdvice>] = [
        Member("advice", "its name", \.name), Member("text", "what to look for", \.text),
        Member("reason", "why", \.reason), Member("sources", "what it rests on", \.sources),
    ]
}

extension Records {
    var choosingADevice: Command {
        Command(
            "choosing-a-device", "Lists what to look for when a device is chosen, with sources.", role: .reader,
            gives: DeviceAdvice.self, concerns: .nobody, example: "records.choosing-a-device",
            lists: { _, send in
                for advice in knowledge.choosing { try send(advice) }
            })
    }
}
