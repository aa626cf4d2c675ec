import MneedleWire

/// JSON texts at, next to and far beyond the limits that a schema names, and of what it does not take at all.
enum Extremes {
    static func values(_ schema: JSON) -> [String] {
        if let either = schema["anyOf"]?.elements { return either.flatMap(values) + misfits }
        let own: [String] =
            switch (schema["type"]?.string, schema["format"]?.string) {
            case ("integer", _): integers(schema)
            case ("number", _): numbers(schema)
            case ("array", _): lists(schema["items"] ?? .null)
            case ("object", _): objects(schema)
            case (_, "date"): quoted(dates)
            case (_, "date-time"): quoted(times)
            case (_, "duration"): quoted(durations)
            default: texts(schema)
            }
        return own + misfits
    }

    private static let misfits = [
        "null", "true", "1", "-1.5", "1e400", "\"\"", "\"NaN\"", "[]", "{}", "[[[]]]", "{\"a\":{\"b\":[1,null]}}",
        String(repeating: "[", count: 40) + String(repeating: "]", count: 40),
    ]

    private static func quoted(_ texts: [String]) -> [String] { texts.map { "\"\($0)\"" } }

    static let dates = [
        "0000-01-01", "0001-01-01", "1677-01-01", "1899-12-31", "1900-01-01", "1970-01-01", "2024-02-29", "2023-02-29",
        "2100-02-29", "2200-12-31", "2201-01-01", "2262-04-12", "9999-12-31", "10000-01-01", "-001-01-01",
    ]

    static let times =
        dates.flatMap { ["\($0)T00:00:00Z", "\($0)T23:59:59.999Z"] }
        + [
            "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1900-01-01T00:00:00+00:01",
            "1900-01-01T00:00:00-23:59", "2200-12-31T23:59:60Z", "2200-12-31T23:59:59-00:01", "2026-11-20T24:00:00Z",
            "2026-11-20T12:00:00.0000000001Z", "2026-11-20T12:00:00",
        ]

    static let durations = [
        "0s", "1s", "0d", "PT0S", "1w", "36525d", "36526d", "106752d", "999999999s", "999999999h", "999999999w",
        "9999999999w", "P999999999W", "P36525D", "P36525DT1S", "PT999999999H999999999M999999999S", "P", "PT", "-1s",
        "1.5h",
        "99999999999999999999d",
    ]

    private static func integers(_ schema: JSON) -> [String] {
        var numbers: [Int64] = [.min, .min + 1, -1, 0, 1, 2, 255, 4_294_967_296, 253_402_300_800, .max - 1, .max]
        for limit in [schema["minimum"]?.integer, schema["maximum"]?.integer].compactMap({ $0 }) {
            numbers += [limit, limit &- 1, limit &+ 1]
        }
        return Set(numbers).sorted().map(String.init)
            + ["9223372036854775808", "-9223372036854775809", "1e308", "-0.0", "-0", "1e2", "1.5"]
    }

    private static func numbers(_ schema: JSON) -> [String] {
        var numbers = [0, -0.0, 1, -1, .leastNonzeroMagnitude, 2.2250738585072014e-308, 9.3e18, -9.3e18, 1e308, -1e308]
        for limit in [schema["minimum"]?.number, schema["maximum"]?.number].compactMap({ $0 }) {
            numbers += [limit, limit.nextUp, limit.nextDown, limit - 1, limit + 1]
        }
        return numbers.filter(\.isFinite).map { "\($0)" } + [
            "9223372036854775807", "0.\(String(repeating: "1", count: 400))",
        ]
    }

    private static func texts(_ schema: JSON) -> [String] {
        let most = Int(schema["maxLength"]?.integer ?? 64)
        let lengths = Set([1, 64, 65, min(most, 20_000), min(most + 1, 20_000), 20_000]).sorted()
        var texts = lengths.map { String(repeating: "a", count: $0) }
        texts += [
            " ", "-", ".", "a b", "../../etc/passwd", "%s%n", "'; DROP TABLE records_person; --", "*", "a=b", "\\u0000",
            "a\\u0000b", "a\\nb", "a\\tb", "\\u001b[31m", "\\u007f", "\\ud800", "\\ud83e\\uddf4", "é", "ﷺ", "\u{202E}a",
            "🧴",
            "e" + String(repeating: "\u{0301}", count: 500), "true", "null", "0", "2026-11-20",
        ]
        return quoted(texts)
            + (schema["enum"]?.elements ?? []).prefix(20).map { $0.string.map { "\"\($0)\"" } ?? "null" }
    }

    private static func lists(_ element: JSON) -> [String] {
        let elements = values(element)
        let long = element["enum"]?.elements?.first?.string ?? "a"
        return elements.map { "[\($0)]" } + [
            "[\(elements.prefix(2).joined(separator: ","))]", "\"a,,b\"", "\",\"",
            "[" + Array(repeating: "\"\(long)\"", count: 3000).joined(separator: ",") + "]",
        ]
    }

    /// One member after the other; of many members not everything of each.
    private static func objects(_ schema: JSON) -> [String] {
        let members = schema["properties"]?.members ?? []
        let step = max(1, members.count / 4)
        let single = members.enumerated().flatMap { place, member in
            values(member.value).enumerated().filter { $0.offset % step == place % step }
                .map { "{\"\(member.name)\":\($0.element)}" }
        }
        let many = (0..<2000).map { "\"a\($0)\":1" }.joined(separator: ",")
        return single + ["{\"no-such-member\":1}", "{\"a\":1,\"a\":2}", "{\(many)}"]
    }
}
