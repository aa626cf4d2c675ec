import MneedleKit

/// `Config/knowledge/aftercare.toml`, read and checked.
struct AftercareKnowledge: Sendable {
    let windows: [Window]
    let products: [Product]
    /// The words of a product's name that say nothing about its contents: `serum`, `cream`.
    let forms: Set<String>
    let symptoms: [Symptom]
    let allergies: [Allergy]
    let guidance: [Guidance]
    /// The areas of the face.
    let face: Set<String>
    let escalation: Escalation
    let findings: FindingCatalogue<AftercareCode>
    /// The number to call in an emergency.
    let emergencyNumber: String
    /// What to do before anything else is read, by the action that a symptom asks for.
    let atOnce: [Action: String]

    init(_ setup: Setup) throws {
        let file = setup.knowledge("aftercare")
        let activesHours = Int(try setup[activesHoursKey])
        windows = file.list("window", names: { [$0.code] }) { Window($0, setup, activesHours: activesHours) }
        products = file.list("product", names: \.names, Product.init)
        forms = Set(file.strings("product_forms"))
        symptoms = file.list("symptom", names: \.names, Symptom.init)
        allergies = file.list("allergy", names: { [$0.name] }, Allergy.init)
        guidance = file.list("guidance", names: { [$0.name] }, Guidance.init)
        face = Set(AreaCatalogue(setup.knowledge("areas")).areas.filter(\.isFace).map(\.name))
        escalation = Escalation(file.section("escalation"))
        findings = FindingCatalogue(file, module: "aftercare")
        let number = try setup[emergencyNumberKey]
        emergencyNumber = number
        let first = file.section("at_once")
        atOnce = Dictionary(
            uniqueKeysWithValues: [Action.urgent, .emergency].map { action in
                (action, filled(first.string(action.rawValue, placeholders: ["number"]), in: .utc, ["number": number]))
            })
        first.requireSources()
        reportMistakes(file)
    }

    func symptom(named word: String) -> Symptom? { symptoms.first { $0.names.contains(word) } }

    /// The windows in which some product is not for the skin. A product that is not known waits for the last of them.
    var productWindows: Set<String> { Set(products.compactMap(\.window)) }

    private func reportMistakes(_ file: Table) {
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
        let reasons = symptoms.compactMap(\.stopReason)
        for reason in Set(reasons) where reasons.count(where: { $0 == reason }) > 1 {
            file.report("symptom", "two have the stop_reason '\(reason)'")
        }
        if symptom(named: Symptom.unknown) == nil {
            file.report("symptom", "'\(Symptom.unknown)' is missing: it is what a word that is not known is taken as")
        }
    }
}

/// The codes of this module's findings. Their words and severities are in the knowledge file.
enum AftercareCode: String, FindingCode {
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

    var placeholders: [String] {
        switch self {
        case .openReaction: ["symptom", "reaction", "time", "advice"]
        case .stopSession: ["session"]
        case .productAvoid, .productUnknown: ["product", "reason", "time"]
        case .productFine: ["product", "reason"]
        case .productReaction: ["product", "reaction", "symptom"]
        case .productDefersSession: ["product", "day", "until"]
        case .symptomUnknown: ["word", "taken", "suggestions"]
        case .symptomExpected, .symptomWatch, .symptomCall, .symptomUrgent, .symptomEmergency:
            ["symptom", "what", "advice", "number"]
        }
    }

    /// A red flag stops sessions until it is closed, whatever a practice writes.
    var firmness: Firmness { self == .openReaction ? .blocks(in: [.home, .clinic]) : .none }
}
