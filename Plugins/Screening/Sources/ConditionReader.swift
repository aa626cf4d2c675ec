import MneedleKit

/// Makes conditions from tables, and reports what is wrong with them: an unknown question, a test that
/// does not fit the question's type, a key too many.
struct ConditionReader {
    let questions: [String: Question]
    let areas: [String]
    let washOuts: [WashOut: Int]
    /// The least number of days between two sessions, as `intervals.toml` says.
    let floorDays: Int
    /// Called with each waiting time that the practice may set, and with whether the practice has set it.
    let noteWashOut: (_ days: Int, _ isConfigured: Bool) -> Void

    /// - Returns: The condition; `nil` after reporting why there is none.
    func condition(_ table: Table) -> Condition? {
        let kinds = ["all", "any", "not", "answer", "person", "device", "area", "history"].filter(table.has)
        guard kinds.count == 1, let kind = kinds.first else {
            let got = kinds.isEmpty ? "none" : kinds.joined(separator: " and ")
            table.report(
                kinds.last ?? table.keys.first ?? "answer",
                "a condition has exactly one of all, any, not, answer, person, device, area, history; got \(got)")
            return nil
        }
        switch kind {
        case "all": return parts(table, "all").map(Condition.all)
        case "any": return parts(table, "any").map(Condition.any)
        case "not": return table.table("not").flatMap(condition).map(Condition.not)
        case "answer": return answer(table)
        case "person":
            guard let fact = table.optionalChoice("person", PersonFact.self) else { return nil }
            return test(table, fact.kind).map { .person(fact, $0) }
        case "device":
            guard let fact = table.optionalChoice("device", DeviceFact.self) else { return nil }
            return test(table, fact.kind).map { .device(fact, $0) }
        case "area": return area(table)
        default: return history(table)
        }
    }

    private func parts(_ table: Table, _ key: String) -> [Condition]? {
        let tables = table.tables(key)
        if tables.isEmpty { table.report(key, "needs at least one condition") }
        let parts = tables.map(condition)
        return parts.contains { $0 == nil } || parts.isEmpty ? nil : parts.compactMap { $0 }
    }

    // MARK: Answers

    private func answer(_ table: Table) -> Condition? {
        let name = table.string("answer")
        guard let question = questions[name] else {
            let near = suggestions(for: name, in: questions.keys.sorted())
            let hint = near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
            table.report("answer", "there is no question '\(name)'\(hint)")
            return nil
        }
        if let known = table.optionalBool("known") { return only("known", table) ? .answered(name, known) : nil }
        switch question.kind {
        case .yesNo: return needed(table, ["is"]) { $0.optionalBool("is").map { .flag(name, is: $0) } }
        case .choice:
            guard let values = values(table, .text(choices: question.choices)) else { return nil }
            return .choice(name, among: Set(values.compactMap { if case .text(let text) = $0 { text } else { nil } }))
        case .number:
            return needed(table, ["over", "under"]) { table in
                .number(name, Bounds(over: table.optionalNumber("over"), under: table.optionalNumber("under")))
            }
        case .date, .dateOrNever:
            if table.has("age_from") || table.has("age_under") { return age(name, table) }
            return window(table).map { .date(name, $0) }
        }
    }

    private func age(_ name: String, _ table: Table) -> Condition? {
        let (from, under) = (
            table.optionalInteger("age_from", in: 0...150), table.optionalInteger("age_under", in: 1...150)
        )
        if let from, let under, from >= under { table.report("age_under", "\(under) is not over age_from \(from)") }
        return .age(name, from: from, under: under)
    }

    private func window(_ table: Table) -> DateWindow? {
        let lengths = ["within_days", "within_months", "wash_out_days", "within"].filter(table.has)
        guard lengths.count <= 1, !lengths.isEmpty || table.has("from_days") else {
            table.report(
                lengths.last ?? "within_days",
                "give one of within_days, within_months, wash_out_days, within; from_days alone or beside it")
            return nil
        }
        var window = DateWindow(fromDays: table.integer("from_days", in: 0...36_500, default: 0))
        if let days = table.optionalInteger("within_days", in: 1...36_500) { window.period = .days(days) }
        if let months = table.optionalInteger("within_months", in: 1...1200) { window.period = .months(months) }
        if table.has("wash_out_days") {
            window.period = washOut(table)
        } else if table.has("within") {
            enum Interval: String, CaseIterable { case floor }
            window.period = table.optionalChoice("within", Interval.self).map { _ in .days(floorDays) }
        } else if let period = window.period {
            let start = CivilDate(daysSinceEpoch: 0)
            if period.end(from: start) <= start.adding(days: window.fromDays) {
                table.report("from_days", "the time is over before it begins")
            }
        }
        return window
    }

