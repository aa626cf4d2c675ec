import MneedleKit

/// Days and times in words become days and moments here, before a handler sees them: by the time of the call, and by the clocks of
/// the person whom the request is about.
extension StoreReading {
    /// The request with each `yesterday` and `in 2 days` made absolute.
    /// - Throws: `invalid-argument` for words that may mean two days, or a day where a time is wanted.
    package func resolved(_ request: Request, _ command: Command) throws -> Request {
        guard request.arguments.isSpoken else { return request }
        let zone = zone(of: request.arguments, command.concerns)
        let arguments = try resolved(request.arguments, command.parameters, zone, prefix: "")
        return Request(arguments: arguments, actor: request.actor)
    }

    private func resolved(
        _ arguments: Arguments, _ parameters: [AnyParameter], _ zone: Zone, prefix: String
    ) throws -> Arguments {
        Arguments(
            try arguments.entries.map { name, argument in
                guard let type = parameters.first(where: { $0.name == name })?.type else { return (name, argument) }
                return (name, try resolved(argument, type, zone, prefix + name))
            })
    }

    private func resolved(
        _ argument: Argument, _ type: AnyParameterType, _ zone: Zone, _ name: String
    ) throws -> Argument {
        switch (argument, type) {
        case (.object(let members), .object(let parameters)):
            return .object(try resolved(members, parameters, zone, prefix: name + "."))
        case (.list(let list), .list(let element)):
            return .list(try list.map { try resolved($0, element, zone, name) })
        case (.spoken(let words), _):
            let absolute: Argument?
            do throws(SpokenTime.Fault) {
                absolute = try self.absolute(words, type, zone)
            } catch {
                throw fault(error, words, type, name)
            }
            guard let absolute else {
                throw ModuleError.invalidArgument(name, expected: type.expectation, got: words.text)
            }
            return absolute
        default: return argument
        }
    }

    /// - Returns: `nil` for a day or time that no request may name.
    private func absolute(
        _ words: SpokenTime, _ type: AnyParameterType, _ zone: Zone
    ) throws(SpokenTime.Fault) -> Argument? {
        if case .time = type {
            let instant = try words.instant(now: now, in: zone)
            return Instant.acceptable.contains(instant) ? .time(instant) : nil
        }
        let date = try words.date(now: now, in: zone)
        return CivilDate.acceptable.contains(date) ? .date(date) : nil
    }

    private func fault(
        _ fault: SpokenTime.Fault, _ words: SpokenTime, _ type: AnyParameterType, _ name: String
    ) -> ModuleError {
        let why: String
        switch fault {
        case .ambiguous(let one, let other): why = "'\(words.text)' may be \(one) or \(other); give that"
        case .isDayAlone: why = "'\(words.text)' is a day; give the time as well, as in '\(words.text) 14:00'"
        case .isTime: why = "'\(words.text)' has a time of day, and only the day is wanted"
        }
        return .invalidArgument(
            name, expected: type.expectation, got: words.text, "argument '\(name)': \(why)")
    }

    /// The zone by whose clocks a request is meant: of the person whom it names, or whose thing it names; otherwise the machine's.
    private func zone(of arguments: Arguments, _ concern: Concern?) -> Zone {
        for name in concern?.arguments ?? [] {
            guard let argument = arguments[name.name] else { continue }
            var owner: String?
            if name.kind == "person" {
                if case .text(let person) = argument { owner = person }
            } else if case .person(let person)? = try? registry.owner(of: argument, name.kind, self) {
                owner = person
            }
            if let owner, let person = try? person(owner) { return zone(of: person) }
        }
        return zones.here
    }
}

extension Arguments {
    /// Whether any of them is a day or time in words.
    fileprivate var isSpoken: Bool { entries.contains { $0.argument.isSpoken } }
}

extension Argument {
    fileprivate var isSpoken: Bool {
        switch self {
        case .spoken: true
        case .list(let list): list.contains { $0.isSpoken }
        case .object(let members): members.isSpoken
        default: false
        }
    }
}
