import MneedleKit

/// `Config/knowledge/aftercare.toml`, read and checked.
struct Knowledge: Sendable {
    let windows: [Window]
    let products: [Product]
    /// Words of a product's name that say nothing about what is in it: `serum`, `cream`.
    let forms: Set<String>
    let symptoms: [Symptom]
    let allergies: [Allergy]
    let guidance: [Guidance]
    /// The areas of the face.
    let face: Set<String>
    let escalation: Escalation
    private let findings: FindingCatalogue

    init(_ setup: Setup) throws {
        let file = setup.knowledge("aftercare")
        let activesHours = Int(try setup[activesHoursKey])
        windows = file.tables("window").map { Window($0, setup, activesHours: activesHours) }
        products = file.tables("product").map { Product($0, setup.sources) }
        forms = Set(file.strings("product_forms"))
        symptoms = file.tables("symptom").map { Symptom($0, setup.sources) }
        allergies = file.tables("allergy").map { Allergy($0, setup.sources) }
        guidance = file.tables("guidance").map { Guidance($0, setup.sources) }
        face = Knowledge.face(setup.knowledge("areas"))
        escalation = Escalation(
            file.table("escalation") ?? Table([:], file: file.file, problems: setup.problems), setup.sources)
        findings = FindingCatalogue(
            file, module: "aftercare", sources: setup.sources, codes: Code.allCases.map(\.rawValue))
        reportMistakes(file)
    }

    func finding(
        _ code: Code, _ setting: Setting, until: Deadline? = nil, _ values: [String: any CustomStringConvertible] = [:]
    ) throws -> Finding? {
        try findings.finding(code.rawValue, setting: setting, until: until, values)
    }

    func symptom(named word: String) -> Symptom? { symptoms.first { $0.names.contains(word) } }

    private static func face(_ file: Table) -> Set<String> {
        let areas = file.table("area")?.namedTables() ?? []
        let face = areas.filter { $0.table.optionalBool("face") == true }.map(\.name)
        for (_, table) in areas { table.leaveRest() }
        return Set(face)
    }

    /// The windows in which some product is not for the skin. What is not known at all waits for the last of them.
    var productWindows: Set<String> { Set(products.compactMap(\.window)) }

    private func reportMistakes(_ file: Table) {
        reportRepeated(windows.map(\.code), "window", file)
        reportRepeated(products.flatMap(\.names), "product", file)
        reportRepeated(symptoms.flatMap(\.names), "symptom", file)
        for product in products {
            if let window = product.window, !windows.contains(where: { $0.code == window && $0.kind == .avoid }) {
                file.report(
                    "product", "'\(product.name)' names the window '\(window)', which is none to avoid things in")
            }
        }
        if windows.count(where: \.isConfigured) != 1 {
            file.report("window", "exactly one window has 'configured = true': that of the actives")
        }
        for name in ["windows": windows.count, "products": products.count, "symptoms": symptoms.count]
        where name.value == 0 {
            file.report("", "there are no \(name.key)")
        }
        for symptom in symptoms {
            for other in symptom.emergencyWith where self.symptom(named: other)?.name != other {
                file.report("symptom", "'\(symptom.name)' is an emergency with '\(other)', which is no symptom here")
            }
            for product in symptom.allows where !products.contains(where: { $0.name == product }) {
                file.report("symptom", "'\(symptom.name)' allows '\(product)', which is no product here")
            }
        }
        reportRepeated(symptoms.compactMap(\.stopReason), "symptom", file)
        reportRepeated(allergies.map(\.name), "allergy", file)
        reportRepeated(guidance.map(\.name), "guidance", file)
        if symptom(named: Symptom.unknown) == nil {
            file.report("symptom", "'\(Symptom.unknown)' is missing: it is what a word that is not known is taken as")
        }
        for setting in Setting.allCases where !blocksFirmly(setting) {
            file.report(
                "finding", "'open-reaction' must be defer or contraindicated in both settings, and override never")
        }
    }

    /// A red flag stops sessions until it is closed, whatever a practice writes.
    private func blocksFirmly(_ setting: Setting) -> Bool {
        do {
            guard let found = try finding(.openReaction, setting) else { return false }
            return found.severity > .clearance && !found.overridable
        } catch {
            // It has no table at all, which the catalogue has reported.
            return true
        }
    }

    private func reportRepeated(_ names: [String], _ key: String, _ file: Table) {
        var seen: Set<String> = []
        for name in names where !seen.insert(name).inserted { file.report(key, "'\(name)' is there twice") }
    }
}

/// What this module finds. The words and severities are in the knowledge file.
enum Code: String, CaseIterable, Sendable {
    case openReaction = "open-reaction"
    case stopSession = "stop-session"
    case productAvoid = "product-avoid"
    case productUnknown = "product-unknown"
    case productFine = "product-fine"
    case productReaction = "product-reaction"
    case productDefersSession = "product-defers-session"
    case symptomUnknown = "symptom-unknown"
    case symptomExpected = "symptom-expected"
    case symptomWatch = "symptom-watch"
    case symptomCall = "symptom-call"
    case symptomUrgent = "symptom-urgent"
    case symptomEmergency = "symptom-emergency"
}

/// A word as the knowledge file writes it: lower case, hyphens for blanks and underscores.
func normalised(_ text: String) -> String {
    text.lowercased().split { $0 == " " || $0 == "_" || $0 == "-" || $0 == "\t" }.joined(separator: "-")
}

/// The name and aliases of a table, which have to be written as requests are compared with them.
func spelledNames(_ table: Table, _ key: String) -> (name: String, aliases: [String]) {
    let (name, aliases) = (table.string(key), table.strings("aliases", default: []))
    for word in [name] + aliases where word != normalised(word) {
        table.report("aliases", "write '\(word)' as '\(normalised(word))'")
    }
    return (name, aliases)
}
