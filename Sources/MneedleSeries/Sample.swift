/// One value of a point, for one field of its layout. The parser fills the same samples point after point, without any
/// allocation.
public struct Sample: Sendable {
    /// The type of a value; a block stores its raw value.
    public enum Kind: UInt8, Sendable {
        case float, integer, unsigned, boolean, text
    }

    /// The value's type.
    public var kind: Kind
    /// The number of decimals of a decimal number; ``binary`` where `bits` are those of a `Double`.
    public var decimals: UInt8
    /// The value: a decimal number without its point, an integer, an unsigned integer's bits, 0 or 1; for a text its place in
    /// the line: `start << 32 | length`.
    public var bits: Int64

    /// The `decimals` of a number that is kept as the bits of its `Double`.
    public static let binary = UInt8.max
    /// The greatest number of decimals up to which a decimal number is exactly one `Double`.
    public static let mostDecimals = 15
    static let largestMantissa: UInt64 = 1 << 53

    /// A value as the parser would have read it.
    public init(kind: Kind, decimals: UInt8, bits: Int64) {
        self.kind = kind
        self.decimals = decimals
        self.bits = bits
    }
}

/// The unit of timestamps.
public enum Precision: String, CaseIterable, Sendable {
    case ns, us, ms, s

    /// The number of nanoseconds in one unit.
    public var nanoseconds: Int64 {
        switch self {
        case .ns: 1
        case .us: 1000
        case .ms: 1_000_000
        case .s: 1_000_000_000
        }
    }
}

/// The reason why a line is no point.
public struct PointError: Error, Equatable {
    /// The column of the fault, counted from 1.
    public var column: Int
    /// The fault in words, for the sender of the line.
    public var reason: String

    /// An error at a column of a line.
    public init(column: Int, reason: String) {
        self.column = column
        self.reason = reason
    }
}
