/// The arguments of a request after typing: every required one is there, each of its declared
/// type, none unknown. Asking for one that the command did not declare is a defect.
public struct Arguments: Hashable, Sendable, ValueConvertible {
    public private(set) var entries: [(name: String, argument: Argument)]

    public init(_ entries: [(name: String, argument: Argument)] = []) { self.entries = entries }

    public subscript(name: String) -> Argument? { entries.first { $0.name == name }?.argument }

    public func has(_ name: String) -> Bool { self[name] != nil }

    public func text(_ name: String) -> String? {
        if case .text(let text) = self[name] { text } else { nil }
    }
    public func integer(_ name: String) -> Int64? {
        if case .integer(let number) = self[name] { number } else { nil }
    }
    public func number(_ name: String) -> Double? {
        if case .number(let number) = self[name] { number } else { nil }
    }
    public func boolean(_ name: String) -> Bool? {
        if case .boolean(let flag) = self[name] { flag } else { nil }
    }
    public func date(_ name: String) -> CivilDate? {
        if case .date(let date) = self[name] { date } else { nil }
    }
    public func time(_ name: String) -> Instant? {
        if case .time(let instant) = self[name] { instant } else { nil }
    }
    public func duration(_ name: String) -> Span? {
        if case .duration(let span) = self[name] { span } else { nil }
    }
    public func object(_ name: String) -> Arguments? {
        if case .object(let object) = self[name] { object } else { nil }
    }
    /// The texts of a list argument; `nil` when it was left out.
    public func texts(_ name: String) -> [String]? {
        guard case .list(let list) = self[name] else { return nil }
        return list.compactMap { if case .text(let text) = $0 { text } else { nil } }
    }

    /// A required argument's text.
    public func requiredText(_ name: String) throws -> String { try present(text(name), name) }
    /// A required argument's whole number.
    public func requiredInteger(_ name: String) throws -> Int64 { try present(integer(name), name) }
    /// A required argument's number.
    public func requiredNumber(_ name: String) throws -> Double { try present(number(name), name) }
    /// A required argument's flag.
    public func requiredBoolean(_ name: String) throws -> Bool { try present(boolean(name), name) }

    private func present<T>(_ value: T?, _ name: String) throws -> T {
        guard let value else {
            throw ModuleError.internal("argument '\(name)' is not declared as required, or as another type")
        }
        return value
    }

    public var value: Value {
        .object(Object(uniqueMembers: entries.map { Object.Member($0.name, $0.argument.value) }))
    }

    public static func == (left: Arguments, right: Arguments) -> Bool {
        left.entries.elementsEqual(right.entries) { $0 == $1 }
    }
    public func hash(into hasher: inout Hasher) {
        for entry in entries {
            hasher.combine(entry.name)
            hasher.combine(entry.argument)
        }
    }
}

/// One call of a command, typed and allowed.
public struct Request: Sendable {
    public let arguments: Arguments
    public let actor: Actor

    public init(arguments: Arguments, actor: Actor) {
        self.arguments = arguments
        self.actor = actor
    }
}
