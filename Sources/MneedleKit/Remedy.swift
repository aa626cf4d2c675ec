/// A command that would put something right, with the arguments that are known.
public struct Remedy: Hashable, Sendable {
    /// The whole name of the command: `sterilization.soak`.
    public var command: String
    /// The arguments that are known.
    public var arguments: Object
    /// The arguments that a person has to give, beside those that the command requires anyway.
    public var asks: [String]

    /// A command with the arguments that are known.
    public init(_ command: String, _ arguments: Object = [:], asks: [String] = []) {
        self.command = command
        self.arguments = arguments
        self.asks = asks
    }
}

extension Remedy: Reply, ValueConvertible {
    public static let members: [Member<Remedy>] = [
        Member("command", "what to send", \.command),
        Member("arguments", "its arguments, as far as they are known", \.arguments),
        Member("asks", "the arguments to be given, beside those that the command requires; absent for none") {
            $0.asks.isEmpty ? nil : $0.asks
        },
    ]

    public var value: Value { .object(object) }
}

/// A remedy as a knowledge file writes it, `sterilization.soak device={device} agent=…`: a command with arguments of which `…`
/// is for a person to give.
struct RemedyTemplate: Hashable, Sendable {
    let command: String
    let arguments: [(name: String, text: String)]

    /// - Returns: `nil` where the words are not a command with `name=value` after it.
    init?(_ words: String) {
        let parts = words.split(separator: " ")
        guard let verb = parts.first, verb.contains("."), !verb.contains("=") else { return nil }
        var arguments: [(name: String, text: String)] = []
        for part in parts.dropFirst() {
            guard let equals = part.firstIndex(of: "="), equals != part.startIndex else { return nil }
            arguments.append((String(part[..<equals]), String(part[part.index(after: equals)...])))
        }
        command = String(verb)
        self.arguments = arguments
    }

    /// The remedy with its placeholders filled in: a value keeps its type where it is the whole argument.
    func remedy(_ values: [String: any CustomStringConvertible]) -> Remedy {
        var remedy = Remedy(command)
        for (name, text) in arguments {
            if text == "…" {
                remedy.asks.append(name)
            } else {
                remedy.arguments[name] = RemedyTemplate.value(text, values)
            }
        }
        return remedy
    }

    private static func value(_ text: String, _ values: [String: any CustomStringConvertible]) -> Value {
        let names = placeholders(in: text)
        if let name = names.first, text == "{\(name)}" {
            switch values[name] {
            case let number as Int64: return .integer(number)
            case let number as Int: return .integer(Int64(number))
            case let number as Double: return .number(number)
            default: break
            }
        } else if names.isEmpty, let number = Int64(text) {
            return .integer(number)
        }
        return .string(filled(text, values))
    }

    static func == (one: RemedyTemplate, other: RemedyTemplate) -> Bool {
        one.command == other.command && one.arguments.elementsEqual(other.arguments, by: ==)
    }

    func hash(into hasher: inout Hasher) { hasher.combine(command) }
}
