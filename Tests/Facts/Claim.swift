import MneedleKit

/// What one table of the knowledge has to hold: which table, and its keys with the values that the fact wants.
///
///     { rule = "age", when = { answer = "born-on", age_under = 18 }, severity = "contraindicated" }
///     { at = "depth.home", max_mm = 0.5 }
///     { in = "aftercare", symptom = "fever", then = "urgent", red_flag = true }
///
/// Severities and actions may be stronger than the claim, aliases more. Numbers, words and conditions are as claimed.
/// A claim that names a severity also says what lifts it: what it does not name (`override`, `liftable`) lifts nothing.
struct Claim: Sendable, CustomStringConvertible {
    /// Which key of a table is its name; `[[rule]]` has `code`.
    static let names: [(list: String, name: String)] = [
        ("rule", "code"), ("question", "question"), ("finding", "code"), ("symptom", "symptom"),
        ("product", "product"), ("agent", "agent"), ("profile", "profile"), ("goal", "goal"), ("limit", "code"),
        ("reminder", "kind"), ("step", "name"), ("window", "window"), ("choosing", "name"),
        ("allergy", "allergy"), ("guidance", "guidance"),
    ]

    let file: String
    /// `rule`, `symptom` …, `at` for a table by its path, `anywhere` for the whole file.
    let kind: String
    let name: String
    let wanted: Object
    private let sources: [String]

    init(_ object: Object, knowledge: String, sources: [String]) {
        let kinds = ["at", "anywhere"] + Claim.names.map(\.list)
        let kind = kinds.first { object[$0] != nil } ?? ""
        file = object.string("in") ?? knowledge
        self.kind = kind
        name = object.string(kind) ?? ""
        wanted = Object(uniqueMembers: object.members.filter { $0.name != kind && $0.name != "in" })
        self.sources = sources
    }

    var description: String { "\(file).toml, \(kind) '\(name)'" }

    /// The part of a file that the claim is about, as ``Mutant/scope`` names it.
    var scope: String {
        kind == "at" ? String(name.prefix { $0 != "." }) : kind == "anywhere" ? "" : "\(kind) \(name)"
    }

    /// What is wrong, or nothing where the claim holds.
    func complaint(in files: [String: Object]) -> String? {
        guard let file = files[file] else { return "\(self): there is no such file" }
        let found = tables(file)
        if found.isEmpty { return "\(self) is gone" }
        let wrong = found.map(differences)
        if wrong.contains(where: \.isEmpty) { return nil }
        return "\(self): " + (wrong.min { $0.count < $1.count } ?? []).joined(separator: "; ")
    }

    private func tables(_ file: Object) -> [Object] {
        switch kind {
        case "at": return file.at(name).map { [$0] } ?? []
        case "anywhere": return [file]
        default:
            let key = Claim.names.first { $0.list == kind }?.name ?? ""
            return file.objects(kind).filter { $0.string(key) == name }
        }
    }

    private func differences(_ table: Object) -> [String] {
        var wrong: [String] = []
        if table.bool("enabled") == false { wrong.append("is switched off") }
        for member in wanted.members {
            if let difference = difference(member.name, member.value, table) { wrong.append(difference) }
        }
        if ["severity", "home", "clinic"].contains(where: { wanted[$0] != nil }) { wrong += lifted(table) }
        let known = table.strings("sources")
        if kind != "question" && kind != "anywhere" && table["sources"] != nil {
            wrong += sources.filter { !known.contains($0) }.map { "does not name its source \($0)" }
        }
        return wrong
    }

