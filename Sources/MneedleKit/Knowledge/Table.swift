/// A validating view of one TOML table. Reading a key that is missing or wrong reports a problem and
/// returns a harmless stand-in, so that one pass finds every problem; the host then refuses the file.
/// Keys that nobody read are problems too: a misspelt limit must not be silently ignored.
public final class Table {
    /// The file's name in its folder: `screening.toml`.
    public let file: String
    /// The table's path in the file: `rule[3].when`; empty for the whole file.
    public let path: String
    private let object: Object
    private let lines: [String: Int]
    let catalogue: SourceCatalogue
    private let problems: Problems
    private var read: Set<String> = []
    private var children: [Table] = []
    private var isPart = false

    /// - Parameters:
    ///   - path: The table's path in the file: `depth.home`, `rule[3]`.
    ///   - lines: The line of each key of the file, by its path.
    ///   - sources: The sources that the table's facts may rest on.
    public init(
        _ object: Object, file: String, path: String = "", lines: [String: Int] = [:],
        sources: SourceCatalogue = SourceCatalogue(), problems: Problems
    ) {
        self.object = object
        self.file = file
        self.path = path
        self.lines = lines
        catalogue = sources
        self.problems = problems
    }

    /// The keys in the order of the file.
    public var keys: [String] { object.members.map(\.name) }

    /// Whether the key is there; it still has to be read.
    public func has(_ key: String) -> Bool { object[key] != nil }

    /// Reports a problem with a key, at its line; a key that is missing, at the line of the table.
    public func report(_ key: String, _ reason: String) {
        let place = place(key)
        problems.report(Problem(file: file, line: lines[place] ?? lines[path], key: place, reason: reason))
    }

    /// Leaves the rest of this table to another module, which reads and checks it: a key that is not read here is no problem.
    public func leaveRest() { isPart = true }

    /// Reports every key that was not read, in this table and those below it.
    public func finish() {
        for key in keys where !isPart && !read.contains(key) {
            report(key, "unknown key; known here: \(read.sorted().joined(separator: ", "))")
        }
        for child in children { child.finish() }
    }

    // MARK: Values

    /// A text of 1 to ``longestText`` bytes; `nil` where the key is missing, or wrong.
    public func optionalString(_ key: String) -> String? {
        take(key, "a string of 1 to \(Table.longestText) bytes") {
            if case .string(let text) = $0, !text.isEmpty, text.utf8.count <= Table.longestText { text } else { nil }
        }
    }
    /// A text of 1 to ``longestText`` bytes. A missing key without a default is a problem.
    public func string(_ key: String, default: String? = nil) -> String {
        optionalString(key) ?? missing(key, `default`, "")
    }
    /// A whole number within the range; `nil` where the key is missing, or wrong.
    public func optionalInteger(_ key: String, in range: ClosedRange<Int> = 0...1_000_000) -> Int? {
        take(key, "a whole number from \(range.lowerBound) to \(range.upperBound)") {
            if case .integer(let number) = $0, let number = Int(exactly: number), range.contains(number) {
                number
            } else {
                nil
            }
        }
    }
    /// A whole number within the range. A missing key without a default is a problem.
    public func integer(_ key: String, in range: ClosedRange<Int> = 0...1_000_000, default: Int? = nil) -> Int {
        optionalInteger(key, in: range) ?? missing(key, `default`, range.lowerBound)
    }
    /// A number within the range, whole or not; `nil` where the key is missing, or wrong.
    public func optionalNumber(_ key: String, in range: ClosedRange<Double> = 0...1e9) -> Double? {
        take(key, "a number from \(range.lowerBound) to \(range.upperBound)") {
            switch $0 {
            case .integer(let number) where range.contains(Double(number)): Double(number)
            case .number(let number) where range.contains(number): number
            default: nil
            }
        }
    }
    /// A number within the range, whole or not. A missing key without a default is a problem.
    public func number(_ key: String, in range: ClosedRange<Double> = 0...1e9, default: Double? = nil) -> Double {
        optionalNumber(key, in: range) ?? missing(key, `default`, range.lowerBound)
    }
    /// `true` or `false`; `nil` where the key is missing, or wrong.
    public func optionalBool(_ key: String) -> Bool? {
        take(key, "true or false") { if case .bool(let flag) = $0 { flag } else { nil } }
    }
    /// `true` or `false`. A missing key without a default is a problem.
    public func bool(_ key: String, default: Bool? = nil) -> Bool {
        optionalBool(key) ?? missing(key, `default`, false)
    }
    /// A length of time written as in requests: `"72h"`, `"4w"`. Nothing that a file names lasts longer than ten years.
    public func optionalSpan(_ key: String, from: Span = Span(), to: Span = Table.longestSpan) -> Span? {
        take(key, "a duration such as \"72h\" or \"4w\", from \(from) to \(to)") {
            guard case .string(let text) = $0, let span = Span(text), Table.isWithin(from, span, to) else { return nil }
            return span
        }
    }
    /// A length of time written as in requests. A missing key without a default is a problem.
    public func span(
        _ key: String, from: Span = Span(), to: Span = Table.longestSpan, default: Span? = nil
    ) -> Span {
        optionalSpan(key, from: from, to: to) ?? missing(key, `default`, from)
    }
    /// A length of elapsed time, measured by a clock and not by the calendar: a day is 24 hours here.
    public func elapsed(_ key: String, from: Span, to: Span, default: Span? = nil) -> Span {
        let span = span(key, from: from, to: to, default: `default`)
        return Span(milliseconds: Int64(span.days) * Table.millisecondsOfDay + span.milliseconds)
    }

