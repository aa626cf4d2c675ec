/// A question about a person that the gate and every advice ask alike: is anything open, running, unknown, or excluded for
/// good?
///
/// A judgement that depends on the person alone belongs here; one that depends on a plan (device, areas, depth) belongs into a
/// ``SafetyCheck``. The gate asks both, so no finding has to be made twice.
public struct StandingCheck: Sendable {
    /// The subject of the check, for a person.
    public var summary: String
    /// The findings against any session of the person; empty where there are none. An error counts as a finding.
    public var findings: @Sendable (Person, any Reading) throws -> [Finding]

    /// A check, with its subject.
    public init(_ summary: String, findings: @escaping @Sendable (Person, any Reading) throws -> [Finding]) {
        self.summary = summary
        self.findings = findings
    }
}

/// The findings of all modules, and of the service itself, against any session of a person now.
public struct Standing: Sendable {
    /// All findings, the most serious first.
    public let findings: [Finding]
    /// The name that the service's own findings have as their module, for example when a module cannot answer.
    private let service: String

    /// - Parameter service: The name under which the service itself stands among the modules.
    public init(_ findings: [Finding], service: String) {
        self.findings = findings.sorted { $0.severity > $1.severity }
        self.service = service
    }

    /// The findings that forbid a session now.
    public var blocking: [Finding] { findings.filter(\.blocks) }

    /// Whether a finding that does not end by itself forbids a session, or the service cannot judge, as while its clock is
    /// behind. No reminder or advice invites to a session then.
    public var isOpenEnded: Bool { isUnknown || blocking.contains { $0.until == nil } }

    /// Whether a finding about the person forbids a session and does not end by itself, such as a reaction or a lasting
    /// contraindication. A finding of the service, made because a module does not answer, ends when that module answers.
    public var isPersonsMatter: Bool { blocking.contains { $0.until == nil && $0.module != service } }

    /// Whether the service itself cannot answer for the person now.
    public var isUnknown: Bool { blocking.contains { $0.module == service } }

    /// The first day on which no finding forbids a session: the latest end of the blocking findings. `nil` where no finding
    /// blocks, and where ``isOpenEnded`` is true.
    public func earliest(in zone: Zone) -> CivilDate? {
        guard !isOpenEnded else { return nil }
        return blocking.compactMap { finding -> CivilDate? in
            switch finding.until {
            case .date(let date): date
            case .instant(let instant):
                // A finding that ends within a day still holds on a part of that day.
                zone.instant(of: zone.date(of: instant)) == instant
                    ? zone.date(of: instant) : zone.date(of: instant).adding(days: 1)
            case nil: nil
            }
        }.max()
    }
}
