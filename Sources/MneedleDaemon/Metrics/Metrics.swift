import MneedleKit
import MneedleWire
import Synchronization

/// The figures of the service at one moment: the host's own, then the modules'.
///
/// They contain nothing about a person: labels are modules, states and codes, never text that somebody has written.
final class Metrics: Sendable {
    private let store: any Store
    private let version: String
    private let started: Instant
    private let counters: @Sendable () throws -> ServerCounters
    /// The number of failed figures of each module, and the modules whose failure is logged already.
    private let failures = Mutex<(counts: [String: Int64], told: Set<String>)>(([:], []))

    /// - Parameter counters: Fetches the server's counters; called on any thread but the event loop's.
    init(store: any Store, version: String, started: Instant, counters: @escaping @Sendable () throws -> ServerCounters)
    {
        self.store = store
        self.version = version
        self.started = started
        self.counters = counters
    }

    func families(_ reading: StoreReading) throws -> [MetricFamily] {
        let counters = try counters()
        let contributed = reading.figures { module, figure, error in
            let isNews = failures.withLock { failures in
                failures.counts[module, default: 0] += 1
                return failures.told.insert("\(module).\(figure)").inserted
            }
            // Logged once: figures are asked for every minute, and the counter tells how often they fail.
            if isNews { reading.registry.report(module, "the figure '\(figure)' failed and is left out", error) }
        }
        // MIN and MAX in one query may read the whole ledger.
        let oldest = try reading.row("SELECT MIN(seq) AS seq FROM mneedle_ledger")?.integer("seq")
        let newest = try reading.row("SELECT MAX(seq) AS seq FROM mneedle_ledger")?.integer("seq") ?? 0
        return [
            // A gauge: the older format, which node_exporter reads, has no type for it.
            MetricFamily(
                "mneedle_build_info", .gauge, help: "1, under the version of the service.",
                [.init(["version": version], .number(1))]),
            MetricFamily(
                "mneedle_start_time_seconds", .gauge, unit: "seconds",
                help: "When the service started, since 1970; counters begin there.",
                [.init([:], .number(Double(started.milliseconds) / 1000))]),
            MetricFamily(
                "mneedle_modules", .gauge, help: "1 for each module, under its state.",
                reading.registry.modules.map {
                    .init(["module": $0.name, "state": $0.state.rawValue], .number(1))
                }),
            requests(counters, reading.registry),
            durations(counters),
            number("mneedle_connections", .gauge, "Connections that are open.", counters.connections),
            MetricFamily(
                "mneedle_connections_refused", .counter,
                help: "Connections that were refused: no role for the peer, or a limit.",
                ServerCounters.Refusal.allCases.map {
                    .init(["reason": $0.rawValue], .number(Double(counters.refusals[$0] ?? 0)))
                }),
            number(
                "mneedle_ledger_entries", .gauge, "Entries in the ledger.",
                oldest.map { newest - $0 + 1 } ?? 0),
            number("mneedle_ledger_sequence", .gauge, "Number of the newest ledger entry.", newest),
            number(
                "mneedle_commits", .counter, "Groups of changes that were committed, each with one sync.",
                counters.commits),
            number("mneedle_store_bytes", .gauge, unit: "bytes", "Size of the store on disk.", store.bytes),
            number("mneedle_store_log_bytes", .gauge, unit: "bytes", "Size of the store's log in it.", store.logBytes),
            MetricFamily(
                "mneedle_figure_failures", .counter, help: "Figures of modules that had to be left out.",
                running(reading.registry).map { module in
                    let count = failures.withLock { $0.counts[module] ?? 0 }
                    return .init(["module": module], .number(Double(count)))
                }),
        ] + contributed
    }

    private func number(
        _ name: String, _ kind: MetricFamily.Kind, unit: String? = nil, _ help: String, _ number: some BinaryInteger
    ) -> MetricFamily {
        MetricFamily(name, kind, unit: unit, help: help, [.init([:], .number(Double(number)))])
    }

    private func running(_ registry: ModuleRegistry) -> [String] {
        registry.modules.filter { $0.state == .running }.map(\.name)
    }

    /// The answers of every module. A kind of error appears once it has happened; the kinds that somebody should hear of appear
    /// at zero already, for Prometheus sees no increase in a figure that was not there before.
    private func requests(_ counters: ServerCounters, _ registry: ModuleRegistry) -> MetricFamily {
        let running = Set(running(registry))
        let modules = [Verb.host] + registry.modules.map(\.name)
        let samples = modules.indices.flatMap { slot -> [MetricFamily.Sample] in
            let module = modules[slot]
            guard slot == Verb.Account.host || running.contains(module) else { return [] }
            let failures = ModuleError.Code.allCases.map { code in
                (code.rawValue, counters.failures[.init(slot: slot, error: code)] ?? 0)
            }.filter { outcome, count in count > 0 || Metrics.alarming.contains(outcome) }
            return ([("ok", counters.successes[slot])] + failures).map { outcome, count in
                .init(["module": module, "outcome": outcome], .number(Double(count)))
            }
        }
        return MetricFamily("mneedle_requests", .counter, help: "Requests that were answered.", samples)
    }

    private static let alarming = [ModuleError.Code.storage, .internal].map(\.rawValue)

    private func durations(_ counters: ServerCounters) -> MetricFamily {
        MetricFamily(
            "mneedle_request_duration_seconds", .histogram, unit: "seconds",
            help: "From a request's arrival to the end of its reply.",
            [
                .init(["kind": "read"], .histogram(.init(counters.reads))),
                .init(["kind": "write"], .histogram(.init(counters.writes))),
            ])
    }
}

extension MetricFamily.Histogram {
    fileprivate init(_ latencies: Latencies) {
        var count: Int64 = 0
        let buckets = zip(Latencies.bounds, latencies.counts).map { bound, more in
            count += more
            return Bucket(upTo: Double(bound) / 1e9, count: count)
        }
        self.init(buckets: buckets, count: latencies.counts.reduce(0, +), sum: Double(latencies.sum) / 1e9)
    }
}