    /// The longest length of time in a file: longer than any needed one, and short enough for all arithmetic.
    public static let longestSpan = Span(days: 3660)
    /// The greatest length of a text, in bytes.
    public static let longestText = 8192
    private static let millisecondsOfDay: Int64 = 86_400_000

    /// Whether a length of time is no longer than ``longestSpan``.
    public static func isUsable(_ span: Span) -> Bool { isWithin(Span(), span, longestSpan) }

    /// Whether a length of time is within two others, compared in days of 24 hours, which is near enough for bounds.
    private static func isWithin(_ least: Span, _ span: Span, _ most: Span) -> Bool {
        func length(_ span: Span) -> Double {
            Double(span.days) * Double(millisecondsOfDay) + Double(span.milliseconds)
        }
        return length(least) <= length(span) && length(span) <= length(most)
    }
    /// One of the raw values of `Choice`; `nil` where the key is missing, or wrong.
    public func optionalChoice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, _ type: Choice.Type = Choice.self
    ) -> Choice? where Choice.RawValue == String {
        let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        return take(key, "one of \(names)") {
            if case .string(let text) = $0 { Choice(rawValue: text) } else { nil }
        }
    }
    /// One of the raw values of `Choice`, or the default.
    public func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, default: Choice
    ) -> Choice where Choice.RawValue == String {
        optionalChoice(key) ?? `default`
    }
    /// One of the raw values of `Choice`, which has to be there; otherwise the one that does the least harm.
    public func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, standIn: Choice
    ) -> Choice where Choice.RawValue == String {
        optionalChoice(key) ?? missing(key, nil, standIn)
    }
    /// A list of texts. A missing key without a default is a problem.
    public func strings(_ key: String, default: [String]? = nil) -> [String] {
        let list: [String]? = take(key, "a list of strings") {
            guard case .list(let list) = $0 else { return nil }
            let texts = list.compactMap { if case .string(let text) = $0 { text } else { nil } }
            return texts.count == list.count ? texts : nil
        }
        return list ?? missing(key, `default`, [])
    }
    /// A list of raw values of `Choice`, at least one.
    public func choices<Choice: RawRepresentable & CaseIterable>(
        _ key: String, _ type: Choice.Type = Choice.self
    ) -> [Choice] where Choice.RawValue == String {
        let names = strings(key)
        let choices = names.compactMap(Choice.init)
        if has(key), choices.isEmpty || choices.count != names.count {
            report(key, "expected a list of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choices
    }
    /// The value as it stands in the file, for a key whose type has no function here.
    public func value(_ key: String) -> Value? {
        take(key, "a value") { $0 }
    }

    // MARK: Tables

    /// A table below this one, which has to be there; otherwise an empty one, whose missing keys are not reported.
    public func section(_ key: String) -> Table {
        if let table = table(key) { return table }
        if !has(key) { report(key, "missing") }
        return Table([:], file: file, path: place(key), problems: Problems())
    }
    /// A table below this one; `nil` where there is none.
    public func table(_ key: String) -> Table? {
        let inner: Object? = take(key, "a table") { if case .object(let object) = $0 { object } else { nil } }
        return inner.map { child($0, place(key)) }
    }
    /// The tables of `[[key]]`; none where the key is missing.
    public func tables(_ key: String) -> [Table] {
        let list: [Object]? = take(key, "a list of tables") {
            guard case .list(let list) = $0 else { return nil }
            let objects = list.compactMap { if case .object(let object) = $0 { object } else { nil } }
            return objects.count == list.count ? objects : nil
        }
        return (list ?? []).enumerated().map { child($1, "\(place(key))[\($0)]") }
    }
    /// The tables of `[[key]]`, each with its value of `name`, or those of `[key.NAME]`, each with its `NAME`.
    public func tables(_ key: String, named name: String) -> [(name: String, table: Table)] {
        if case .object? = object[key] { return table(key)?.namedTables() ?? [] }
        return tables(key).map { ($0.string(name), $0) }
    }
    /// Every member of this table that is a table itself: `[area.cheeks]`, `[area.chin]` under `[area]`.
    public func namedTables() -> [(name: String, table: Table)] {
        keys.compactMap { key in table(key).map { (key, $0) } }
    }

    private func child(_ object: Object, _ path: String) -> Table {
        let table = Table(object, file: file, path: path, lines: lines, sources: catalogue, problems: problems)
        children.append(table)
        return table
    }

    private func place(_ key: String) -> String {
        if key.isEmpty { return path }
        return path.isEmpty ? key : "\(path).\(key)"
    }

    private func take<T>(_ key: String, _ expected: String, _ convert: (Value) -> T?) -> T? {
        read.insert(key)
        guard let value = object[key] else { return nil }
        if let converted = convert(value) { return converted }
        report(key, "expected \(expected), got \(value.summary)")
        reported.insert(key)
        return nil
    }

    private var reported: Set<String> = []

    private func missing<T>(_ key: String, _ fallback: T?, _ standIn: T) -> T {
        if fallback == nil && !reported.contains(key) { report(key, "missing") }
        return fallback ?? standIn
    }
}

extension Value {
    /// The value in few words, for an error message.
    public var summary: String {
        switch self {
        case .null: "null"
        case .bool(let flag): String(flag)
        case .integer(let number): String(number)
        case .number(let number): String(number)
        case .string(let text): "\"\(text.prefix(60))\""
        case .list(let list): "a list of \(list.count)"
        case .object: "a table"
        }
    }
}
