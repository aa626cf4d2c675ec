import MneedleModuleNote

/// The description of a module that the host has before it makes the module.
public struct Manifest: Sendable {
    /// The module's name, in lower case; the first part of its verbs.
    public var name: String
    /// The module's own version, for people: `1.2.0`.
    public var version: String
    /// The purpose of the module, in one sentence.
    public var summary: String
    /// Whether the module guards sessions: it contributes safety checks or standing checks. The host remembers each module
    /// that has guarded, and starts no session while it is gone.
    public var guards: Bool
    /// The keys that the module reads from its section `[<name>]` of the configuration: `.of(validFor, washOut)`. Each has a
    /// default; `Config/mneedled.toml` documents it.
    public var configuration: [AnyParameter]
    /// The knowledge files that the module reads, without `.toml`: `screening`.
    public var knowledge: [String]
    /// The kinds of entries and live topics that the module owns beside those that begin with its name: `visit.began`, or
    /// `visit.*` for all of a word. No other module may record or publish them, and this one may record and publish no others.
    public var records: [String]

    /// A manifest; the host looks at it before it makes the module.
    public init(
        name: String, version: String, summary: String, guards: Bool = false,
        configuration: [AnyParameter] = [], knowledge: [String] = [], records: [String] = []
    ) {
        self.name = name
        self.version = version
        self.summary = summary
        self.guards = guards
        self.configuration = configuration
        self.knowledge = knowledge
        self.records = records
    }

    /// A module that guards has to say so, or the host would not miss it when it is gone; a module that says so has to guard, or
    /// the host would wait for one that it does not need.
    /// - Throws: `internal` where the manifest and the contributions of the module differ.
    fileprivate func requireTrue(of module: Module) throws {
        switch (guards, !module.checks.isEmpty || !module.standing.isEmpty) {
        case (false, true):
            throw ModuleError.internal(
                "module '\(name)' contributes 'checks' or 'standing', and its manifest does not say 'guards: true'; add it"
            )
        case (true, false):
            throw ModuleError.internal(
                "the manifest of module '\(name)' says 'guards: true', and it contributes neither 'checks' nor 'standing'; "
                    + "contribute one, or take 'guards' out")
        default: break
        }
    }
}

/// A module: everything that it contributes, as one value.
public struct Module: Sendable {
    /// The commands for peers and other modules, as `<module>.<name>`.
    public var commands: [Command]
    /// The checks of a planned session.
    public var checks: [SafetyCheck]
    /// The checks of a person, whatever the session.
    public var standing: [StandingCheck]
    /// The things to do, for ``Agenda``.
    public var agenda: [Agenda]
    /// The reactions to entries.
    public var reactions: [Reaction]
    /// The work that becomes due by the clock.
    public var timers: [Timer]
    /// The numbers for those who watch the machine.
    public var figures: [Figure]
    /// The owners of the things that its commands name.
    public var possessions: [Possession]
    /// The kinds of entries, and the topics, that concern nobody unless they name a person; everybody may see them.
    public var commonKinds: [String]
    /// The declared kinds of entries that it records, which `modules.list` tells those who subscribe.
    public var events: [AnyEntryKind]
    /// The contributions that another module of the kit defines, such as a `Collector` (`MneedleBulkKit`).
    public var contributions: [any Contribution]

    /// A module that contributes only the given parts.
    public init(
        commands: [Command] = [], checks: [SafetyCheck] = [], standing: [StandingCheck] = [],
        agenda: [Agenda] = [], reactions: [Reaction] = [], timers: [Timer] = [], figures: [Figure] = [],
        possessions: [Possession] = [],
        commonKinds: [String] = [], events: [AnyEntryKind] = [], contributions: [any Contribution] = []
    ) {
        self.commands = commands
        self.checks = checks
        self.standing = standing
        self.agenda = agenda
        self.reactions = reactions
        self.timers = timers
        self.figures = figures
        self.possessions = possessions
        self.commonKinds = commonKinds
        self.events = events
        self.contributions = contributions
    }
}

/// A contribution that another module of the kit defines; the host refuses a module with one that it does not know.
public protocol Contribution: Sendable {}

