import MneedleKit

/// One knowledge file with one thing made worse.
struct Mutant: Sendable {
    let file: String
    /// The top-level table that was changed: `rule age`, or `depth`.
    let scope: String
    let change: String
    let object: Object

    var name: String { "\(file).toml: \(change)" }
}

/// Makes every mutant of a knowledge file: each table removed, each severity and action lowered a step in each setting,
/// each finding made liftable, each number and duration halved and doubled (those in sentences too), each yes turned
/// into no, each other word replaced, each key and each entry of a list dropped.
struct Mutation {
    let file: String

    /// A value in place of another, and what was done to it.
    typealias Change = (what: String, value: Value)

    /// Names of things and of documents; a thing renamed is a thing removed.
    private static let kept: Set = [
        "sources", "aliases", "product_forms", "evidence", "code", "question", "symptom", "product", "agent", "profile",
        "choices", "title", "text", "message", "reason", "advice", "author", "document", "section", "where", "note",
    ]
    private static let actions: Set = [
        "then", "severe", "moderate", "at_first", "at_first_at_home", "moderate_at_least", "severe_at_least",
        "worsening_at_least",
    ]
    private static let severities: Set = ["severity", "home", "clinic"]

    func mutants(of object: Object) -> [Mutant] {
        object.members.flatMap { member -> [Mutant] in
            parts(member).map { scope, what, value in
                var changed = object
                changed[member.name] = value
                return Mutant(file: file, scope: scope, change: what, object: changed)
            }
        }
    }

    private func parts(_ member: Object.Member) -> [(scope: String, what: String, value: Value?)] {
        switch member.value {
        case .list(let list) where list.contains(where: \.isTable):
            return list.indices.flatMap { index -> [(String, String, Value?)] in
                guard case .object(let table) = list[index] else { return [] }
                let name = name(of: table, member.name)
                var rest = list
                rest.remove(at: index)
                let gone: (String, String, Value?) = (name, "\(name) removed", .list(rest))
                return [gone]
                    + changes(table, name).map { change in
                        var list = list
                        list[index] = change.value
                        return (name, change.what, .list(list))
                    }
            }
        case .object(let table):
            return [(member.name, "[\(member.name)] removed", nil)]
                + changes(table, member.name).map { (member.name, $0.what, $0.value) }
        default:
            return changes(member.value, member.name, member.name).map { (member.name, $0.what, $0.value) }
        }
    }

    private func name(of table: Object, _ list: String) -> String {
        let key = Claim.names.first { $0.list == list }?.name ?? ""
        return "\(list) \(table.string(key) ?? "?")"
    }

    // MARK: A table

    private func changes(_ table: Object, _ path: String) -> [Change] {
        var changes = severityLowered(table, path) + madeLiftable(table, path)
        for member in table.members where !Mutation.severities.contains(member.name) || member.value.isTable {
            let inner = "\(path).\(member.name)"
            if Mutation.actions.contains(member.name) { changes += actionLowered(table, member, inner) }
            changes += self.changes(member.value, member.name, inner).map { change in
                var changed = table
                changed[member.name] = change.value
                return (change.what, .object(changed))
            }
            if member.value.isTable || isDropped(member) {
                var changed = table
                changed[member.name] = nil
                changes.append(("\(inner) removed", .object(changed)))
            }
        }
        return changes
    }

    /// Without a sentence a table only says less; a limit that is gone limits nothing.
    private func isDropped(_ member: Object.Member) -> Bool {
        if Mutation.kept.contains(member.name) || ["override", "liftable"].contains(member.name) { return false }
        if case .string(let text) = member.value { return !text.contains(" ") }
        return true
    }

