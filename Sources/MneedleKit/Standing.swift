/// A question about a person that the gate and every advice ask alike: is anything open, running, unknown or never again?
///
/// What depends on the person alone belongs here, and what depends on a plan (device, areas, depth) into a ``SafetyCheck``.
/// The gate asks both, so that nothing that is said here has to be said there again.
public struct StandingCheck: Sendable {
    /// What it looks at, for a person.
    public var summary: String
    /// What speaks against any session of the person; empty where nothing does. Throwing counts as that.
    public var findings: @Sendable (Person, any Reading) throws -> [Finding]

    /// A check, with what it looks at.
    public init(_ summary: String, findings: @escaping @Sendable (Person, any Reading) throws -> [Finding]) {
        self.summary = summary
        self.findings = findings
    }
}

/// What all modules, and the service itself, hold against any session of a person now.
public struct Standing: Sendable {
    /// Everything that was found, the most serious first.
    public let findings: [Finding]
    /// The service's own findings, such as a module that cannot answer, name it as their module.
    private let service: String

    /// - Parameter service: The name under which the service itself stands among the modules.
    public init(_ findings: [Finding], service: String) {
        self.findings = findings.sorted { $0.severity > $1.severity }
        self.service = service
    }

    /// What forbids a session now.
    public var blocking: [Finding] { findings.filter(\.blocks) }

    /// Whether something forbids a session that does not end by itself, or the service cannot say what holds, as while its
    /// clock is behind: nothing invites to one then.
    public var isOpenEnded: Bool { isUnknown || blocking.contains { $0.until == nil } }

    /// Whether it is a matter of the person that does not end by itself, such as a reaction or a lasting contraindication.
    /// What the service alone cannot say, because a module does not answer, is over when that module does.
    public var isPersonsMatter: Bool { blocking.contains { $0.until == nil && $0.module != service } }

    /// Whether the service itself cannot answer for the person now.
    public var isUnknown: Bool { blocking.contains { $0.module == service } }

    /// The first day that nothing here forbids, as far as everything that forbids ends by itself: the latest of the ends.
    /// `nil` where nothing forbids, and where something does not end by itself.
    public func earliest(in zone: Zone) -> CivilDate? {
        guard !isOpenEnded else { return nil }
        return blocking.compactMap { finding -> CivilDate? in
            switch finding.until {
            case .date(let date): date
            case .instant(let instant):
                // The day on which it ends still has a part of it.
                zone.instant(of: zone.date(of: instant)) == instant
                    ? zone.date(of: instant) : zone.date(of: instant).adding(days: 1)
            case nil: nil
            }
        }.max()
    }
}
