/// The codes of a module's findings. Each raw value names a `[[finding]]` table of its knowledge file, which has the words:
///
///     enum SkinCode: String, FindingCode {
///         case tooSoon = "too-soon"
///         var placeholders: [String] { ["days", "until"] }
///         var firmness: Firmness { .blocks(in: [.home, .clinic]) }
///     }
public protocol FindingCode: RawRepresentable, CaseIterable, Hashable, Sendable where RawValue == String {
    /// The code that programs see: the raw value, unless several tables share one code.
    var code: String { get }
    /// The placeholders that the module fills in: `days` for `{days}`. `until` is the finding's own end.
    var placeholders: [String] { get }
    /// The settings in which no file may weaken the finding; none by default.
    var firmness: Firmness { get }
}

extension FindingCode {
    public var code: String { rawValue }
    public var firmness: Firmness { .none }
}

/// The least strength of a finding, which a practice's file cannot lower.
public enum Firmness: Sendable {
    case none
    /// The finding is `defer` or `contraindicated` in these settings, so that no clearance lifts it, and nobody may override it
    /// unless `mayBeOverridden` is true.
    case blocks(in: Set<Setting>, mayBeOverridden: Bool = false)

    /// The way in which a finding is too weak; `nil` where it is firm enough.
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
