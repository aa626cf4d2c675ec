// Stored bytes may say any number: what is reckoned with them ends at the type's limits instead of trapping.

extension FixedWidthInteger where Self: SignedInteger {
    /// The sum, or the limit that it would be beyond.
    func addingClamped(_ other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The whole number next to this one towards zero, or the limit that it is beyond; 0 for what is no number.
    init(clamping number: Double) {
        if let exact = Self(exactly: number.rounded(.towardZero)) {
            self = exact
        } else {
            self = number.isNaN ? 0 : number < 0 ? .min : .max
        }
    }

    /// The greatest multiple of `step` that is no greater, or the type's least number where there is none.
    ///
    /// - Parameter step: Over zero; with any other the number stays as it is.
    func roundedDown(to step: Self) -> Self {
        guard step > 0 else { return self }
        let rest = self % step
        return addingClamped(rest < 0 ? -rest - step : -rest)
    }
}
