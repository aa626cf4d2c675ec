/// A kind of finding as the knowledge files describe it: words, severity and sources are data.
///
///     [[finding]]
///     code = "too-soon"
///     severity = "defer"              # or home = "…" and clinic = "…"; "none" switches it off
///     override = "practitioner"       # in a clinic, where it is "defer" there; default "never"
///     message = "The last session was {days} days ago."
///     advice = "Wait until {until}."
///     sources = ["S2", "S3"]
public struct FindingTemplate: Sendable {
    public let code: String
    public let message: String
    public let advice: String
    public let sources: [Source]
    /// Whether a practitioner may pass over it in a clinic.
    public let overridable: Bool
    private let severities: [Setting: Severity]

    /// Reads one table, reporting what is wrong with it.
    public init(_ table: Table, sources catalogue: SourceCatalogue) {
        code = table.string("code")
        message = table.string("message")
        advice = table.string("advice")
        sources = catalogue.sources(of: table)
        overridable = table.choice("override", default: Overrider.never) == .practitioner
        severities = FindingTemplate.severities(table)
        if overridable { requireDeferral(table) }
    }

    private enum Overrider: String, CaseIterable { case never, practitioner }

    /// A file that promises more than ``Override`` keeps would mislead whoever reads it.
    private func requireDeferral(_ table: Table) {
        let severity = severities[.clinic]
        if let severity, Override(isAllowed: true, setting: .clinic).lifts(severity) { return }
        let found = severity?.rawValue ?? "none"
        let why = severity == .clearance ? "; a physician's clearance alone lifts a clearance" : ""
        table.report(
            "override", "'\(code)' is \(found) in a clinic, and only what is defer there can be overridden\(why)")
    }

    /// `severity`, or one for each setting; `none` means that the finding does not exist there.
    public static func severities(_ table: Table) -> [Setting: Severity] {
        var severities: [Setting: Severity] = [:]
        let both = level(table, "severity")
        for setting in Setting.allCases {
            if let severity = level(table, setting.rawValue) ?? both { severities[setting] = severity.severity }
        }
        if both == nil, !Setting.allCases.allSatisfy({ table.has($0.rawValue) }) {
            table.report("severity", "missing: give 'severity', or both 'home' and 'clinic'")
        }
        return severities
    }

    private enum Level: String, CaseIterable {
        case none, info, caution, clearance, `defer`, contraindicated
        var severity: Severity? { Severity(rawValue: rawValue) }
    }

    private static func level(_ table: Table, _ key: String) -> Level? { table.optionalChoice(key) }

    public func severity(in setting: Setting) -> Severity? { severities[setting] }

    /// The finding with its words filled in: `{name}` stands for `values["name"]`, `{until}` for the deadline.
    /// - Returns: `nil` when the finding does not exist in that setting.
    public func finding(
        module: String, setting: Setting, until: Deadline? = nil, _ values: [String: any CustomStringConvertible] = [:]
    ) -> Finding? {
        guard let severity = severity(in: setting) else { return nil }
        var values = values
        switch until {
        case .date(let date): values["until"] = date
        case .instant(let instant): values["until"] = instant
        case nil: break
        }
        var finding = Finding(
            code: code, severity: severity, message: filled(message, values), advice: filled(advice, values),
            until: until, sources: sources, module: module)
        finding.override = Override(isAllowed: overridable, setting: setting)
        return finding
    }
}

/// The `[[finding]]` tables of a knowledge file, by code.
public struct FindingCatalogue: Sendable {
    private let templates: [String: FindingTemplate]
    private let module: String

    /// - Parameter codes: What the module may find: a code without its table, or a table that no code uses, is a problem.
    public init(_ table: Table, module: String, sources: SourceCatalogue, codes: [String]) {
        var templates: [String: FindingTemplate] = [:]
        for entry in table.tables("finding") {
            let template = FindingTemplate(entry, sources: sources)
            if templates.updateValue(template, forKey: template.code) != nil {
                entry.report("code", "'\(template.code)' is described twice")
            }
            if !codes.contains(template.code) {
                entry.report("code", "no finding '\(template.code)' here; known: \(codes.joined(separator: ", "))")
            }
        }
        for code in codes where templates[code] == nil { table.report("finding", "'\(code)' is missing") }
        self.templates = templates
        self.module = module
    }

    /// - Throws: `internal` for a code that was not declared.
    /// - Returns: `nil` when the finding does not exist in that setting.
    public func finding(
        _ code: String, setting: Setting, until: Deadline? = nil, _ values: [String: any CustomStringConvertible] = [:]
    ) throws -> Finding? {
        guard let template = templates[code] else { throw ModuleError.internal("no finding '\(code)' was declared") }
        return template.finding(module: module, setting: setting, until: until, values)
    }
}

/// `text` with each `{name}` replaced by its value.
public func filled(_ text: String, _ values: [String: any CustomStringConvertible]) -> String {
    guard text.utf8.contains(UInt8(ascii: "{")) else { return text }
    var result = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
        result += rest[..<open]
        let name = rest[rest.index(after: open)..<close]
        result += values[String(name)].map(\.description) ?? String(rest[open...close])
        rest = rest[rest.index(after: close)...]
    }
    return result + rest
}
