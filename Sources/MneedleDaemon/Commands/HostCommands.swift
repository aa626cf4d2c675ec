import MneedleKit
import MneedleTree
import MneedleWire

/// The service's own commands: the module `mneedled`, described in the same table as the others.
struct HostCommands {
    let registry: ModuleRegistry
    let store: any Store
    let health: Health
    let limits: Limits
    let version: String
    let started: Instant
    let metrics: Metrics
    let backups: Backup
    /// The key that signs what is said of the ledger.
    let signer: CheckpointSigner
    /// The values that change while the service runs.
    let live: @Sendable () -> LiveFigures

    struct LiveFigures: Sendable {
        var now: Instant
        var connections: Int
        var nextDue: Instant?
        var modules: [ModuleRegistry.Status]
    }

    /// Every command that this service answers: its own, then the modules'.
    var table: CommandTable {
        // `help` and `describe` list themselves too, so the table is made twice.
        table(describing: table(describing: CommandTable()))
    }

    private func table(describing whole: CommandTable) -> CommandTable {
        var table = CommandTable()
        table.add(commands(describing: whole), of: Verb.host)
        table.add(registry.table)
        return table
    }

    private func commands(describing whole: CommandTable) -> [Command] {
        let introspection = Introspection(table: whole, people: registry.people)
        let ledger = LedgerCommands(backups: backups)
        let proofs = ProofCommands(signer: signer)
        return [
            introspection.help, introspection.describe,
            AgendaCommands.today, ping, status, modulesList, figures, HostCommands.subscribe, HostCommands.unsubscribe,
            ledger.tail, ledger.verify, ledger.compare, ledger.backup,
            proofs.checkpoint, proofs.prove, proofs.records, KeyCommands.copy,
            Remedies.acceptClock, Remedies.dropReaction, Remedies.retireGuard,
        ]
    }

    private var ping: Command {
        .constant(
            "ping", "Answers at once; shows that the service is there.", role: .reader, concerns: .nobody,
            example: "ping")
    }

    private var modulesList: Command {
        let live = live
        return Command(
            "modules.list", "Lists the modules, those that do not run with the reason.", role: .reader,
            gives: ModuleRegistry.Status.self, concerns: .nobody, example: "modules.list",
            immediateRows: { _, send in for module in live().modules { try send(module) } })
    }

    private var figures: Command {
        let metrics = metrics
        return Command(
            "metrics", "Gives the service's figures, without health data; mneedlectl prints them as OpenMetrics text.",
            role: .reader, gives: FigureRow.self, concerns: .nobody, example: "metrics",
            lists: { reading, send in
                guard let reading = reading as? StoreReading else {
                    throw ModuleError.internal("the figures are read from the store itself")
                }
                for family in try metrics.families(reading) { try send(FigureRow(family)) }
            })
    }

    static let topics = Parameter.required(
        "topics", .list(.text(maximum: 64)), "What to receive: reminder.due, reminder.*, or * for all.")
    static let since = Parameter.optional(
        "since", .integer(0...Int64.max), "Replays every matching event after this sequence number first.")
    static let tag = Parameter.optional(
        "tag", .text(maximum: 32), "The tag it was made with; left out for the one made without.")

    private static var subscribe: Command {
        Command(
            "subscribe", "Receives events from now on, or from a sequence number on without gap or repetition.",
            role: .reader, takes: topics, since, gives: Subscribed.self, errors: [.notFound, .conflict],
            concerns: .nobody, example: "subscribe topics=reminder.*,telemetry.alarm", connection: .subscribe)
    }

    private static var unsubscribe: Command {
        Command(
            "unsubscribe", "Ends a subscription of this connection.", role: .reader, takes: tag, gives: Done.self,
            errors: [.notFound], concerns: .nobody, example: "unsubscribe tag=a", connection: .unsubscribe)
    }
}

/// A row of `metrics`, as the wire writes it.
struct FigureRow: Reply {
    let row: Object

    init(_ family: MetricFamily) { row = Object(family.json.members ?? []) }

    static let members: [Member<FigureRow>] = [
        Member("name", "what the figure is called; a counter has no _total here") { $0.row.string("name") },
        Member("type", "gauge, counter or histogram") { $0.row.string("type") },
        Member("unit", "seconds or bytes, if any") { $0.row.string("unit") },
        Member("help", "what it means") { $0.row.string("help") },
        Member(
            "samples",
            "labels and value of each; a histogram's have buckets (how many were up_to a bound), count and sum"
        ) { $0.row["samples"] },
    ]
}

/// The reply to `subscribe`, before the events.
struct Subscribed: Reply {
    var sequence: Int64

    static let members: [Member<Subscribed>] = [
        Member("seq", "the newest event's sequence number", \.sequence)
    ]
}

extension ModuleRegistry.Status.State: ReplyValue {}

/// A row of `modules.list`.
extension ModuleRegistry.Status: Reply {
    package static let members: [Member<ModuleRegistry.Status>] = [
        Member("name", "the module", \.name),
        Member("version", "its version", \.version),
        Member("state", "running, disabled, failed, quarantined, missing or retired", \.state),
        Member("reason", "why it does not run", \.reason),
        Member("summary", "what it is for", \.summary),
        Member(
            "events", "the kinds of entries that it declares, with what their bodies hold; absent where there are none"
        ) {
            $0.events.isEmpty ? nil : $0.events.map(DeclaredEvent.init)
        },
    ]
}

/// A kind of entries in a row of `modules.list`.
private struct DeclaredEvent: Reply {
    var kind: AnyEntryKind

    static let members: [Member<DeclaredEvent>] = [
        Member("kind", "its name in the ledger, the topic of subscribers", \.kind.name),
        Member("summary", "what such an entry records", \.kind.summary),
        Member("schema", "JSON Schema 2020-12 of its body, units as x-unit", \.kind.schema),
    ]
}
