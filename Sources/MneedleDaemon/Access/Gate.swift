import MneedleKit

/// The gate between a confined peer and a command: it lets in requests about the peer's own people or about nobody, and
/// holds back rows about others. A thing that is another's gets the same answer as one that does not exist.
struct Gate {
    typealias Owner = (_ argument: Argument, _ kind: String) throws -> Possession.Owner

    let concern: Concern
    /// The people that the peer sees.
    let own: Set<String>
    let owner: Owner

    /// - Returns: `nil` for a peer that sees everybody.
    /// - Throws: `forbidden` for a command that such a peer may not call at all.
    static func before(_ verb: String, _ concern: Concern?, _ reading: StoreReading) throws -> Gate? {
        guard !reading.seesEverybody else { return nil }
        try reading.registry.requireSight(verb, concern, of: reading.actor)
        guard let concern else { return nil }
        let own = concern.whom == .named ? try reading.ownPeople() : []
        return Gate(concern: concern, own: own) { try reading.registry.owner(of: $0, $1, reading) }
    }

    // MARK: Before the command

    /// The request as the peer may make it.
    /// - Throws: `not-found` where the request names a thing that is another's or nobody's.
    func admit(_ request: Request) throws -> Request {
        guard concern.whom == .named else { return request }
        var names = 0
        for name in concern.arguments {
            guard let argument = request.arguments[name.name] else { continue }
            names += 1
            guard try isOpen(argument, name) else { throw notFound(name, argument) }
        }
        return names > 0 ? request : try filledIn(request)
    }

    private func filledIn(_ request: Request) throws -> Request {
        switch concern.otherwise {
        case .nobody: return request
        case .rows where !concern.rows.isEmpty: return request
        case .person where own.count == 1:
            let person = Argument.text(own.first ?? "")
            return Request(arguments: Arguments(request.arguments.entries + [("person", person)]), actor: request.actor)
        case .rows, .person:
            let name = concern.arguments.first?.name ?? "person"
            throw ModuleError.invalidArgument(
                name,
                expected: own.isEmpty ? "something of your own" : "one of \(own.sorted().joined(separator: ", "))",
                got: nil, "here everybody sees only their own: say by '\(name)' whose is meant")
        }
    }

    private func notFound(_ name: Concern.Name, _ argument: Argument) -> ModuleError {
        let next = "here everybody sees only their own"
        return switch argument {
        case .integer(let id): .notFound(name.kind, id, next: next)
        case .text(let id): .notFound(name.kind, id, next: next)
        default: .notFound(name.kind, name.name, next: next)
        }
    }

    /// Whether the peer may see, and change, the thing that an argument names.
    private func isOpen(_ argument: Argument, _ name: Concern.Name) throws -> Bool {
        if name.kind == "person" {
            guard case .text(let person) = argument else { return false }
            return own.contains(person)
        }
        return switch try owner(argument, name.kind) {
        case .person(let person): own.contains(person)
        case .nobody: !name.mustBeOwn
        case .unknown: false
        }
    }

    // MARK: After the command

    /// Whether the peer may see a row.
    func shows(_ row: Object) throws -> Bool {
        guard concern.whom == .named else { return true }
        for name in concern.rows {
            switch row[name.name] {
            case nil, .null?:
                guard name.isOptional else { return false }
            case .string(let text)?:
                guard try isOpen(.text(text), name) else { return false }
            case .integer(let number)?:
                guard try isOpen(.integer(number), name) else { return false }
            default: return false
            }
        }
        return true
    }

    /// Runs a command, and takes the names that resemble the one asked for out of its refusal.
    func answer(_ request: Request, _ handler: (Request) throws -> Object) throws -> Object {
        let request = try admit(request)
        do {
            return try handler(request)
        } catch var error as ModuleError where error.code == .notFound {
            error.members["suggestions"] = .list([])
            throw error
        }
    }
}

extension Verb {
    /// Runs `handler` unless the request names a thing that is another's.
    func guarded(_ request: Request, _ reading: StoreReading, _ handler: (Request) throws -> Object) throws -> Object {
        guard let gate = try Gate.before(name, command.concerns, reading) else { return try handler(request) }
        return try gate.answer(request, handler)
    }

    /// Runs the `handler` of a listing in the same way, without the rows about others.
    func guarded(
        _ request: Request, _ reading: StoreReading, _ sink: @escaping Command.RowSink,
        _ handler: (Request, @escaping Command.RowSink) throws -> Object
    ) throws -> Object {
        guard let gate = try Gate.before(name, command.concerns, reading) else { return try handler(request, sink) }
        return try gate.answer(request) { request in
            try handler(request) { row in if try gate.shows(row) { try sink(row) } }
        }
    }
}
