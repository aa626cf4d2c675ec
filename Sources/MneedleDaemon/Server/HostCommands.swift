import MneedleKit

/// The host's own commands, described in the same table as the modules'.
struct HostCommands {
    let house: House
    let store: Store
    let health: Health
    let limits: Limits
    let version: String
    let started: Instant
    let metrics: Metrics
    let backups: Backup
    /// What changes while the service runs.
    let live: @Sendable () -> LiveFigures

    struct LiveFigures: Sendable {
        var now: Instant
        var connections: Int
        var nextDue: Instant?
        var modules: [House.Status]
    }

    /// The whole command table: these, then the modules'.
    var table: CommandTable {
        let others =
            [ping, status, modulesList, figures, subscribe, unsubscribe] + ledger + Remedies.verbs
            + CommandTable.moduleVerbs(house)
        // `help` and `describe` describe themselves too.
        let whole = CommandTable(introspection(CommandTable([])) + others)
        return CommandTable(introspection(whole) + others)
    }

    private var ping: Verb {
        host(
            "ping", "Answers at once; shows that the service is there.", example: "ping",
            action: .immediate { _, _ in [:] })
    }

    private var ledger: [Verb] {
        LedgerCommands(backups: backups).commands.map {
            Verb(name: "ledger.\($0.name)", module: Verb.host, command: $0, action: .command)
        }
    }

    private var status: Verb {
        let command = Command(
            "status", "Shows how the service is.", role: .reader,
            reply: [
                ReplyMember("version", "the daemon's version"), ReplyMember("uptime", "since it started"),
                ReplyMember("state", "ok, or degraded when there are problems"),
                ReplyMember("modules", "each module's state"),
                ReplyMember("knowledge", "the digest of the knowledge files in force, as sessions keep it"),
                ReplyMember("store", "bytes on disk, ledger entries and the newest entry's hash"),
                ReplyMember("connections", "open connections"), ReplyMember("next_due", "when a timer is next due"),
                ReplyMember("problems", "what is wrong, in words"), ReplyMember("limits", "the limits in force"),
            ],
            concerns: .nobody, example: "status", .reads { _, reading in answerStatus(reading) })
        // How the service is can be told, and must be, when its store cannot be opened.
        return Verb(
            name: "status", module: Verb.host, command: command, action: .command,
            withoutStore: { answerStatus(nil, $0.message) })
    }

    /// - Parameters:
    ///   - reading: The store; `nil` where there is no way to read it.
    ///   - fault: Why there is none.
    private func answerStatus(_ reading: (any Reading)?, _ fault: String? = nil) -> Object {
        let newest = try? reading?.row("SELECT seq, hash FROM mneedle_ledger ORDER BY seq DESC LIMIT 1")
        let house = (reading as? StoreReading)?.house ?? house
        let noted =
            fault.map { ["the store cannot be read: \($0)"] }
            ?? (try? (reading as? StoreReading)?.hostProblems()) ?? ["what the store says of itself cannot be read"]
        let figures = live()
        let problems =
            health.problems.map(\.text) + noted + house.troubles.map(\.text) + house.refusals.problems(at: figures.now)
        let isWhole = reading?.seesEverybody ?? false
        var known: Object = ["bytes": store.bytes]
        if reading != nil {
            known["entries"] = .integer(newest?.integer("seq") ?? 0)
            // By the hash one could try out what another's entry may say.
            if isWhole { known["head"] = .string((newest?.blob("hash") ?? Ledger.Head.empty.hash).hex) }
        }
        return [
            "version": version,
            "uptime": Span(milliseconds: max(0, figures.now.milliseconds - started.milliseconds) / 1000 * 1000),
            "state": problems.isEmpty ? "ok" : "degraded",
            "modules": Object(uniqueMembers: house.modules.map { .init($0.name, .string($0.state.rawValue)) }),
            "knowledge": house.knowledgeDigest,
            "store": known,
            "connections": figures.connections, "next_due": isWhole ? figures.nextDue : nil, "problems": problems,
            "limits": limits.object,
        ]
    }

    private var modulesList: Verb {
        let live = live
        return host(
            "modules.list", "Lists the modules, those that do not run with the reason.",
            reply: [
                ReplyMember("name", "the module"), ReplyMember("version", "its version"),
                ReplyMember("state", "running, disabled, failed, quarantined, missing or retired"),
                ReplyMember("reason", "why it does not run"),
                ReplyMember("summary", "what it is for"),
            ],
            example: "modules.list",
            action: .immediateRows { _, _ in
                live().modules.map {
                    [
                        "name": $0.name, "version": $0.version, "state": $0.state.rawValue, "reason": $0.reason,
                        "summary": $0.summary,
                    ]
                }
            })
    }