/// The content of a module's library: its manifest, its schema, and the function that makes the module from knowledge and
/// configuration.
public struct ModuleDefinition: Sendable {
    /// The description that the host reads before it makes the module.
    public let manifest: Manifest
    /// The steps of its tables, from version 1 on.
    public let migrations: [Migration]
    /// The function that makes the module. It throws the errors of the module's own closure, and `internal` where the manifest and
    /// the module differ in whether it guards sessions.
    public let make: @Sendable (Setup) throws -> Module

    /// - Parameter make: Reports problems of knowledge and configuration to its ``Setup``; throws for anything else.
    public init(
        manifest: Manifest, migrations: [Migration] = [], make: @escaping @Sendable (Setup) throws -> Module
    ) {
        self.manifest = manifest
        self.migrations = migrations
        self.make = { setup in
            let module = try make(setup)
            try manifest.requireTrue(of: module)
            return module
        }
    }

    /// The pointer that the library's one C function returns:
    ///
    ///     @_cdecl("mneedle_module_screening")
    ///     public func mneedleModuleScreening() -> UnsafeMutableRawPointer { definition.export() }
    ///
    /// The host calls it once; the value lives as long as the process, as the library does.
    public func export() -> UnsafeMutableRawPointer { Unmanaged.passRetained(Box(self)).toOpaque() }

    /// The definition behind a pointer that ``export()`` made.
    public static func imported(from pointer: UnsafeMutableRawPointer) -> ModuleDefinition {
        Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue().definition
    }

    private final class Box {
        let definition: ModuleDefinition
        init(_ definition: ModuleDefinition) { self.definition = definition }
    }
}

/// A question that `session.start` asks a module: what speaks against this plan? Findings against any session of the person
/// belong into a ``StandingCheck``.
public struct SafetyCheck: Sendable {
    /// The subject of the check, for a person.
    public var summary: String
    /// The findings against the plan, or to be known before it; empty where there are none. Throwing forbids the session.
    public var findings: @Sendable (SessionPlan, any Reading) throws -> [Finding]

    /// A check, with its subject.
    public init(_ summary: String, findings: @escaping @Sendable (SessionPlan, any Reading) throws -> [Finding]) {
        self.summary = summary
        self.findings = findings
    }
}

/// Work that runs in the transaction that recorded an entry of a kind, whichever module recorded it. Throwing forbids the entry
/// and takes all of it back. An entry that ``Entry/stands`` cannot be forbidden: the reaction alone is taken back, and the
/// service itself tries it again later. A reaction therefore judges by the entry's own times and not by `now`, and does no harm
/// the second time.
public struct Reaction: Sendable {
    /// The kind of entries that the reaction follows: `session.finished`.
    public var kind: String
    /// The work itself. The actor is the one whose request recorded the entry.
    public var run: @Sendable (Entry, Actor, any Transaction) throws -> Void

    /// A reaction to entries of that kind.
    public init(to kind: String, run: @escaping @Sendable (Entry, Actor, any Transaction) throws -> Void) {
        self.kind = kind
        self.run = run
    }
}

/// Work that becomes due by the clock. The host waits with one timer for the earliest due time of all modules.
public struct Timer: Sendable {
    /// The name in logs and figures.
    public var name: String
    /// The time at which the next work is due; `nil` while there is none. The host asks at start and after each change; it must
    /// be cheap.
    public var next: @Sendable (any Reading) throws -> Instant?
    /// The function that does the work due at the transaction's `now`, at most some hundred pieces at once. It must move
    /// ``next`` on.
    public var fire: @Sendable (any Transaction) throws -> Void

    /// A timer, with its due time and its work.
    public init(
        _ name: String, next: @escaping @Sendable (any Reading) throws -> Instant?,
        fire: @escaping @Sendable (any Transaction) throws -> Void
    ) {
        self.name = name
        self.next = next
        self.fire = fire
    }
}

/// The kit's own version, for the host to compare with a module's note before loading it.
public enum KitVersion {
    /// The number of changes of the kit after which modules had to be built anew.
    public static var api: UInt32 { mneedle_note_kit_api() }
    /// The compiler's own name and version.
    public static var compiler: String { String(cString: mneedle_note_compiler()) }
}
