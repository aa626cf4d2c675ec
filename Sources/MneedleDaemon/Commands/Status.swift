import MneedleKit
import MneedleSystem

/// The reply to `status`.
private struct ServiceStatus: Reply {
    var version: String
    var uptime: Span
    var problems: [String]
    var modules: [ModuleRegistry.Status]
    var knowledge: String
    var store: StoreStatus
    var connections: Int
    var nextDue: Instant?
    var limits: Limits

    private enum State: String, CaseIterable, ReplyValue { case ok, degraded }

    static let members: [Member<ServiceStatus>] = [
        Member("version", "the daemon's version", \.version),
        Member("uptime", "since it started", \.uptime),
        Member("state", "ok, or degraded when there are problems") { $0.problems.isEmpty ? State.ok : .degraded },
        Member("modules", "each module's state") { status in
            Object(uniqueMembers: status.modules.map { .init($0.name, .string($0.state.rawValue)) })
        },
        Member("knowledge", "the digest of the knowledge files in force, as sessions keep it", \.knowledge),
        Member("store", "bytes on disk, ledger entries and the root over them", \.store),
        Member("connections", "open connections", \.connections),
        Member("next_due", "when a timer is next due", \.nextDue),
        Member("problems", "what is wrong, in words", \.problems),
        Member("limits", "the limits in force", \.limits),
    ]
}

/// The store, in `status`.
private struct StoreStatus: Reply {
    var bytes: Int64
    var logBytes: Int64
    var entries: Int64?
    var head: String?

    static let members: [Member<StoreStatus>] = [
        Member("bytes", "on disk", \.bytes),
        Member(
            "log_bytes", "how many of them are the log, which grows while somebody reads an older state", \.logBytes),
        Member("entries", "how many the ledger has; absent while it cannot be read", \.entries),
        Member("head", "the root over all of them; absent for those who see only their own", \.head),
    ]
}

extension HostCommands {
    var status: Command {
        var command = Command(
            "status", "Shows how the service is.", role: .reader, gives: ServiceStatus.self, concerns: .nobody,
            example: "status", reads: { reading in answer(reading) })
        // The state of the service can be told, and must be, when its store cannot be opened.
        command.withoutStore = { answer(nil, $0.message).object }
        return command
    }

    /// - Parameters:
    ///   - reading: The store; `nil` where it cannot be read.
    ///   - fault: The reason why it cannot be read.
    private func answer(_ reading: (any Reading)?, _ fault: String? = nil) -> ServiceStatus {
        let tree = (reading as? StoreReading).map { LedgerTree(connection: $0.connection) }
        let registry = (reading as? StoreReading)?.registry ?? registry
        let noted =
            fault.map { ["the store cannot be read: \($0)"] }
            ?? (try? (reading as? StoreReading)?.hostProblems()) ?? ["what the store says of itself cannot be read"]
        let figures = live()
        let problems =
            health.problems.map(\.text) + noted + registry.troubles.map(\.text)
            + registry.refusals.problems(at: figures.now)
        let isWhole = reading?.privacy.seesEverybody ?? false
        // With the root a peer could find out by guessing what another's entry says.
        let root = isWhole ? try? tree?.first(tree?.size ?? 0).root : nil
        return ServiceStatus(
            version: version,
            uptime: Span(milliseconds: max(0, figures.now.milliseconds - started.milliseconds) / 1000 * 1000),
            problems: problems, modules: registry.modules, knowledge: registry.knowledgeDigest,
            store: StoreStatus(
                bytes: store.bytes, logBytes: store.logBytes,
                entries: try? tree?.size, head: root?.bytes.hex),
            connections: figures.connections, nextDue: isWhole ? figures.nextDue : nil, limits: limits)
    }
}