    private var figures: Verb {
        let metrics = metrics
        let command = Command(
            "metrics", "Gives the service's figures, without health data; mneedlectl prints them as OpenMetrics text.",
            role: .reader,
            reply: [
                ReplyMember("name", "what the figure is called; a counter has no _total here"),
                ReplyMember("type", "gauge, counter or histogram"), ReplyMember("unit", "seconds or bytes, if any"),
                ReplyMember("help", "what it means"),
                ReplyMember(
                    "samples",
                    "labels and value of each; a histogram's have buckets (how many were up_to a bound), count and sum"),
            ],
            concerns: .nobody, example: "metrics",
            .lists { _, reading, sink in
                guard let reading = reading as? StoreReading else {
                    throw ModuleError.internal("the figures are read from the store itself")
                }
                for family in try metrics.families(reading) { try sink(Object(family.json.members ?? [])) }
                return [:]
            })
        return Verb(name: "metrics", module: Verb.host, command: command, action: .command)
    }

    private var subscribe: Verb {
        host(
            "subscribe", "Receives events from now on, or from a sequence number on without gap or repetition.",
            parameters: [
                .required(
                    "topics", .list(.text(maximum: 64)), "What to receive: reminder.due, reminder.*, or * for all."),
                .optional(
                    "since", .integer(0...Int64.max), "Replays every matching event after this sequence number first."),
            ],
            reply: [ReplyMember("seq", "the newest event's sequence number")], errors: [.notFound, .conflict],
            example: "subscribe topics=reminder.*,telemetry.alarm", action: .subscribe)
    }

    private var unsubscribe: Verb {
        host(
            "unsubscribe", "Ends a subscription of this connection.",
            parameters: [
                .optional("tag", .text(maximum: 32), "The tag it was made with; left out for the one made without.")
            ],
            errors: [.notFound], example: "unsubscribe tag=a", action: .unsubscribe)
    }

    private func introspection(_ table: CommandTable) -> [Verb] {
        let verb = AnyParameter.optional(
            "verb", .text(maximum: 64), "One command, or a module's name for all of its commands; left out for all.")
        let people = house.people
        let describe = host(
            "describe", "Describes commands for programs, one row a command.", parameters: [verb],
            reply: [
                ReplyMember("verb", "the command"), ReplyMember("module", "who answers it"),
                ReplyMember("summary", "what it does"),
                ReplyMember("role", "the least role that may call it"), ReplyMember("allowed", "whether you may"),
                ReplyMember("changes", "whether it changes anything"),
                ReplyMember("kind", "single, rows, bulk or subscription"),
                ReplyMember(
                    "concerns",
                    "whom: nobody, everybody, named (what its arguments and rows name), filtered or undeclared"
                ),
                ReplyMember("parameters", "JSON Schema 2020-12, units as x-unit"),
                ReplyMember("reply", "the members of the reply or of each row"),
                ReplyMember("errors", "the error codes to expect"), ReplyMember("example", "a request in words"),
            ],
            errors: [.unknownCommand], example: "describe verb=screening.assess",
            action: .immediateRows { arguments, actor in
                try table.matching(arguments.text("verb")).map { $0.description(for: actor, in: people) }
            })
        let help = host(
            "help", "Explains the commands to a person.", parameters: [verb],
            reply: [ReplyMember("text", "the explanation")],
            errors: [.unknownCommand], example: "help verb=session.start",
            action: .immediate { arguments, actor in
                let verbs = try table.matching(arguments.text("verb"))
                let text =
                    verbs.count == 1 && arguments.has("verb")
                    ? verbs[0].help : CommandTable.overview(verbs, actor, people)
                return ["text": text]
            })
        return [help, describe]
    }

    private func host(
        _ name: String, _ summary: String, parameters: [AnyParameter] = [], reply: [ReplyMember] = [],
        errors: [ModuleError.Code] = [], example: String, action: Verb.Action
    ) -> Verb {
        let command = Command(
            name, summary, role: .reader, parameters: parameters, reply: reply, errors: errors, concerns: .nobody,
            example: example,
            .reads { _, _ in throw ModuleError.internal("'\(name)' is answered by the host") })
        return Verb(name: name, module: Verb.host, command: command, action: action)
    }
}

extension CommandTable {
    /// One command, a module's commands, or all.
    func matching(_ name: String?) throws -> [Verb] {
        guard let name else { return ordered }
        if let verb = self[name] { return [verb] }
        let family = ordered.filter { $0.name.hasPrefix(name + ".") }
        guard family.isEmpty else { return family }
        let near = suggestions(for: name)
        throw ModuleError(
            .unknownCommand,
            "no command '\(name)'" + (near.first.map { "; did you mean '\($0)'?" } ?? "; 'help' lists them"),
            members: ["suggestions": near])
    }

    /// A line a command.
    static func overview(_ verbs: [Verb], _ actor: Actor, _ people: People) -> String {
        let width = verbs.map { $0.name.count }.max() ?? 0
        let lines = verbs.map { verb in
            let padding = String(repeating: " ", count: width - verb.name.count)
            let needs = actor.role >= verb.command.role ? Role.admin : verb.command.role
            let note = people.allows(verb.command, actor) ? "" : " (needs \(needs.rawValue))"
            return "  \(verb.name)\(padding)  \(verb.command.summary)\(note)"
        }
        return (lines + ["", "'help verb=…' explains one."]).joined(separator: "\n")
    }
}
