import MneedleKit

/// What can be said about the time since the last session; the words are in the knowledge file.
enum Judgement: String, CaseIterable, Sendable {
    /// Under the floor: never.
    case floor
    /// In a clinic, before the goal's own minimum.
    case minimum
    /// At home, over the floor but not yet long.
    case short
    /// At home, long enough but before the goal's window.
    case early
    /// Sooner than a beginner should.
    case beginner

    var code: String {
        switch self {
        case .floor, .minimum: "too-soon"
        case .short: "interval-short"
        case .early: "before-window"
        case .beginner: "beginner-interval"
        }
    }

    /// The `[finding.…]` tables: two of them share one code, so they are named by when they hold.
    static func templates(_ file: Table, _ catalogue: SourceCatalogue) -> [Judgement: FindingTemplate] {
        guard let findings = file.table("finding") else {
            file.report("finding", "missing")
            return [:]
        }
        var templates: [Judgement: FindingTemplate] = [:]
        for judgement in allCases {
            guard let table = findings.table(judgement.rawValue) else {
                findings.report(judgement.rawValue, "missing")
                continue
            }
            let template = FindingTemplate(table, sources: catalogue)
            if template.code != judgement.code { table.report("code", "must be '\(judgement.code)'") }
            templates[judgement] = template
        }
        return templates
    }

    /// Two weeks hold whatever a practice writes, and a clinic's minimum goes only by a practitioner.
    static func reportMistakes(_ templates: [Judgement: FindingTemplate], _ file: Table) {
        func isFirm(_ template: FindingTemplate, in setting: Setting) -> Bool {
            template.severity(in: setting).map { $0 > .clearance } ?? false
        }
        if let floor = templates[.floor],
            floor.overridable || !Setting.allCases.allSatisfy({ isFirm(floor, in: $0) })
        {
            file.report("finding.floor", "must be defer or contraindicated in both settings, and override never")
        }
        if let minimum = templates[.minimum], !isFirm(minimum, in: .clinic) {
            file.report("finding.minimum", "must be defer or contraindicated in a clinic")
        }
    }
}
