/// Whole-number arithmetic that ends at the type's limits instead of trapping.
///
/// Times come from requests, devices and stored rows, any of which may hold any number. All arithmetic on them is in this
/// folder; `Tests/ArchitectureTests` looks for it elsewhere.
extension FixedWidthInteger where Self: SignedInteger {
    /// The sum, or the limit of the type that it would exceed.
    @inlinable
    public func addingClamped(_ other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the limit of the type that it would exceed.
    @inlinable
    public func subtractingClamped(_ other: Self) -> Self {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }

    /// The product, or the limit of the type that it would exceed.
    @inlinable
    public func multipliedClamped(by other: Self) -> Self {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
    }

    /// The number without its fraction, or the limit of the type that it exceeds; 0 for NaN.
    @inlinable
    public init(clamping number: Double) {
        if let exact = Self(exactly: number.rounded(.towardZero)) {
            self = exact
        } else {
            self = number.isNaN ? 0 : number < 0 ? .min : .max
        }
    }

    /// The greatest multiple of `step` up to this number; the type's least number where there is none.
    ///
    /// - Parameter step: A number over zero; with any other this number stays as it is.
    @inlinable
    public func roundedDown(to step: Self) -> Self {
        guard step > 0 else { return self }
        let rest = self % step
        return subtractingClamped(rest < 0 ? rest + step : rest)
    }
}

extension Comparable {
    /// This value, or the nearer end of the range for a value outside of it.
    @inlinable
    public func clamped(to range: ClosedRange<Self>) -> Self { min(max(self, range.lowerBound), range.upperBound) }
}

/// Quotient and remainder with the quotient rounded towards negative infinity; the divisor is over zero.
func floorDivide(_ dividend: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}