    private func severityLowered(_ table: Object, _ path: String) -> [Change] {
        let found = ["home", "clinic"].map { table.string($0) ?? table.string("severity") ?? "none" }
        return [0, 1].compactMap { index in
            guard let lower = Ladder.severities.below(found[index]) else { return nil }
            var changed = table
            changed["severity"] = nil
            changed["home"] = .string(index == 0 ? lower : found[0])
            changed["clinic"] = .string(index == 1 ? lower : found[1])
            return ("\(path) lowered to \(lower) \(index == 0 ? "at home" : "in a clinic")", .object(changed))
        }
    }

    private func madeLiftable(_ table: Object, _ path: String) -> [Change] {
        guard Mutation.severities.contains(where: { table.string($0) != nil }) else { return [] }
        var changes: [Change] = []
        if table.string("override") != "practitioner" {
            var changed = table
            changed["override"] = .string("practitioner")
            changes.append(("\(path) can be overridden", .object(changed)))
        }
        if table.bool("liftable") != true && table["when"] != nil {
            var changed = table
            changed["liftable"] = .bool(true)
            changes.append(("\(path) is lifted by a clearance", .object(changed)))
        }
        return changes
    }

    private func actionLowered(_ table: Object, _ member: Object.Member, _ path: String) -> [Change] {
        guard case .string(let word) = member.value, let lower = Ladder.actions.below(word) else { return [] }
        var changed = table
        changed[member.name] = .string(lower)
        return [("\(path) lowered to \(lower)", .object(changed))]
    }

    // MARK: A value

    private func changes(_ value: Value, _ key: String, _ path: String) -> [Change] {
        switch value {
        case .object(let table): return changes(table, path)
        case .bool(let flag) where key != "liftable": return [("\(path) is \(!flag)", .bool(!flag))]
        case .integer(let number):
            return unequal(path, number, [number / 2, number == 0 ? 1 : number * 2]) { .integer($0) }
        case .number(let number):
            return unequal(path, number, [number / 2, number == 0 ? 1 : number * 2]) { .number($0) }
        case .string(let text): return changed(text, key, path)
        case .list(let list): return changes(list, key, path)
        default: return []
        }
    }

    private func unequal<Number: Equatable>(
        _ path: String, _ number: Number, _ others: [Number], _ value: (Number) -> Value
    ) -> [Change] {
        others.filter { $0 != number }.map { ("\(path) \(number) → \($0)", value($0)) }
    }

    private func changes(_ list: [Value], _ key: String, _ path: String) -> [Change] {
        if Mutation.kept.contains(key) { return [] }
        return list.indices.flatMap { index -> [Change] in
            var rest = list
            rest.remove(at: index)
            let dropped: [Change] =
                list[index].isTable || rest.isEmpty ? [] : [("\(path) without \(list[index].jsonish)", .list(rest))]
            return dropped
                + changes(list[index], key, "\(path)[\(index)]").map { change in
                    var list = list
                    list[index] = change.value
                    return (change.what, .list(list))
                }
        }
    }

    private func changed(_ text: String, _ key: String, _ path: String) -> [Change] {
        if let match = text.wholeMatch(of: #/(\d+)([smhdw])/#), let number = Int64(match.1) {
            return unequal(path, number, [number / 2, number == 0 ? 1 : number * 2]) { .string("\($0)\(match.2)") }
        }
        if text.contains(" ") {
            return text.matches(of: Figures.pattern).flatMap { match -> [Change] in
                let number = Double(match.output.0) ?? 0
                return [number / 2, number * 2].map { other in
                    let changed = text.replacingCharacters(of: match.range, with: "\(other)")
                    return ("\(path) says \(other) instead of \(match.output.0)", .string(changed))
                }
            }
        }
        if Mutation.kept.contains(key) || Mutation.actions.contains(key) { return [] }
        if key == "override" { return [] }
        return [("\(path) is no more '\(text)'", .string("other"))]
    }
}

extension Value {
    var isTable: Bool { if case .object = self { true } else { false } }
}

extension String {
    fileprivate func replacingCharacters(of range: Range<Index>, with other: String) -> String {
        self[..<range.lowerBound] + other + self[range.upperBound...]
    }
}
