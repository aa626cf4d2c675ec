/// The figures as OpenMetrics text 1.0.
///
/// node_exporter reads text files in the older format of Prometheus. This text is valid there too: it keeps to the types and
/// the escapes that both formats know.
public enum OpenMetrics {
    /// The families one after the other, and the line that marks the end, so that a cut text is noticed.
    public static func text(_ families: [MetricFamily]) -> String {
        families.map(text).joined() + "# EOF\n"
    }

    private static func text(_ family: MetricFamily) -> String {
        let name = family.name
        var text = "# TYPE \(name) \(family.kind.rawValue)\n"
        if let unit = family.unit { text += "# UNIT \(name) \(unit)\n" }
        // One format asks for a quote in a help text to be escaped, and the other forbids it.
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
