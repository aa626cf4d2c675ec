/// A number that a module contributes to the service's metrics: how many, how large, how often.
///
///     Figure("drafts", .gauge, "Drafts that nobody has finished.", labels: [FigureLabel("state", ["new", "old"])]) { reading in
///         [FigureValue(3, "new"), FigureValue(1, "old")]
///     }
///
/// A figure is never about a person: whoever watches the machine sees it and keeps it for years. For that reason each label
/// declares its choices beforehand. A figure that throws, or gives another label, is left out and counted; the others stand.
public struct Figure: Sendable {
    /// The arithmetic that the numbers allow.
    public enum Kind: Sendable {
        /// A number that goes up and down.
        case gauge
        /// A number that only grows, or begins anew.
        case counter
    }

    /// The name, in lower case with underscores. The host makes `mneedle_<module>_<name>_<unit>` of it.
    public var name: String
    /// The arithmetic that its numbers allow.
    public var kind: Kind
    /// The base unit (`bytes`, `seconds`); none for a number of things.
    public var unit: String?
    /// The meaning, for a person, in one sentence.
    public var summary: String
    /// The labels that tell its values apart; none for a single value.
    public var labels: [FigureLabel]
    /// The function that returns the values now, one for each combination of labels. The host calls it about once a minute; it
    /// must be cheap.
    public var values: @Sendable (any Reading) throws -> [FigureValue]

    /// A figure; the host looks at its name, unit and labels when it takes the module in.
    public init(
        _ name: String, _ kind: Kind, unit: String? = nil, _ summary: String, labels: [FigureLabel] = [],
        values: @escaping @Sendable (any Reading) throws -> [FigureValue]
    ) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.summary = summary
        self.labels = labels
        self.values = values
    }
}

/// A label that tells the values of a figure apart, with its choices.
public struct FigureLabel: Sendable {
    /// The name, in lower case with underscores: `state`.
    public var name: String
    /// Every value that the label may have.
    public var choices: [String]

    /// A label with its choices.
    public init(_ name: String, _ choices: [String]) {
        self.name = name
        self.choices = choices
    }
}

/// One value of a figure.
public struct FigureValue: Sendable {
    /// The number, in the figure's unit.
    public var number: Double
    /// The values of the figure's labels, in their order.
    public var labels: [String]

    /// A number in the figure's unit, with the values of its labels in their order.
    public init(_ number: Double, _ labels: String...) {
        self.number = number
        self.labels = labels
    }

    /// A count, with the values of the figure's labels in their order.
    public init(_ count: some BinaryInteger, _ labels: String...) {
        number = Double(count)
        self.labels = labels
    }
}
