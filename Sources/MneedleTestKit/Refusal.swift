import MneedleKit

/// The error with which a module refuses the requests of `body`; `nil` if it refuses none.
public func refusal(_ body: () throws -> some Any) -> ModuleError? {
    do {
        _ = try body()
        return nil
    } catch { return error as? ModuleError }
}

extension Object {
    /// The codes of a reply's findings, in their order.
    public var findingCodes: [String] {
        (list("findings") ?? []).compactMap {
            if case .object(let finding) = $0 { finding.string("code") } else { nil }
        }
    }
}
