import MneedleWire

/// Checks that a document is a schema of JSON Schema 2020-12, as far as this project writes them, and nothing else.
enum Schema {
    /// - Returns: What is wrong, with its place.
    static func faults(_ schema: JSON, at place: String = "#") -> [String] {
        guard let members = schema.members else { return ["\(place): no object"] }
        return members.flatMap { fault($0.name, $0.value, at: "\(place)/\($0.name)") }
            + consistency(schema, at: place)
    }

    private static let types = ["string", "integer", "number", "boolean", "array", "object", "null"]
    private static let formats = ["date", "date-time", "duration"]

    private static func fault(_ keyword: String, _ value: JSON, at place: String) -> [String] {
        switch keyword {
        case "type": value.string.map(types.contains) == true ? [] : ["\(place): no type"]
        case "format":
            value.string.map(formats.contains) == true ? [] : ["\(place): no format of the standard that is used here"]
        case "description", "pattern", "x-unit", "x-minimum", "x-maximum", "x-questions":
            value.string?.isEmpty == false ? [] : ["\(place): no text"]
        case "x-values":
            value["listing"]?.string != nil && value["member"]?.string != nil ? [] : ["\(place): no listing"]
        case "minimum", "maximum": value.number != nil ? [] : ["\(place): no number"]
        case "minLength", "maxLength": (value.integer ?? -1) >= 0 ? [] : ["\(place): no count"]
        case "enum": unique(value.elements) ? [] : ["\(place): no list of different values"]
        case "required":
            unique(value.elements?.filter { $0.string != nil }) || value.elements == [] ? [] : ["\(place): no names"]
        case "additionalProperties": value.bool != nil ? [] : ["\(place): no boolean"]
        case "default": []
        case "items": faults(value, at: place)
        case "anyOf":
            value.elements?.isEmpty == false ? value.elements!.flatMap { faults($0, at: place) } : ["\(place): empty"]
        case "properties":
            value.members.map { $0.flatMap { faults($0.value, at: "\(place)/\($0.name)") } } ?? ["\(place): no object"]
        default: ["\(place): '\(keyword)' is no keyword of the standard"]
        }
    }

    private static func unique(_ values: [JSON]?) -> Bool {
        guard let values, !values.isEmpty else { return false }
        return Set(values).count == values.count
    }

    private static func consistency(_ schema: JSON, at place: String) -> [String] {
        var faults: [String] = []
        let names = schema["properties"]?.members?.map(\.name) ?? []
        for name in schema["required"]?.strings ?? [] where !names.contains(name) {
            faults.append("\(place): requires '\(name)', which it does not describe")
        }
        if let low = schema["minimum"]?.number, let high = schema["maximum"]?.number, low > high {
            faults.append("\(place): minimum over maximum")
        }
        if let value = schema["default"], !admits(schema, value) {
            faults.append("\(place): its own default does not fit")
        }
        return faults
    }

    /// Whether a value fits a schema of this kind.
    static func admits(_ schema: JSON, _ value: JSON) -> Bool {
        if let choices = schema["enum"]?.elements, !choices.contains(value) { return false }
        if let any = schema["anyOf"]?.elements, !any.contains(where: { admits($0, value) }) { return false }
        if let low = schema["minimum"]?.number, let number = value.number, number < low { return false }
        if let high = schema["maximum"]?.number, let number = value.number, number > high { return false }
        switch schema["type"]?.string {
        case "string": return value.string != nil
        case "integer": return value.integer != nil
        case "number": return value.number != nil
        case "boolean": return value.bool != nil
        case "array": return value.elements?.allSatisfy { admits(schema["items"] ?? [:], $0) } ?? false
        case "object":
            let properties = schema["properties"]
            return value.members?.allSatisfy { admits(properties?[$0.name] ?? [:], $0.value) } ?? false
        default: return true
        }
    }
}
