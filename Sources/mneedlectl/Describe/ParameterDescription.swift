import MneedleWire

/// An argument as its JSON Schema describes it.
struct ParameterDescription {
    let name: String
    let isRequired: Bool
    let schema: JSON

    /// The properties of an object's schema, in their order.
    static func all(in schema: JSON) -> [ParameterDescription] {
        let required = schema["required"]?.strings ?? []
        return (schema["properties"]?.members ?? []).map {
            ParameterDescription(name: $0.name, isRequired: required.contains($0.name), schema: $0.value)
        }
    }

    var summary: String { schema["description"]?.string ?? "" }
    var defaultValue: JSON? { schema["default"] }
    var isBoolean: Bool { schema["type"]?.string == "boolean" }
    var isList: Bool { schema["type"]?.string == "array" }
    /// The listing with the values that there are, and the member that has them.
    var values: (listing: String, member: String)? {
        guard let listing = schema["x-values"]?["listing"]?.string, let member = schema["x-values"]?["member"]?.string
        else { return nil }
        return (listing, member)
    }
    /// The listing that asks for the members of an object.
    var questions: String? { schema["x-questions"]?.string }
    /// Whether other values than ``choices`` may be given, as a date beside the word `never`.
    var isOpenChoice: Bool {
        !choices.isEmpty && Self.alternatives(of: schema).contains { Self.choices(of: $0).isEmpty }
    }
    /// The members of an object argument.
    var members: [ParameterDescription] { Self.all(in: schema) }
    /// Whether it is an object whose members are not all known.
    var isOpenObject: Bool { schema["type"]?.string == "object" && schema["additionalProperties"]?.bool != false }
    /// A description for a member that the schema does not name.
    var anyMember: ParameterDescription { ParameterDescription(name: name, isRequired: false, schema: [:]) }

    /// Words that may stand as the value.
    var choices: [String] { Self.choices(of: schema) }

    /// The placeholder for its value: `home|clinic`, `DATE`, `NUMBER`.
    var valueText: String { Self.valueText(of: schema) }

    /// Whether a typed name means this argument: `needle-mm` is `needle_mm`.
    func isMeant(by typed: String) -> Bool { Self.flagName(typed) == Self.flagName(name) }

    /// A name as an option of the command line.
    static func flagName(_ name: String) -> String { String(name.map { $0 == "_" ? "-" : $0 }) }

    private static func alternatives(of schema: JSON) -> [JSON] {
        schema["anyOf"]?.elements ?? schema["oneOf"]?.elements ?? []
    }

    private static func choices(of schema: JSON) -> [String] {
        if let items = schema["items"] { return choices(of: items) }
        if let words = schema["enum"]?.strings { return words }
        if let word = schema["const"]?.string { return [word] }
        if schema["type"]?.string == "boolean" { return ["yes", "no"] }
        return alternatives(of: schema).flatMap(choices)
    }

    private static func valueText(of schema: JSON) -> String {
        let alternatives = alternatives(of: schema)
        if !alternatives.isEmpty { return alternatives.map(valueText).joined(separator: "|") }
        if let items = schema["items"] { return "\(valueText(of: items)),…" }
        let choices = choices(of: schema)
        if !choices.isEmpty { return choices.joined(separator: "|") }
        switch (schema["type"]?.string, schema["format"]?.string) {
        case (_, "date"): return "DATE"
        case (_, "date-time"): return "TIME"
        case (_, "duration"): return "DURATION"
        case ("integer", _), ("number", _): return "NUMBER"
        case ("object", _): return "OBJECT"
        default: return "TEXT"
        }
    }

    /// The bounds that a value must keep to beyond its type.
    var limits: String? {
        let unit = schema["x-unit"]?.string.map { " \($0)" } ?? ""
        let least = schema["minimum"].map { HumanText.scalar($0) }
        let most = schema["maximum"].map { HumanText.scalar($0) }
        switch (least, most) {
        case (let least?, let most?): return "\(least) to \(most)\(unit)"
        case (let least?, nil): return "at least \(least)\(unit)"
        case (nil, let most?): return "at most \(most)\(unit)"
        case (nil, nil): return unit.isEmpty ? nil : "in\(unit)"
        }
    }
}
