import ArgumentParser
import MneedleWire

/// The form in which results are printed.
enum RowForm: String, CaseIterable, ExpressibleByArgument {
    /// For a person: a table as wide as the terminal.
    case table
    /// The same table, however wide it is.
    case wide
    /// One document a line.
    case json
    /// RFC 4180, with a header.
    case csv
    /// Fields between tabs, with a header; tabs, line ends and backslashes in a field as `\t`, `\n` and `\\`.
    case tsv

    /// Whether it is for programs: nobody is asked, and nothing is rounded or wrapped.
    var isForPrograms: Bool { self == .json || self == .csv || self == .tsv }

    /// A line of fields.
    func line(_ fields: [String]) -> String {
        self == .csv
            ? fields.map(RowForm.quoted).joined(separator: ",") + "\r\n"
            : fields.map(RowForm.escaped).joined(separator: "\t") + "\n"
    }

    /// A value as a field: texts as they are, everything else as JSON has it.
    static func field(_ value: JSON?) -> String {
        switch value {
        case nil, .null?: ""
        case .string(let text)?: text
        case let value?: value.text
        }
    }

    private static func quoted(_ field: String) -> String {
        let isPlain = !field.utf8.contains { [UInt8(ascii: ","), UInt8(ascii: "\""), 10, 13].contains($0) }
        return isPlain ? field : "\"\(field.replacing("\"", with: "\"\""))\""
    }

    private static func escaped(_ field: String) -> String {
        var text = ""
        for scalar in field.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\t": text += "\\t"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

extension JSON {
    /// The object with these members alone, in this order; what is no object stays.
    func only(_ fields: [String]?) -> JSON {
        guard let fields, members != nil else { return self }
        return .object(fields.compactMap { name in self[name].map { JSON.Member(name, $0) } })
    }

    /// The value without the sources of the findings in it.
    var withoutSources: JSON {
        switch self {
        case .array(let elements): return .array(elements.map(\.withoutSources))
        case .object(let members):
            let isFinding = self["code"] != nil && self["severity"] != nil && self["sources"] != nil
            return .object(
                members.filter { !isFinding || $0.name != "sources" }
                    .map { JSON.Member($0.name, $0.value.withoutSources) })
        default: return self
        }
    }

    /// The object without that member.
    func without(_ name: String) -> JSON {
        members.map { .object($0.filter { $0.name != name }) } ?? self
    }
}
