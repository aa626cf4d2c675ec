/// `text` with each `{name}` replaced by its value.
public func filled(_ text: String, _ values: [String: any CustomStringConvertible]) -> String {
    filled(text) { values[$0]?.description }
}

/// `text` with each `{name}` replaced by its value; a time is written as a clock in `zone` shows it.
public func filled(_ text: String, in zone: Zone, _ values: [String: any CustomStringConvertible]) -> String {
    filled(text) { name in
        switch values[name] {
        case let instant as Instant: zone.clockText(instant)
        case let value: value?.description
        }
    }
}

private func filled(_ text: String, _ value: (String) -> String?) -> String {
    guard text.utf8.contains(UInt8(ascii: "{")) else { return text }
    var result = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
        result += rest[..<open]
        result += value(String(rest[rest.index(after: open)..<close])) ?? String(rest[open...close])
        rest = rest[rest.index(after: close)...]
    }
    return result + rest
}

/// The names in braces in `text`, in their order.
public func placeholders(in text: String) -> [String] {
    text.split(separator: "{", omittingEmptySubsequences: false).dropFirst().compactMap { part in
        part.firstIndex(of: "}").map { String(part[..<$0]) }
    }
}

extension Table {
    /// A text that may have these placeholders; any other name in braces is a problem.
    public func string(_ key: String, placeholders known: [String]) -> String {
        optionalString(key, placeholders: known) ?? string(key)
    }

    /// The same for a text that may be left out.
    public func optionalString(_ key: String, placeholders known: [String]) -> String? {
        guard let text = optionalString(key) else { return nil }
        for name in placeholders(in: text) where !known.contains(name) {
            let names = known.map { "{\($0)}" }.joined(separator: ", ")
            report(key, "nothing fills in {\(name)}; known here: \(known.isEmpty ? "none" : names)")
        }
        return text
    }
}
