/// Figures as OpenMetrics text 1.0.
///
/// node_exporter reads text files in the older format of Prometheus. This text is good there too: it keeps to the types
/// that both know, and to the escapes that both know.
public enum OpenMetrics {
    /// The families one after the other, and the line that says that nothing is missing.
    public static func text(_ families: [MetricFamily]) -> String {
        families.map(text).joined() + "# EOF\n"
    }

    private static func text(_ family: MetricFamily) -> String {
        let name = family.name
        var text = "# TYPE \(name) \(family.kind.rawValue)\n"
        if let unit = family.unit { text += "# UNIT \(name) \(unit)\n" }
        // A quote in a help has to be escaped by the one format and must not be by the other.
        var help = String.UnicodeScalarView()
        help += family.help.unicodeScalars.map { $0 == "\"" ? "'" : $0 }
        text += "# HELP \(name) \(escaped(String(help)))\n"
        for sample in family.samples {
            switch sample.value {
            case .number(let number):
                let name = family.kind == .counter ? name + "_total" : name
                text += line(name, sample.labels, OpenMetrics.number(number))
            case .histogram(let histogram):
                for bucket in histogram.buckets {
                    let bound = MetricFamily.Label("le", bucket.upTo.description)
                    text += line(name + "_bucket", sample.labels + [bound], String(bucket.count))
                }
                let rest = MetricFamily.Label("le", "+Inf")
                text += line(name + "_bucket", sample.labels + [rest], String(histogram.count))
                text += line(name + "_sum", sample.labels, OpenMetrics.number(histogram.sum))
                text += line(name + "_count", sample.labels, String(histogram.count))
            }
        }
        return text
    }

    private static func line(_ name: String, _ labels: [MetricFamily.Label], _ number: String) -> String {
        let pairs = labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
        return "\(name)\(pairs.isEmpty ? "" : "{\(pairs)}") \(number)\n"
    }

    /// Whole numbers without a fraction, others in the shortest form that reads back the same.
    private static func number(_ number: Double) -> String {
        Int64(exactly: number).flatMap { abs($0) < 1 << 53 ? String($0) : nil } ?? number.description
    }

    private static func escaped(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", "\"": escaped += ["\\", scalar]
            case "\n": escaped += ["\\", "n"]
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }
}