    private func difference(_ key: String, _ value: Value, _ table: Object) -> String? {
        switch (key, value) {
        case ("severity", .string(let least)):
            return weaker(table, "home", least) ?? weaker(table, "clinic", least)
        case ("home", .string(let least)), ("clinic", .string(let least)):
            return weaker(table, key, least)
        case ("then", .string(let least)), ("severe", .string(let least)), ("at_first", .string(let least)),
            ("at_first_at_home", .string(let least)), ("moderate_at_least", .string(let least)),
            ("moderate", .string(let least)), ("severe_at_least", .string(let least)),
            ("worsening_at_least", .string(let least)):
            let rank = Ladder.actions.rank(table.string(key) ?? "")
            return rank >= Ladder.actions.rank(least)
                ? nil : "\(key) is \(table.string(key) ?? "not there"), not \(least)"
        case ("says", .list(let phrases)):
            let text = words(.object(table))
            for case .string(let phrase) in phrases where !text.contains(phrase.lowercased()) {
                return "does not say '\(phrase)'"
            }
            return nil
        case ("figures", .list(let wanted)):
            let found = table.members.filter { $0.name != "sources" }.flatMap { Figures.all(in: $0.value) }
            let numbers = wanted.compactMap(number)
            return found.sorted() == numbers.sorted() ? nil : "its words have the numbers \(found), not \(numbers)"
        case ("aliases", .list(let wanted)), ("sources", .list(let wanted)):
            let absent = wanted.filter { !(table.list(key) ?? []).contains($0) }
            return absent.isEmpty ? nil : "\(key) lack \(absent.map(\.summary).joined(separator: ", "))"
        case ("override", _), ("liftable", _): return nil
        default:
            guard let found = table[key] else { return "\(key) is not there, \(value.summary) was wanted" }
            return same(found, value) ? nil : "\(key) is \(found.jsonish), not \(value.jsonish)"
        }
    }

    private func weaker(_ table: Object, _ setting: String, _ least: String) -> String? {
        let found = table.string(setting) ?? table.string("severity") ?? "none"
        if Ladder.severities.rank(found) >= Ladder.severities.rank(least) { return nil }
        return "in the setting \(setting) it is \(found), not \(least)"
    }

    /// What lifts the finding and should not.
    private func lifted(_ table: Object) -> [String] {
        var wrong: [String] = []
        if (table.string("override") ?? "never") != "never" && wanted.string("override") != table.string("override") {
            wrong.append("it can be overridden")
        }
        if table.bool("liftable") == true && wanted.bool("liftable") != true { wrong.append("a clearance lifts it") }
        return wrong
    }
}

/// Words in the order of how strong they are.
struct Ladder: Sendable {
    static let severities = Ladder(
        steps: ["none", "info", "caution", "clearance", "defer", "contraindicated"])
    static let actions = Ladder(steps: ["expected", "watch", "call", "urgent", "emergency"])

    let steps: [String]

    func rank(_ word: String) -> Int { steps.firstIndex(of: word) ?? -1 }

    /// The word one step down; nothing for the lowest, and for what is no step.
    func below(_ word: String) -> String? {
        let rank = rank(word)
        return rank > 0 ? steps[rank - 1] : nil
    }
}

/// The numbers in a table's sentences.
enum Figures {
    /// Made anew for each use: a regular expression is not for several threads.
    static var pattern: Regex<(Substring, Substring?)> { #/\d+(\.\d+)?/# }

    static func all(in value: Value) -> [Double] {
        switch value {
        case .string(let text) where text.contains(" "): text.matches(of: pattern).compactMap { Double($0.output.0) }
        case .list(let list): list.flatMap(all)
        case .object(let object): object.members.flatMap { all(in: $0.value) }
        default: []
        }
    }
}

/// All the words of a table, to be searched.
private func words(_ value: Value) -> String {
    switch value {
    case .string(let text): text.lowercased() + "\n"
    case .list(let list): list.map(words).joined()
    case .object(let object): object.members.map { words($0.value) }.joined()
    default: ""
    }
}

private func number(_ value: Value) -> Double? {
    switch value {
    case .integer(let number): Double(number)
    case .number(let number): number
    default: nil
    }
}

/// Whether two values are the same; a list of words in any order.
private func same(_ left: Value, _ right: Value) -> Bool {
    if let left = number(left), let right = number(right) { return left == right }
    switch (left, right) {
    case (.list(let left), .list(let right)):
        return left.count == right.count && left.allSatisfy { item in right.contains { same(item, $0) } }
            && right.allSatisfy { item in left.contains { same(item, $0) } }
    case (.object(let left), .object(let right)):
        return left.members.count == right.members.count
            && left.members.allSatisfy { member in right[member.name].map { same(member.value, $0) } ?? false }
    default: return left == right
    }
}

extension Value {
    /// The value on one line, for a complaint.
    var jsonish: String {
        switch self {
        case .list(let list): "[" + list.map(\.jsonish).joined(separator: ", ") + "]"
        case .object(let object):
            "{" + object.members.map { "\($0.name) = \($0.value.jsonish)" }.joined(separator: ", ") + "}"
        default: summary
        }
    }
}
