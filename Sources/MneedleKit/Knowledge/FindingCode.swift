/// What a module may find. Each raw value names a `[[finding]]` table of its knowledge file, which has the words:
///
///     enum SkinCode: String, FindingCode {
///         case tooSoon = "too-soon"
///         var placeholders: [String] { ["days", "until"] }
///         var firmness: Firmness { .blocks(in: [.home, .clinic]) }
///     }
public protocol FindingCode: RawRepresentable, CaseIterable, Hashable, Sendable where RawValue == String {
    /// What programs see: the raw value, unless several tables share one code.
    var code: String { get }
    /// The names that the module fills in in the words: `days` for `{days}`. `until` is the finding's own end.
    var placeholders: [String] { get }
    /// Where no file may weaken it; nowhere if not said.
    var firmness: Firmness { get }
}

extension FindingCode {
    public var code: String { rawValue }
    public var firmness: Firmness { .none }
}

/// What a practice may not take from a finding, whatever it writes into its file.
public enum Firmness: Sendable {
    case none
    /// It is `defer` or `contraindicated` in these settings, so that no clearance lifts it, and unless said otherwise nobody
    /// overrides it.
    case blocks(in: Set<Setting>, mayBeOverridden: Bool = false)

    /// What a finding has to be and is not; `nil` where it is firm enough.
    func fault(of template: FindingTemplate) -> String? {
        guard case .blocks(let settings, let mayBeOverridden) = self else { return nil }
        let isFirm = settings.allSatisfy { setting in
            guard let severity = template.severity(in: setting), severity > .clearance else { return false }
            return mayBeOverridden || !Override(isAllowed: template.overridable, setting: setting).lifts(severity)
        }
        if isFirm { return nil }
        let place =
            switch (settings.contains(.home), settings.contains(.clinic)) {
            case (true, false): "at home"
            case (false, true): "in a clinic"
            default: "in both settings"
            }
        return "must be defer or contraindicated \(place)\(mayBeOverridden ? "" : ", and override never")"
    }
}
