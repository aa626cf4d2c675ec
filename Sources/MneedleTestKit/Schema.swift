import MneedleKit

/// A validator for the part of JSON Schema 2020-12 that `describe` uses. The service's tests compare it with another
/// implementation.
enum Schema {
    /// The faults of a value against its schema, each with its place.
    static func faults(in value: Value, _ schema: Object, at place: String = "reply") -> [String] {
        if let choices = schema.list("anyOf") {
            let fits = choices.contains { choice in
                if case .object(let choice) = choice { Schema.faults(in: value, choice).isEmpty } else { false }
            }
            return fits ? [] : ["\(place): \(value.jsonText) is none of what it may be"]
        }
        var faults: [String] = []
        if let type = schema.string("type"), !isA(type, value) {
            faults.append("\(place): no \(type): \(value.jsonText)")
        }
        if let words = schema.list("enum"), !words.contains(value) {
            faults.append("\(place): \(value.jsonText) is none of \(schema.strings("enum").joined(separator: ", "))")
        }
        switch value {
        case .string(let text):
            if let format = schema.string("format"), !has(format, text) {
                faults.append("\(place): no \(format): \(text)")
            }
        case .list(let elements):
            guard let items = schema.object("items") else { break }
            for (index, element) in elements.enumerated() {
                faults += Schema.faults(in: element, items, at: "\(place)[\(index)]")
            }
        case .object(let object):
            faults += Schema.faults(ofMembers: object, schema, at: place)
            if object.string("code") != nil, let message = object.string("message"),
                let advice = object.string("advice")
            {
                faults += unfilled(message + " " + advice).map { "\(place): \($0)" }
            }
        default: break
        }
        return faults
    }

    private static func faults(ofMembers object: Object, _ schema: Object, at place: String) -> [String] {
        guard let properties = schema.object("properties") else { return [] }
        var faults = schema.strings("required").filter { object[$0] == nil }.map { "\(place): '\($0)' is missing" }
        for member in object.members {
            if let declared = properties.object(member.name) {
                faults += Schema.faults(in: member.value, declared, at: "\(place).\(member.name)")
            } else if schema.bool("additionalProperties") == false {
                faults.append("\(place): '\(member.name)' is not declared")
            }
        }
        return faults
    }

    /// What is wrong with the words of a finding: a placeholder that its module has declared and does not fill in.
    static func unfilled(_ words: String) -> [String] {
        placeholders(in: words).map { "nothing fills in {\($0)}: \(words)" }
    }

    private static func isA(_ type: String, _ value: Value) -> Bool {
        switch (type, value) {
        case ("string", .string), ("boolean", .bool), ("integer", .integer), ("number", .integer), ("number", .number),
            ("array", .list), ("object", .object):
            true
        default: false
        }
    }

    private static func has(_ format: String, _ text: String) -> Bool {
        switch format {
        case "date": CivilDate(text) != nil
        case "date-time": Instant(text) != nil
        // No request may have a span with milliseconds, or a negative one, but a measured span may be such.
        case "duration": text.wholeMatch(of: /-?P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d{3})?S)?)?/) != nil
        default: false
        }
    }
}
