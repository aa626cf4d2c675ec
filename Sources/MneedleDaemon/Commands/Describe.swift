import MneedleKit

/// A row of `describe`. Parameters and replies are JSON Schema 2020-12; `x-unit` is the unit in a member's name.
struct Description: Reply {
    var verb: Verb
    var isAllowed: Bool
    /// The listings of all things of a kind, by the kind.
    var catalogues: [String: String]

    private var command: Command { verb.command }

    static let members: [Member<Description>] = [
        Member("verb", "the command", \.verb.name),
        Member("module", "who answers it", \.verb.module),
        Member("summary", "what it does", \.command.summary),
        Member("role", "the least role that may call it", \.command.role.rawValue),
        Member("allowed", "whether you may", \.isAllowed),
        Member("changes", "whether it changes anything", \.command.changes),
        Member(
            "final", "what it does that no command takes back: clients ask before they send it; absent otherwise",
            \.command.consequence),
        Member("kind", "single, rows, bulk or subscription", \.verb.kind),
        Member(
            "concerns",
            "whom: nobody, everybody, named (what its arguments and rows name), filtered or undeclared"
        ) { $0.command.concerns?.description ?? ["whom": "undeclared"] },
        Member(
            "parameters",
            "JSON Schema 2020-12, units as x-unit; x-values is the listing with the values that there are, x-questions the one that asks for the members"
        ) { $0.verb.parameterSchema($0.catalogues) },
        Member("reply", "the members of the reply or of each row", \.verb.replyMeanings),
        Member(
            "reply_schema", "JSON Schema 2020-12 of the reply or of each row, units as x-unit", \.verb.replySchema),
        Member(
            "closing_schema", "the same of what is said after a listing's rows; absent where nothing is",
            \.command.closingSchema),
        Member("errors", "the error codes to expect") { $0.command.errors.map(\.rawValue) },
        Member("example", "a request in words", \.command.example),
    ]
}

/// The command table as a reply: `describe` for programs, `help` for people.
extension Verb {
    /// The form of a reply: one object, rows before it, a bulk transfer, or events after it.
    fileprivate var kind: String {
        switch command.handler {
        case .connection(.subscribe): "subscription"
        case .lists, .immediateRows: "rows"
        case .special: "bulk"
        case .reads, .writes, .immediate, .constant, .connection(.unsubscribe): "single"
        }
    }

    fileprivate func parameterSchema(_ catalogues: [String: String]) -> Object {
        var schema = AnyParameterType.object(parameters).schema
        guard case .object(var properties)? = schema["properties"] else { return schema }
        for name in command.concerns?.arguments ?? [] {
            guard let listing = catalogues[name.kind], case .object(var property)? = properties[name.name] else {
                continue
            }
            property["x-values"] = .object(["listing": listing, "member": name.kind])
            properties[name.name] = .object(property)
        }
        schema["properties"] = .object(properties)
        return schema
    }

    fileprivate var replySchema: Object { command.replySchema ?? undeclaredSchema }

    fileprivate var replyMeanings: Object {
        var object: Object = [:]
        for member in command.reply { object[member.name] = .string(member.meaning) }
        return object
    }

    /// The schema for a command that declares no type: its members may be anything.
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
    /// A command's ``Concern``, with the arguments and members that name somebody's things.
    fileprivate var description: Object {
        func names(_ names: [Name]) -> Object? {
            names.isEmpty ? nil : Object(uniqueMembers: names.map { .init($0.name, .string($0.kind)) })
        }
        return ["whom": whom.rawValue, "arguments": names(arguments), "rows": names(rows)]
    }
}

extension AnyParameterType {
    /// The JSON Schema 2020-12 of a value of this type. The standard has no bounds for dates, times and durations: they
    /// are `x-minimum` and `x-maximum` here.
    var schema: Object {
        switch self {
        case .name: ["type": "string", "minLength": 1, "maxLength": 100]
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

    /// The pattern of a text on one line: no controls, no separators of lines, no characters that turn its direction.
    private static let onOneLine =
        #"^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]*$"#

    private static func objectSchema(_ members: [AnyParameter]) -> Object {
        var properties: Object = [:]
        for parameter in members {
            var schema = parameter.type.schema
            schema["description"] = .string(parameter.summary)
            if let value = parameter.defaultValue { schema["default"] = value }
            if let listing = parameter.questions { schema["x-questions"] = .string(listing) }
            if let unit = AnyParameter.unit(of: parameter.name) { schema["x-unit"] = .string(unit) }
            properties[parameter.name] = .object(schema)
        }
        return [
            "type": "object", "properties": properties, "required": members.filter(\.isRequired).map(\.name),
            "additionalProperties": false,
        ]
    }
}
