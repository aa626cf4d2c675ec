/// A command's answer, or one row of a listing: a type that lists its members once. The reply, the row, its JSON Schema in
/// `describe`, the reference and the test that holds every answer against it come from that list.
///
///     struct Stopped: Reply {
///         var session: Int64
///         var findings: [Finding]
///         static let members: [Member<Stopped>] = [
///             Member("session", "its number", \.session),
///             Member("findings", "what to do now", \.findings),
///         ]
///     }
public protocol Reply: ReplyValue {
    /// The members in the order in which they are sent.
    static var members: [Member<Self>] { get }
    /// The members that are there, in their order. A type that is answered all the time may build them by hand, which takes a
    /// third of the time.
    var object: Object { get }
}

/// One member of a reply. The unit is part of its name, as of a parameter's.
public struct Member<Root>: Sendable {
    /// The member's name in the reply, with its unit.
    public let name: String
    /// The meaning, for a person.
    public let meaning: String
    /// The JSON Schema 2020-12 of its value.
    public let schema: Object
    /// Whether it may be absent.
    public let isOptional: Bool
    let value: @Sendable (Root) -> Value?

    /// - Parameter content: The function that gets the value from the reply; for `nil` the member is absent.
    public init<Content: ReplyValue>(
        _ name: String, _ meaning: String, _ content: @escaping @Sendable (Root) -> Content
    ) {
        self.name = name
        self.meaning = meaning
        schema = Content.schema
        isOptional = Content.isOptional
        value = { content($0).member }
    }

    init(
        _ name: String, _ meaning: String, _ schema: Object, _ isOptional: Bool,
        _ value: @escaping @Sendable (Root) -> Value?
    ) {
        (self.name, self.meaning, self.schema, self.isOptional) = (name, meaning, schema, isOptional)
        self.value = value
    }
}

extension Array {
    /// The same members for a reply that holds such a value as one part of it.
    public func within<Whole, Part>(
        _ part: @escaping @Sendable (Whole) -> Part
    ) -> [Member<Whole>] where Element == Member<Part> {
        map { member in
            Member<Whole>(member.name, member.meaning, member.schema, member.isOptional) { member.value(part($0)) }
        }
    }
}

/// A type whose values can be members of a reply.
public protocol ReplyValue: Sendable {
    /// The JSON Schema 2020-12 of such a value.
    static var schema: Object { get }
    /// Whether a value may be nothing; the member is absent then.
    static var isOptional: Bool { get }
    /// The value as it is sent; `nil` where it is nothing.
    var member: Value? { get }
}

extension ReplyValue where Self: ValueConvertible {
    public static var isOptional: Bool { false }
    public var member: Value? { value }
}

extension Reply {
    public static var isOptional: Bool { false }
    public var member: Value? { .object(object) }

    public var object: Object {
        var members: [Object.Member] = []
        members.reserveCapacity(Self.members.count)
        for member in Self.members {
            if let value = member.value(self) { members.append(Object.Member(member.name, value)) }
        }
        return Object(uniqueMembers: members)
    }

    public static var schema: Object {
        var properties: Object = [:]
        for member in members {
            var schema = member.schema
            schema["description"] = .string(member.meaning)
            if let unit = AnyParameter.unit(of: member.name) { schema["x-unit"] = .string(unit) }
            properties[member.name] = .object(schema)
        }
        return [
            "type": "object", "properties": properties, "required": members.filter { !$0.isOptional }.map(\.name),
            "additionalProperties": false,
        ]
    }
}

/// A reply without members: the command is done.
public struct Done: Reply {
    /// The reply without members.
    public init() {}
    public static let members: [Member<Done>] = []
}

extension Optional: ReplyValue where Wrapped: ReplyValue {
    public static var schema: Object { Wrapped.schema }
    public static var isOptional: Bool { true }
    public var member: Value? { self?.member }
}

extension Array: ReplyValue where Element: ReplyValue {
    public static var schema: Object { ["type": "array", "items": Element.schema] }
    public static var isOptional: Bool { false }
    public var member: Value? { .list(compactMap(\.member)) }
}

extension String: ReplyValue { public static var schema: Object { ["type": "string"] } }
extension Bool: ReplyValue { public static var schema: Object { ["type": "boolean"] } }
extension Int: ReplyValue { public static var schema: Object { ["type": "integer"] } }
extension Int64: ReplyValue { public static var schema: Object { ["type": "integer"] } }
extension Double: ReplyValue { public static var schema: Object { ["type": "number"] } }
extension Instant: ReplyValue { public static var schema: Object { ["type": "string", "format": "date-time"] } }
extension CivilDate: ReplyValue { public static var schema: Object { ["type": "string", "format": "date"] } }
extension Span: ReplyValue { public static var schema: Object { ["type": "string", "format": "duration"] } }
/// Members that are known only when the service runs, such as answers to the questions of a knowledge file.
extension Object: ReplyValue { public static var schema: Object { ["type": "object"] } }
/// Any value, with a schema that accepts all.
extension Value: ReplyValue { public static var schema: Object { [:] } }
extension Deadline: ReplyValue {
    public static var schema: Object { ["anyOf": [CivilDate.schema, Instant.schema]] }
}

/// A word of a fixed list is sent as that word.
extension ReplyValue where Self: RawRepresentable & CaseIterable, RawValue == String {
    public static var schema: Object { ["type": "string", "enum": allCases.map(\.rawValue)] }
    public static var isOptional: Bool { false }
    public var member: Value? { .string(rawValue) }
}

extension Severity: ReplyValue {}
extension Setting: ReplyValue {}
extension Goal: ReplyValue {}
extension DeviceKind: ReplyValue {}