    /// A waiting time that no source gives: the file states the default, the configuration may change it.
    private func washOut(_ table: Table) -> Period? {
        guard let days = table.optionalInteger("wash_out_days", in: 1...3650) else { return nil }
        let own = table.optionalChoice("configured", WashOut.self)
        let configured = own.flatMap { washOuts[$0] }
        noteWashOut(configured ?? days, configured != nil)
        return .days(configured ?? days)
    }

    // MARK: Records

    private func area(_ table: Table) -> Condition? {
        let names = table.optionalText("area").map { [$0] } ?? table.strings("area")
        for name in names where !areas.contains(name) {
            table.report("area", "no area '\(name)' may be needled; known: \(areas.joined(separator: ", "))")
        }
        if names.isEmpty { table.report("area", "name at least one area") }
        return .areas(names)
    }

    private func history(_ table: Table) -> Condition? {
        enum History: String, CaseIterable { case sessions, lastSession = "last-session" }
        switch table.optionalChoice("history", History.self) {
        case nil: return nil
        case .lastSession: return window(table).map(Condition.lastSession)
        case .sessions:
            return needed(table, ["count_from", "count_under"]) { table in
                .sessionCount(from: table.optionalInteger("count_from"), under: table.optionalInteger("count_under"))
            }
        }
    }

    private func test(_ table: Table, _ kind: FactValue.Kind) -> FactTest? {
        if let known = table.optionalBool("known") { return only("known", table) ? .known(known) : nil }
        if case .number = kind, !table.has("is"), !table.has("in") {
            return needed(table, ["over", "under"]) { table in
                .within(Bounds(over: table.optionalNumber("over"), under: table.optionalNumber("under")))
            }
        }
        return values(table, kind).map { .among(Set($0)) }
    }

    /// The values that `is` or `in` names, each of the right type; `nil` after reporting what is wrong with them.
    private func values(_ table: Table, _ kind: FactValue.Kind) -> [FactValue]? {
        guard table.has("is") != table.has("in") else {
            table.report("is", "give either 'is' or 'in'")
            _ = (table.value("is"), table.value("in"))
            return nil
        }
        let key = table.has("is") ? "is" : "in"
        let given: [Value]
        switch table.value(key) {
        case .list(let list)? where key == "in" && !list.isEmpty: given = list
        case let value? where key == "is": given = [value]
        default:
            table.report(key, "expected a list of values")
            return nil
        }
        let values = given.map { value -> FactValue? in
            if let fitting = FactValue(value, kind) { return fitting }
            table.report(key, "expected \(kind.expectation), got \(value.summary)")
            return nil
        }
        return values.contains { $0 == nil } ? nil : values.compactMap { $0 }
    }

    // MARK: Keys

    private func needed(_ table: Table, _ keys: [String], _ make: (Table) -> Condition?) -> Condition? {
        guardKeys(table, keys) ? make(table) : nil
    }

    private func needed(_ table: Table, _ keys: [String], _ make: (Table) -> FactTest?) -> FactTest? {
        guardKeys(table, keys) ? make(table) : nil
    }

    private func guardKeys(_ table: Table, _ keys: [String]) -> Bool {
        if keys.contains(where: table.has) { return true }
        table.report(keys[0], "missing: this condition is tested with \(keys.joined(separator: " or "))")
        return false
    }

    /// Whether no other key stands beside `key`, which says everything alone; reports those that do.
    private func only(_ key: String, _ table: Table) -> Bool {
        let others = ["is", "in", "over", "under", "within_days", "within_months", "from_days"].filter(table.has)
        for other in others {
            _ = table.value(other)
            table.report(other, "cannot stand beside '\(key)'")
        }
        return others.isEmpty
    }
}

extension FactValue {
    init?(_ value: Value, _ kind: Kind) {
        switch (kind, value) {
        case (.flag, .bool(let flag)): self = .flag(flag)
        case (.number, .integer(let number)): self = .number(Double(number))
        case (.number, .number(let number)): self = .number(number)
        case (.text(let choices), .string(let text)) where choices.isEmpty || choices.contains(text): self = .text(text)
        default: return nil
        }
    }
}

extension FactValue.Kind {
    fileprivate var expectation: String {
        switch self {
        case .flag: "true or false"
        case .number: "a number"
        case .text(let choices): choices.isEmpty ? "a string" : "one of \(choices.joined(separator: ", "))"
        }
    }
}

extension Table {
    /// The string of a key; `nil`, and nothing reported, where there is something else.
    fileprivate func optionalText(_ key: String) -> String? {
        if case .string(let text)? = value(key) { text } else { nil }
    }
}
