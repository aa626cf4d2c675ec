/// One argument that a command takes, as its handler receives it: a key with a type. The unit is part of the name: `depth_mm`,
/// `minutes`.
///
///     static let session = Parameter.required("session", .id, "Its number.")       // Parameter<Int64>
///     static let note = Parameter.optional("note", .text(maximum: 2000), "A note.") // Parameter<String?>
///
/// A handler is given the arguments of its command, each with its type; it never looks one up by its name.
public struct Parameter<Content: Sendable>: Sendable {
    /// The descriptions for `describe`, help and the typing of requests. There are several only for ``group(_:as:)`` and
    /// ``all(_:)``.
    public private(set) var descriptions: [AnyParameter]
    let read: @Sendable (Arguments) throws -> Content

    /// The argument's name, for errors that blame it.
    public var name: String { descriptions.first?.name ?? "" }

    /// A parameter that every request has to give.
    public static func required(_ name: String, _ type: ParameterType<Content>, _ summary: String) -> Parameter {
        Parameter(.required(name, type.erased, summary), type)
    }

    /// A parameter that is filled in where a request leaves it out.
    public static func optional(
        _ name: String, _ type: ParameterType<Content>, _ summary: String, default content: Content
    ) -> Parameter {
        Parameter(.optional(name, type.erased, summary, default: type.value(content)), type)
    }

    /// A parameter that may be left out; an absent argument is `nil`, and never read as anything else.
    public static func optional<Wrapped>(
        _ name: String, _ type: ParameterType<Wrapped>, _ summary: String
    ) -> Parameter where Content == Wrapped? {
        let read = type.reader(of: name)
        return Parameter(descriptions: [.optional(name, type.erased, summary)]) { try $0[name].map(read) }
    }

    /// The same parameter of an object's type, whose members a person is asked for by the rows of a listing: `question` names the
    /// member, `text` is the question, and `why` what rests on it. The listing takes the command's own arguments that have the
    /// same names, and the members so far; a row for each question that is open then.
    /// - Parameter listing: The whole name of the command: `screening.questions`.
    public func asked(by listing: String) -> Parameter {
        var asked = self
        for index in asked.descriptions.indices { asked.descriptions[index].questions = listing }
        return asked
    }

    /// Several parameters that belong together, as one value.
    public static func group<each Part: Sendable>(
        _ parts: repeat Parameter<each Part>, as make: @escaping @Sendable (repeat each Part) throws -> Content
    ) -> Parameter {
        var descriptions: [AnyParameter] = []
        repeat descriptions += (each parts).descriptions
        return Parameter(descriptions: descriptions) { arguments in
            try make(repeat try (each parts).read(arguments))
        }
    }

    private init(_ description: AnyParameter, _ type: ParameterType<Content>) {
        let name = description.name
        let read = type.reader(of: name)
        self.init(descriptions: [description]) { arguments in
            guard let argument = arguments[name] else {
                throw ModuleError.internal("the command does not take '\(name)'")
            }
            return try read(argument)
        }
    }

    private init(descriptions: [AnyParameter], read: @escaping @Sendable (Arguments) throws -> Content) {
        self.descriptions = descriptions
        self.read = read
    }
}

extension Parameter where Content == Arguments {
    /// Many parameters, for a handler that goes through them by their keys: `arguments[note]`.
    public static func all(_ descriptions: [AnyParameter]...) -> Parameter {
        Parameter(descriptions: Array(descriptions.joined())) { $0 }
    }
}

extension [AnyParameter] {
    /// The descriptions of some parameters, without their Swift types.
    public static func of<each Content: Sendable>(_ parameters: repeat Parameter<each Content>) -> [AnyParameter] {
        var all: [AnyParameter] = []
        repeat all += (each parameters).descriptions
        return all
    }
}

extension Arguments {
    /// The argument under a key.
    /// - Throws: `internal` where the command does not take that parameter; that is a defect.
    public subscript<Content>(key: Parameter<Content>) -> Content {
        get throws { try key.read(self) }
    }
}
