/// A kind of finding as the knowledge files describe it: words, severity and sources are data.
///
///     [[finding]]
///     code = "too-soon"
///     severity = "defer"              # or home = "…" and clinic = "…"; "none" switches it off
///     override = "practitioner"       # in a clinic, where it is "defer" there; default "never"
///     message = "The last session was {days} days ago."
///     advice = "Wait until {until}."
///     remedy = "records.change-person person={person} goal=…"    # a command that resolves it; … is asked for
///     sources = ["S2", "S3"]
public struct FindingTemplate: Sendable {
    /// The code of its findings, for programs.
    public let code: String
    /// The message of its findings, with placeholders `{name}`.
    public let message: String
    /// The advice of its findings, with placeholders `{name}`.
    public let advice: String
    /// The sources of its findings.
    public let sources: [Source]
    /// The command that resolves its findings.
    let remedy: RemedyTemplate?
    /// Whether a practitioner may override its findings in a clinic.
    public let overridable: Bool
    private let severities: [Setting: Severity]

    /// Reads one table and reports its problems.
    /// - Parameter placeholders: The placeholders that its texts may have.
    public init(_ table: Table, placeholders: [String]) {
        code = table.string("code")
        message = table.string("message", placeholders: placeholders)
        advice = table.string("advice", placeholders: placeholders)
        sources = table.sources()
        let words = table.optionalString("remedy", placeholders: placeholders)
        remedy = words.flatMap(RemedyTemplate.init)
        if let words, remedy == nil {
            table.report("remedy", "expected a command with arguments, 'module.command name=value', got '\(words)'")
        }
        overridable = table.choice("override", default: Overrider.never) == .practitioner
        severities = FindingTemplate.severities(table)
        if overridable { requireDeferral(table) }
    }

    private enum Overrider: String, CaseIterable { case never, practitioner }

    /// Reports an override that ``Override`` would never allow: a file that promises it would mislead its reader.
    private func requireDeferral(_ table: Table) {
        let severity = severities[.clinic]
        if let severity, Override(isAllowed: true, setting: .clinic).lifts(severity) { return }
        let found = severity?.rawValue ?? "none"
        let why = severity == .clearance ? "; a physician's clearance alone lifts a clearance" : ""
        table.report(
            "override", "'\(code)' is \(found) in a clinic, and only what is defer there can be overridden\(why)")
    }

    /// The severities by setting: of the key `severity`, or of one key for each setting; `none` means that the finding does not
    /// exist there.
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

    /// The severity of its findings in that setting; `nil` where they do not exist.
    public func severity(in setting: Setting) -> Severity? { severities[setting] }

    /// The finding with its words filled in: `{name}` stands for `values["name"]`, `{until}` for the deadline. A time is
    /// written as a clock in `zone` shows it.
    /// - Returns: `nil` when the finding does not exist in that setting.
    public func finding(
        module: String, setting: Setting, in zone: Zone, until: Deadline? = nil,
        _ values: [String: any CustomStringConvertible] = [:]
    ) -> Finding? {
        guard let severity = severity(in: setting) else { return nil }
        var values = values
        values["until"] = until?.words(in: zone)
        var finding = Finding(
            code: code, severity: severity, message: filled(message, in: zone, values),
            advice: filled(advice, in: zone, values), until: until, sources: sources, module: module)
        finding.remedy = remedy?.remedy(values)
        finding.override = Override(isAllowed: overridable, setting: setting)
        return finding
    }
}
