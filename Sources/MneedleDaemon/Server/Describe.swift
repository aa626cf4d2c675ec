import MneedleKit

/// What the command table says of itself: `describe` for programs, `help` for people.
extension Verb {
    /// One `ROW` of `describe`. Parameters are JSON Schema 2020-12; `x-unit` is the unit in a parameter's name.
    func description(for actor: Actor, in people: People) -> Object {
        [
            "verb": name, "module": module, "summary": command.summary, "role": command.role.rawValue,
            "allowed": people.allows(command, actor), "changes": command.changes, "kind": kind,
            "concerns": command.concerns?.description ?? ["whom": "undeclared"], "parameters": parameterSchema,
            "reply": replyMeanings, "reply_schema": command.replySchema ?? undeclaredSchema,
            "errors": command.errors.map(\.rawValue), "example": command.example,
        ]
    }

    /// What the reply looks like: one object, rows before it, a bulk transfer, or events after it.
    var kind: String {
        switch (action, command.handler) {
        case (.subscribe, _): "subscription"
        case (.immediateRows, _), (.command, .lists): "rows"
        case (.command, .receives): "bulk"
        default: "single"
        }
    }

    private var parameterSchema: Object {
        AnyParameterType.object(parameters).schema
    }

    private var replyMeanings: Object {
        var object: Object = [:]
        for member in command.reply { object[member.name] = .string(member.meaning) }
        return object
    }

    /// Of a command that gives no type: its members may be anything.
    private var undeclaredSchema: Object {
        var properties: Object = [:]
        for member in command.reply { properties[member.name] = .object(["description": member.meaning]) }
        return ["type": "object", "properties": properties]
    }

    /// The command as a manual page in few lines.
    var help: String {
        var lines = [command.summary, "", "  \(usage)", ""]
        if !parameters.isEmpty {
            let width = parameters.map { $0.name.count }.max() ?? 0
            lines += parameters.map { parameter in
                let padding = String(repeating: " ", count: width - parameter.name.count)
                let presence = parameter.isRequired ? "" : " (optional)"
                return "  \(parameter.name)\(padding)  \(parameter.type.expectation)\(presence). \(parameter.summary)"
            }
            lines.append("")
        }
        if !command.reply.isEmpty {
            lines.append(kind == "rows" ? "Each row:" : "Reply:")
            lines += command.reply.map { "  \($0.name): \($0.meaning)" }
            lines.append("")
        }
        lines += ["Needs the role \(command.role.rawValue).", "Example: \(command.example)"]
        return lines.joined(separator: "\n")
    }

    private var usage: String {
        ([name] + command.parameters.map { $0.isRequired ? "\($0.name)=…" : "[\($0.name)=…]" }).joined(separator: " ")
    }
}

extension Concern {
    /// Whom a command concerns, and which arguments and members say it by naming what.
    fileprivate var description: Object {
        func names(_ names: [Name]) -> Object? {
            names.isEmpty ? nil : Object(uniqueMembers: names.map { .init($0.name, .string($0.kind)) })
        }
        return ["whom": whom.rawValue, "arguments": names(arguments), "rows": names(rows)]
    }
}

extension AnyParameterType {
    /// JSON Schema 2020-12 of a value of this type. That has no bounds for dates, times and durations: they are `x-minimum`
    /// and `x-maximum`.
    var schema: Object {
        switch self {
        case .slug: ["type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{0,63}$"]
        case .text(let maximum): ["type": "string", "minLength": 1, "maxLength": maximum]
        case .line(let maximum):
            ["type": "string", "minLength": 1, "maxLength": maximum, "pattern": AnyParameterType.onOneLine]
        case .integer(let range):
            [
                "type": "integer", "minimum": range.lowerBound == .min ? nil : range.lowerBound,
                "maximum": range.upperBound == .max ? nil : range.upperBound,
            ]
        case .number(let range): ["type": "number", "minimum": range.lowerBound, "maximum": range.upperBound]
        case .boolean: ["type": "boolean"]
        case .date:
            [
                "type": "string", "format": "date", "x-minimum": CivilDate.acceptable.lowerBound,
                "x-maximum": CivilDate.acceptable.upperBound,
            ]
        case .dateOr(let words): ["anyOf": [AnyParameterType.date.schema, ["enum": words]] as [Object]]
        case .time:
            [
                "type": "string", "format": "date-time", "x-minimum": Instant.acceptable.lowerBound,
                "x-maximum": Instant.acceptable.upperBound,
            ]
        case .duration(let maximum): ["type": "string", "format": "duration", "x-maximum": maximum]
        case .choice(let choices): ["type": "string", "enum": choices]
        case .list(let element): ["type": "array", "items": element.schema]
        case .object(let members): AnyParameterType.objectSchema(members)
        }
    }

    /// No controls, no separators of lines, nothing that turns the direction of a text.
    private static let onOneLine =
        #"^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]*$"#

    private static func objectSchema(_ members: [AnyParameter]) -> Object {
        var properties: Object = [:]
        for parameter in members {
            var schema = parameter.type.schema
            schema["description"] = .string(parameter.summary)
            if let value = parameter.defaultValue { schema["default"] = value }
            if let unit = AnyParameter.unit(of: parameter.name) { schema["x-unit"] = .string(unit) }
            properties[parameter.name] = .object(schema)
        }
        return [
            "type": "object", "properties": properties, "required": members.filter(\.isRequired).map(\.name),
            "additionalProperties": false,
        ]
    }
}
