/// One judgement that a module makes: a contraindication, an interval not yet over,
/// a cartridge used before, a depth over the limit, a red-flag symptom.
///
/// Every judgement in the program is a `Finding`, so a client has one thing to show
/// and `session.start` has one thing to weigh.
public struct Finding: Hashable, Sendable {
    /// Names the finding for programs, for example `too-soon`. Stable.
    public var code: String
    /// How much it weighs; from ``Severity/blocking`` on it forbids a session.
    public var severity: Severity
    /// What was found, for a person.
    public var message: String
    /// What to do about it, for a person.
    public var advice: String
    /// When it ends, if it ends by itself.
    public var until: Deadline?
    /// What the judgement rests on. Never empty for a clinical finding.
    public var sources: [Source]
    /// The module that made it.
    public var module: String
    /// What its template says of overriding; nothing for a finding that has no template.
    var override: Override?

    /// Whether a practitioner may pass over it for one session with a written reason. ``Override`` decides, by the
    /// severity that the finding has at last.
    public var overridable: Bool { override?.lifts(severity) ?? false }

    /// A finding without a template; nobody can override it. ``FindingCatalogue`` makes the others.
    public init(
        code: String, severity: Severity, message: String, advice: String, until: Deadline? = nil,
        sources: [Source], module: String
    ) {
        self.code = code
        self.severity = severity
        self.message = message
        self.advice = advice
        self.until = until
        self.sources = sources
        self.module = module
    }

    /// Whether this finding alone forbids starting a session.
    public var blocks: Bool { severity >= .blocking }
}

/// Whether a finding may be passed over for one session. This is the one place that decides it, and no module can make an
/// overridable finding but from a template of its knowledge file.
struct Override: Hashable, Sendable {
    /// What the file says.
    var isAllowed: Bool
    var setting: Setting

    /// Only in a clinic, where somebody trained takes the responsibility, and only what is deferred. A `clearance` is a
    /// physician's alone to lift, a contraindication nobody's, and at home there is nobody but the person themselves.
    func lifts(_ severity: Severity) -> Bool { isAllowed && setting == .clinic && severity == .defer }
}

extension Finding: Reply, ValueConvertible {
    public static let members: [Member<Finding>] = [
        Member("code", "names it for programs", \.code),
        Member("severity", "info, caution, clearance, defer or contraindicated", \.severity),
        Member("message", "what was found", \.message),
        Member("advice", "what to do about it", \.advice),
        Member("until", "when it ends, if it ends by itself", \.until),
        Member("sources", "what it rests on", \.sources),
        Member("module", "which module made it", \.module),
        Member("overridable", "whether a practitioner may pass over it with a reason", \.overridable),
    ]

    public var value: Value { .object(object) }
}

/// When something ends: a calendar day in the person's time zone, or an instant.
/// Days and weeks end on a day; hours are elapsed time and end at an instant.
public enum Deadline: Hashable, Sendable, ValueConvertible {
    case date(CivilDate)
    case instant(Instant)

    public var value: Value {
        switch self {
        case .date(let date): date.value
        case .instant(let instant): instant.value
        }
    }

    /// The first instant at which the deadline is over, in `zone`.
    public func instant(in zone: Zone) -> Instant {
        switch self {
        case .date(let date): zone.instant(of: date)
        case .instant(let instant): instant
        }
    }
}

/// A document, guideline or stated default that a judgement rests on.
public struct Source: Hashable, Sendable, Reply, ValueConvertible {
    /// Short name used in the knowledge files, for example `S1`.
    public var id: String
    /// The document's title, or what the default says of itself.
    public var title: String
    /// How strong it is: `article`, `label`, `guideline`, `regulation`, `trial`, `review`,
    /// `common practice` or `practice default`.
    public var evidence: String
    /// How to find the document: author, year, journal, DOI or number. `nil` where there is no one document.
    public var citation: String?

    /// A source as `sources.toml` lists it.
    public init(id: String, title: String, evidence: String, citation: String? = nil) {
        self.id = id
        self.title = title
        self.evidence = evidence
        self.citation = citation
    }

    public static let members: [Member<Source>] = [
        Member("id", "its short name", \.id), Member("title", "its title", \.title),
        Member("evidence", "how strong it is", \.evidence),
        Member("citation", "how to find it; absent where there is no one document", \.citation),
    ]

    public var value: Value { .object(object) }
}
