/// The arguments of a request after typing: every required one is there, each has its declared
/// type, none is unknown. A handler gets them one by one, by their ``Parameter``s.
public struct Arguments: Hashable, Sendable, ValueConvertible {
    /// The arguments in the order in which the command declares them.
    public private(set) var entries: [(name: String, argument: Argument)]

    /// Arguments that were typed before; typing is not done here.
    public init(_ entries: [(name: String, argument: Argument)] = []) { self.entries = entries }

    /// The argument of that name; `nil` where the request gives none and there is no default.
    public subscript(name: String) -> Argument? { entries.first { $0.name == name }?.argument }

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
    /// The arguments of the request.
    public let arguments: Arguments
    /// The peer that asks, or the service itself.
    public let actor: Actor

    /// A request that was typed and allowed; neither is done here.
    public init(arguments: Arguments, actor: Actor) {
        self.arguments = arguments
        self.actor = actor
    }
}
