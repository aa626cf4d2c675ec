import MneedleWire

/// A command as the daemon describes it.
struct CommandDescription {
    enum Kind: String {
        case single, rows, bulk, subscription
    }

    let verb: String
    let summary: String
    let role: String
    /// Whether this user may call it.
    let isAllowed: Bool
    let changes: Bool
    /// What it does that no command takes back; `nil` for nothing of that kind.
    let final: String?
    let kind: Kind
    let parameters: [ParameterDescription]
    /// The members of the reply, with their meanings.
    let reply: [(name: String, meaning: String)]
    let errors: [String]
    let example: String?

    init?(_ row: JSON) {
        guard let verb = row["verb"]?.string else { return nil }
        self.verb = verb
        summary = row["summary"]?.string ?? ""
        role = row["role"]?.string ?? ""
        isAllowed = row["allowed"]?.bool ?? true
        changes = row["changes"]?.bool ?? false
        final = row["final"]?.string
        kind = row["kind"]?.string.flatMap(Kind.init) ?? .single
        parameters = ParameterDescription.all(in: row["parameters"] ?? [:])
        reply = (row["reply"]?.members ?? []).map { ($0.name, $0.value.string ?? $0.value.text) }
        errors = row["errors"]?.strings ?? []
        example = row["example"]?.string
    }

    /// The part before the dot; `nil` for a command of the host that has no dot.
    var group: String? { verb.split(separator: ".").count == 2 ? String(verb.split(separator: ".")[0]) : nil }

    /// The part after the dot.
    var name: String { String(verb.split(separator: ".").last ?? "") }

    /// The command as a person types it: `screening assess`.
    var words: String { verb.split(separator: ".").joined(separator: " ") }

    /// The argument whose value may stand without its name: the first one that has to be given.
    var plain: ParameterDescription? {
        parameters.first { $0.isRequired }.flatMap { $0.members.isEmpty && !$0.isOpenObject ? $0 : nil }
    }

    /// Finds the parameter that a typed name means, and the name to send. `needle-mm` means `needle_mm`.
    func parameter(named typed: String) -> (parameter: ParameterDescription, name: String)? {
        let parts = typed.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let parameter = parameters.first(where: { $0.isMeant(by: parts[0]) }) else { return nil }
        guard parts.count == 2 else { return (parameter, parameter.name) }
        guard let member = parameter.members.first(where: { $0.isMeant(by: parts[1]) }) else {
            return parameter.isOpenObject ? (parameter.anyMember, "\(parameter.name).\(parts[1])") : nil
        }
        return (member, "\(parameter.name).\(member.name)")
    }

    /// Every name that may be given, `answers.pregnant` included.
    var argumentNames: [String] {
        parameters.flatMap { parameter in
            parameter.members.isEmpty ? [parameter.name] : parameter.members.map { "\(parameter.name).\($0.name)" }
        }
    }
}
