/// The arguments of a request after typing: every required one is there, each of its declared
/// type, none unknown. A handler gets them one by one, by their ``Parameter``s.
public struct Arguments: Hashable, Sendable, ValueConvertible {
    public private(set) var entries: [(name: String, argument: Argument)]

    public init(_ entries: [(name: String, argument: Argument)] = []) { self.entries = entries }

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
    public let arguments: Arguments
    public let actor: Actor

    public init(arguments: Arguments, actor: Actor) {
        self.arguments = arguments
        self.actor = actor
    }
}
