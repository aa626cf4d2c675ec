/// A number that a module contributes to the service's metrics: how many, how large, how often.
///
///     Figure("drafts", .gauge, "Drafts that nobody has finished.", labels: [FigureLabel("state", ["new", "old"])]) { reading in
///         [FigureValue(3, "new"), FigureValue(1, "old")]
///     }
///
/// Never about a person: whoever watches the machine sees it and keeps it for years. For that reason labels say beforehand
/// what they may say. A figure that throws, or says something else, is left out and counted; the others stand.
public struct Figure: Sendable {
    /// What may be done with the numbers.
    public enum Kind: Sendable {
        /// Goes up and down.
        case gauge
        /// Only grows, or begins anew.
        case counter
    }

    /// Lower case with underscores. The host makes `mneedle_<module>_<name>_<unit>` of it.
    public var name: String
    /// What may be done with its numbers.
    public var kind: Kind
    /// The base unit (`bytes`, `seconds`); none for a number of things.
    public var unit: String?
    /// What it means, for a person, in one sentence.
    public var summary: String
    /// What tells its values apart; none for a single value.
    public var labels: [FigureLabel]
    /// Its values now, one for each combination of labels. Asked about once a minute; must be cheap.
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

/// What tells the values of a figure apart, with all that it may say.
public struct FigureLabel: Sendable {
    /// Lower case with underscores: `state`.
    public var name: String
    /// All that it may say.
    public var choices: [String]

    /// A label with all that it may say.
    public init(_ name: String, _ choices: [String]) {
        self.name = name
        self.choices = choices
    }
}

/// One value of a figure.
public struct FigureValue: Sendable {
    /// In the figure's unit.
    public var number: Double
    /// What each of the figure's labels says, in their order.
    public var labels: [String]

    /// A number in the figure's unit, under what its labels say, in their order.
    public init(_ number: Double, _ labels: String...) {
        self.number = number
        self.labels = labels
    }

    /// How many, under what its labels say, in their order.
    public init(_ count: some BinaryInteger, _ labels: String...) {
        number = Double(count)
        self.labels = labels
    }
}
