/// One judgement that a module makes: a contraindication, an interval not yet over,
/// a cartridge used before, a depth over the limit, a red-flag symptom.
///
/// Every judgement in the program is a `Finding`, so a client has one thing to show
/// and `session.start` has one thing to weigh.
public struct Finding: Hashable, Sendable {
    /// The name of the finding for programs, for example `too-soon`. It is stable.
    public var code: String
    /// The weight of the finding; from ``Severity/blocking`` on it forbids a session.
    public var severity: Severity
    /// A sentence for a person that says the finding.
    public var message: String
    /// The next step, for a person.
    public var advice: String
    /// The end of the finding, if it ends by itself.
    public var until: Deadline?
    /// The sources that the judgement rests on. Never empty for a clinical finding.
    public var sources: [Source]
    /// The module that made the finding.
    public var module: String
    /// The command that would resolve the finding; `nil` where none does, and where it only takes time.
    public var remedy: Remedy?
    /// The template's rule for overriding; `nil` for a finding that has no template.
    var override: Override?

    /// Whether a practitioner may pass over the finding for one session with a written reason. ``Override`` decides by the
    /// finding's final severity.
    public var overridable: Bool { override?.lifts(severity) ?? false }

    /// A finding without a template, which nobody can override. ``FindingCatalogue`` makes those with one.
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
    /// Whether the file allows an override.
    var isAllowed: Bool
    var setting: Setting

    /// An override is possible only in a clinic, where somebody trained takes the responsibility, and only of a finding that
    /// defers. Only a physician lifts a `clearance` and nobody a contraindication; at home there is only the person.
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
        Member("remedy", "the command that would resolve it; absent where none does", \.remedy),
    ]

    public var value: Value { .object(object) }
}

/// The end of something: a calendar day in the person's time zone, or an instant.
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
    /// The short name used in the knowledge files, for example `S1`.
    public var id: String
    /// The document's title, or the default's description of itself.
    public var title: String
    /// The strength of the evidence: `article`, `label`, `guideline`, `regulation`, `trial`, `review`,
    /// `common practice` or `practice default`.
    public var evidence: String
    /// The reference that finds the document: author, year, journal, DOI or number. `nil` where there is no single document.
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
