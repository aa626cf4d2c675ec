/// The findings of a knowledge file, by the module's own codes: `[[finding]]` tables named by their `code`, or
/// `[finding.NAME]` where several share one.
public struct FindingCatalogue<Code: FindingCode>: Sendable {
    private let templates: [Code: FindingTemplate]
    private let module: String

    /// Reads the tables. Problems are a code without its table, a table that no code uses, a placeholder that the module does
    /// not fill in, and a finding weaker than its firmness allows.
    public init(_ file: Table, module: String) {
        self.module = module
        let names = Code.allCases.map(\.rawValue)
        var templates: [Code: FindingTemplate] = [:]
        for (name, table) in file.tables("finding", named: "code") {
            guard let code = Code(rawValue: name) else {
                table.report("code", "no finding '\(name)' here; known: \(names.joined(separator: ", "))")
                table.leaveRest()
                continue
            }
            let template = FindingTemplate(table, placeholders: code.placeholders)
            if template.code != code.code { table.report("code", "must be '\(code.code)'") }
            if let fault = code.firmness.fault(of: template) { table.report("severity", "'\(name)' \(fault)") }
            if templates.updateValue(template, forKey: code) != nil { table.report("code", "'\(name)' is there twice") }
        }
        for code in Code.allCases where templates[code] == nil {
            file.report("finding", "'\(code.rawValue)' is missing")
        }
        self.templates = templates
    }

    /// The finding with its words filled in: `{name}` stands for `values["name"]`, `{until}` for the deadline. A time is
    /// written as a clock in `zone` shows it.
    /// - Parameter sources: The sources of the finding, in place of the table's own.
    /// - Returns: `nil` where the finding does not exist in that setting.
    /// - Throws: `internal` where the file has no table for the code; the host refuses such a file.
    public func find(
        _ code: Code, _ setting: Setting, in zone: Zone, until: Deadline? = nil, sources: [Source]? = nil,
        _ values: [String: any CustomStringConvertible] = [:]
    ) throws -> [Finding] {
        guard let template = templates[code] else {
            throw ModuleError.internal("the knowledge has no finding '\(code.rawValue)'")
        }
        guard var finding = template.finding(module: module, setting: setting, in: zone, until: until, values) else {
            return []
        }
        if let sources { finding.sources = sources }
        return [finding]
    }
}
