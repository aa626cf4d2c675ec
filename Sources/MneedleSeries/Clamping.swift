// Stored bytes may hold any number: arithmetic on them ends at the type's limits instead of trapping.

extension FixedWidthInteger where Self: SignedInteger {
    /// The sum, or the limit of the type that it would exceed.
    func addingClamped(_ other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The number without its fraction, or the limit of the type that it exceeds; 0 for NaN.
    init(clamping number: Double) {
        if let exact = Self(exactly: number.rounded(.towardZero)) {
            self = exact
        } else {
            self = number.isNaN ? 0 : number < 0 ? .min : .max
        }
    }

    /// The greatest multiple of `step` up to this number, or the type's least number where there is none.
    ///
    /// - Parameter step: A number over zero; with any other this number stays as it is.
    func roundedDown(to step: Self) -> Self {
        guard step > 0 else { return self }
        let rest = self % step
        return addingClamped(rest < 0 ? -rest - step : -rest)
    }
}
