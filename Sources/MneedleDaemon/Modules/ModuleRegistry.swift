import MneedleBulkKit
import MneedleKit

/// The modules that run, with all their contributions, gathered at start or reload and fixed from then on.
package struct ModuleRegistry: Sendable {
    /// The state of a module, for `modules.list`.
    package struct Status: Sendable {
        package enum State: String, CaseIterable, Sendable {
            case running, disabled, failed, quarantined, missing, retired
        }
        var name: String
        var version: String
        var state: State
        var reason: String?
        var summary: String
        /// The declared kinds of entries that it records.
        var events: [AnyEntryKind] = []
    }

    var modules: [Status] = []
    /// The definitions of the modules that run, to make them again from edited files.
    private(set) var definitions: [String: ModuleDefinition] = [:]
    /// The commands of the modules that run.
    package var table = CommandTable()
    /// The reactions by the kind of entry; at most one of each module.
    var reactions: [String: [(module: String, reaction: Reaction)]] = [:]
    var checks: [(module: String, check: SafetyCheck)] = []
    package var standing: [(module: String, check: StandingCheck)] = []
    var agenda: [(module: String, agenda: Agenda)] = []
    var timers: [(module: String, timer: MneedleKit.Timer)] = [(Verb.host, FailedReactions.timer)]
    package var collectors: [(module: String, collector: Collector)] = []
    var figures: [(module: String, figure: Figure)] = []
    /// The owners of things, by the kind of thing.
    var possessions: [String: (module: String, possession: Possession)] = [:]
    /// Kinds of entries, and topics, that concern nobody unless they name a person.
    var commonKinds: Set<String> = []
    /// The people whose data peers below admin see.
    package var people: People
    /// The digest of the knowledge that the modules were made from.
    package var knowledgeDigest = ""
    /// The demands on a reason.
    var reasons: Reasons?
    /// Modules that guarded sessions, or could have, and do not: no session starts.
    var unavailableModules: [(name: String, reason: String)] = []
    /// Modules without safety checks that do not run, though nobody wants that.
    var missedModules: [(name: String, reason: String)] = []
    /// The kinds that each module may record.
    package private(set) var ownership = Ownership()
    let crashNotes: CrashNotes
    /// The requests that are refused, and to which peers, because they ended the service.
    let refusals: Refusals
    let report: @Sendable (_ module: String, _ what: String, _ error: any Error) -> Void

    package init(
        people: People = .household, crashNotes: CrashNotes = .none, refusals: Refusals = Refusals(),
        report: @escaping @Sendable (String, String, any Error) -> Void = { _, _, _ in }
    ) {
        self.people = people
        self.crashNotes = crashNotes
        self.refusals = refusals
        self.report = { module, what, error in report(module, what, error) }
    }

    /// Adds a module that was made.
    package mutating func add(_ definition: ModuleDefinition, _ module: Module) {
        let manifest = definition.manifest
        definitions[manifest.name] = definition
        ownership.take(manifest)
        table.add(module.commands, of: manifest.name, slot: modules.count + 1)
        for (kind, parts) in Dictionary(grouping: module.reactions, by: \.kind) {
            // Its reactions run together: they fail together, and are tried again together.
            let whole = Reaction(to: kind) { for part in parts { try part.run($0, $1, $2) } }
            reactions[kind, default: []].append((manifest.name, whole))
        }
        checks += module.checks.map { (manifest.name, $0) }
        standing += module.standing.map { (manifest.name, $0) }
        agenda += module.agenda.map { (manifest.name, $0) }
        timers += module.timers.map { (manifest.name, $0) }
        collectors += module.collectors.map { (manifest.name, $0) }
        figures += module.figures.map { (manifest.name, $0) }
        for possession in module.possessions { possessions[possession.kind] = (manifest.name, possession) }
        commonKinds.formUnion(module.commonKinds)
        modules.append(
            Status(
                name: manifest.name, version: manifest.version, state: .running, summary: manifest.summary,
                events: module.events))
    }

    /// Notes a module that is known and does not run.
    /// - Parameter blocks: Whether it is missed as a guard, so that no session may start.
    mutating func add(missing name: String, state: Status.State, reason: String, blocks: Bool) {
        modules.append(Status(name: name, version: "", state: state, reason: reason, summary: ""))
        if blocks {
            unavailableModules.append((name, reason))
        } else if state != .disabled && state != .retired {
            missedModules.append((name, reason))
        }
    }

    /// The modules that make safety checks, about a plan or about a person.
    var guarding: Set<String> { Set(checks.map(\.module)).union(standing.map(\.module)) }

    /// The modules that run, and whether each guards sessions.
    var guards: [String: Bool] {
        let guarding = guarding
        return Dictionary(uniqueKeysWithValues: definitions.keys.map { ($0, guarding.contains($0)) })
    }

    /// The command of another module.
    /// - Throws: `module-failed` when its module does not run.
    package func command(_ verb: String) throws -> Verb {
        if let verb = table[verb] { return verb }
        let module = String(verb.prefix { $0 != "." })
        throw ModuleError.moduleFailed(
            module,
            reason(whyMissing: module).map {
                "module '\(module)' does not run: \($0)"
            } ?? "no module offers '\(verb)'")
    }

    func reason(whyMissing module: String) -> String? {
        modules.first { $0.name == module && $0.state != .running }.map { $0.reason ?? $0.state.rawValue }
    }
}
