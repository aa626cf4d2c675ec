/// One figure of the service, with a sample for each combination of its labels: a row of `metrics`.
public struct MetricFamily: Hashable, Sendable {
    /// The behaviour of the numbers over time. Both OpenMetrics and the older format of node_exporter know these kinds.
    public enum Kind: String, Sendable {
        /// A number that goes up and down.
        case gauge
        /// A number that only grows, and begins anew at some time.
        case counter
        /// The counts of values up to each of some bounds.
        case histogram
    }

    /// A number, or the numbers of a histogram, under its labels.
    public struct Sample: Hashable, Sendable {
        /// The labels that tell the sample from the family's others, in the order in which they are written.
        public var labels: [Label]
        /// The number, or the numbers of a histogram.
        public var value: Value

        /// Makes a sample.
        public init(labels: [Label], value: Value) {
            self.labels = labels
            self.value = value
        }

        /// Makes a sample under labels that are written out: `["kind": "read"]`, `[:]` for none.
        public init(_ labels: KeyValuePairs<String, String>, _ value: Value) {
            self.init(labels: labels.map { Label($0.key, $0.value) }, value: value)
        }
    }

    /// A label's name and value.
    public struct Label: Hashable, Sendable {
        /// The label's name: `kind`.
        public var name: String
        /// The label's value.
        public var value: String

        /// Makes a label.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The content of a sample.
    public enum Value: Hashable, Sendable {
        /// The number of a gauge or a counter.
        case number(Double)
        /// The numbers of a histogram.
        case histogram(Histogram)
    }

    /// The counts of values by their size.
    public struct Histogram: Hashable, Sendable {
        /// The count of values up to a bound, including those up to the bounds below.
        public struct Bucket: Hashable, Sendable {
            /// The bound; a value equal to it is counted.
            public var upTo: Double
            /// The number of values up to the bound.
            public var count: Int64

            /// Makes a bucket.
            public init(upTo: Double, count: Int64) {
                self.upTo = upTo
                self.count = count
            }
        }

        /// The buckets by rising bounds; values above the last bound are counted in ``count`` alone.
        public var buckets: [Bucket]
        /// The number of all values.
        public var count: Int64
        /// The sum of all values.
        public var sum: Double

        /// Makes a histogram.
        public init(buckets: [Bucket], count: Int64, sum: Double) {
            self.buckets = buckets
            self.count = count
            self.sum = sum
        }
    }

    /// The family's name; its last word is the unit, if there is one. A counter's name has no `_total` here.
    public var name: String
    /// The behaviour of its numbers over time.
    public var kind: Kind
    /// The unit of the numbers; `nil` for a number of things.
    public var unit: String?
    /// The meaning, in one sentence.
    public var help: String
    /// The samples, one for each combination of labels.
    public var samples: [Sample]

    /// Makes a family.
    public init(_ name: String, _ kind: Kind, unit: String? = nil, help: String, _ samples: [Sample]) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.help = help
        self.samples = samples
    }
}

// MARK: As a row

extension MetricFamily {
    /// Reads a family from an object that ``json`` made; `nil` for anything else.
    public init?(_ json: JSON) {
        guard let name = json["name"]?.string, MetricFamily.isName(name),
            let kind = json["type"]?.string.flatMap(Kind.init), let help = json["help"]?.string,
            let rows = json["samples"]?.elements
        else { return nil }
        let samples = rows.compactMap { Sample($0, of: kind) }
        guard samples.count == rows.count else { return nil }
        self.init(name, kind, unit: json["unit"]?.string, help: help, samples)
    }

    /// The row's object.
    public var json: JSON {
        var members = [JSON.Member("name", .string(name)), JSON.Member("type", .string(kind.rawValue))]
        if let unit { members.append(JSON.Member("unit", .string(unit))) }
        members += [JSON.Member("help", .string(help)), JSON.Member("samples", .array(samples.map(\.json)))]
        return .object(members)
    }

    /// Whether a text may name a family or a label: `[a-z][a-z0-9_]*`.
    public static func isName(_ text: String) -> Bool {
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let first = text.utf8.first, letters.contains(first) else { return false }
        return text.utf8.allSatisfy { letters.contains($0) || digits.contains($0) || $0 == UInt8(ascii: "_") }
    }
}

extension MetricFamily.Sample {
    fileprivate init?(_ json: JSON, of kind: MetricFamily.Kind) {
        guard let members = json["labels"]?.members else { return nil }
        var labels: [MetricFamily.Label] = []
        for member in members {
            guard let value = member.value.string, MetricFamily.isName(member.name) else { return nil }
            labels.append(MetricFamily.Label(member.name, value))
        }
        if kind == .histogram {
            guard let histogram = MetricFamily.Histogram(json) else { return nil }
            self.init(labels: labels, value: .histogram(histogram))
        } else {
            guard let number = json["value"]?.number else { return nil }
            self.init(labels: labels, value: .number(number))
        }
    }

    fileprivate var json: JSON {
        let labels = JSON.Member("labels", .object(labels.map { JSON.Member($0.name, .string($0.value)) }))
        switch value {
        case .number(let number): return .object([labels, JSON.Member("value", JSON(figure: number))])
        case .histogram(let histogram): return .object([labels] + histogram.members)
        }
    }
}

extension MetricFamily.Histogram {
    fileprivate init?(_ json: JSON) {
        guard let rows = json["buckets"]?.elements, let count = json["count"]?.integer, let sum = json["sum"]?.number
        else { return nil }
        let buckets = rows.compactMap { row -> Bucket? in
            guard let bound = row["up_to"]?.number, let count = row["count"]?.integer else { return nil }
            return Bucket(upTo: bound, count: count)
        }
        guard buckets.count == rows.count else { return nil }
        self.init(buckets: buckets, count: count, sum: sum)
    }

    fileprivate var members: [JSON.Member] {
        let rows = buckets.map { JSON.object([.init("up_to", .number($0.upTo)), .init("count", .integer($0.count))]) }
        return [.init("buckets", .array(rows)), .init("count", .integer(count)), .init("sum", JSON(figure: sum))]
    }
}

extension JSON {
    /// A number, which is written without a fraction where it is whole.
    fileprivate init(figure: Double) {
        self = Int64(exactly: figure).flatMap { abs($0) < 1 << 53 ? .integer($0) : nil } ?? .number(figure)
    }
}
