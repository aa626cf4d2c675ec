import MneedleModuleNote

/// What the host knows of a module before it makes it.
public struct Manifest: Sendable {
    /// Lower case; the first part of its verbs.
    public var name: String
    /// The module's own version, for people: `1.2.0`.
    public var version: String
    /// What it is for, in one sentence.
    public var summary: String
    /// Whether it guards sessions: it contributes safety checks, or what speaks against any session of a person. The host
    /// remembers each module that has guarded, and starts no session while it is gone.
    public var guards: Bool
    /// The keys it reads from its section `[<name>]` of the configuration: `.of(validFor, washOut)`. Each has a default;
    /// `Config/mneedled.toml` documents it.
    public var configuration: [AnyParameter]
    /// The knowledge files it reads, without `.toml`: `screening`.
    public var knowledge: [String]
    /// The kinds of entries and live topics that are its own beside those that begin with its name: `visit.began`, or
    /// `visit.*` for all of a word. Nobody else may record or tell them, and it may record and tell no others.
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

    /// Who guards says so, for nobody would miss it otherwise; and who says so does, for nobody would need it otherwise.
    /// - Throws: `internal` when the manifest says something else than the module contributes.
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
    /// What it offers to peers and other modules, as `<module>.<name>`.
    public var commands: [Command]
    /// What it has to say of a planned session.
    public var checks: [SafetyCheck]
    /// What it knows of a person that speaks against any session.
    public var standing: [StandingCheck]
    /// What it does when something happens.
    public var reactions: [Reaction]
    /// What it does by the clock.
    public var timers: [Timer]
    /// What it tells those who watch the machine.
    public var figures: [Figure]
    /// Whose the things are that its commands name.
    public var possessions: [Possession]
    /// Kinds of entries, and topics, that concern nobody unless they name a person: for everybody to see.
    public var commonKinds: [String]
    /// What stands in another module of the kit, such as a `Collector` (`MneedleBulkKit`).
    public var contributions: [any Contribution]

    /// A module that contributes only what is given.
    public init(
        commands: [Command] = [], checks: [SafetyCheck] = [], standing: [StandingCheck] = [],
        reactions: [Reaction] = [], timers: [Timer] = [], figures: [Figure] = [], possessions: [Possession] = [],
        commonKinds: [String] = [], contributions: [any Contribution] = []
    ) {
        self.commands = commands
        self.checks = checks
        self.standing = standing
        self.reactions = reactions
        self.timers = timers
        self.figures = figures
        self.possessions = possessions
        self.commonKinds = commonKinds
        self.contributions = contributions
    }
}

/// What a module contributes that stands in another module of the kit; the host refuses a module with one that it does not
/// know.
public protocol Contribution: Sendable {}

/// What a module's library offers: its manifest, its schema, and how to make it from knowledge and configuration.
public struct ModuleDefinition: Sendable {
    /// What the host knows of it beforehand.
    public let manifest: Manifest
    /// Its tables, from version 1 on.
    public let migrations: [Migration]
    /// Makes the module. Throws what the module's own closure throws, and `internal` where the manifest and what was made differ
    /// in whether it guards sessions.
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

    /// What the library's one C function returns:
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

/// A question that `session.start` asks a module: what speaks against this plan? What speaks against any session of the
/// person is a ``StandingCheck``.
public struct SafetyCheck: Sendable {
    /// What it looks at, for a person.
    public var summary: String
    /// What speaks against the plan, or has to be known before it; empty where nothing does. Throwing forbids the session.
    public var findings: @Sendable (SessionPlan, any Reading) throws -> [Finding]

    /// A check, with what it looks at.
    public init(_ summary: String, findings: @escaping @Sendable (SessionPlan, any Reading) throws -> [Finding]) {
        self.summary = summary
        self.findings = findings
    }
}

/// Runs in the transaction that recorded an entry of a kind, whichever module recorded it. Throwing forbids what the entry
/// says: nothing of it has happened then. An entry that ``Entry/stands`` cannot be forbidden: what the reaction did is taken
/// back and the reaction tried again later, by the service itself. So it judges by the entry's own times and not by `now`, and
/// does no harm the second time.
public struct Reaction: Sendable {
    /// The kind of entries that it follows: `session.finished`.
    public var kind: String
    /// What it does. The actor is whoever asked for what the entry says.
    public var run: @Sendable (Entry, Actor, any Transaction) throws -> Void

    /// A reaction to entries of that kind.
    public init(to kind: String, run: @escaping @Sendable (Entry, Actor, any Transaction) throws -> Void) {
        self.kind = kind
        self.run = run
    }
}

/// Work that becomes due by the clock. The host waits for the earliest of all modules' with one timer.
public struct Timer: Sendable {
    /// Names it in logs and figures.
    public var name: String
    /// When the next work is due; `nil` while there is none. Asked at start and after each change; must be cheap.
    public var next: @Sendable (any Reading) throws -> Instant?
    /// Does what is due at the transaction's `now`, at most some hundred pieces at once. Must move ``next`` on.
    public var fire: @Sendable (any Transaction) throws -> Void

    /// A timer, with when it is due and what it does then.
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
    /// Counts changes of the kit after which modules have to be built anew.
    public static var api: UInt32 { mneedle_note_kit_api() }
    /// The compiler as it names itself.
    public static var compiler: String { String(cString: mneedle_note_compiler()) }
}
