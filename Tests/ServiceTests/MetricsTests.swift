import Foundation
import Glibc
import MneedleTestKit
import MneedleWire
import Testing

@Suite("The service's figures in the hands of Prometheus' own reader")
struct MetricsTests {
    /// What a run of `mneedlectl metrics`, or the text file, says.
    struct Figures {
        let text: String
        let families: [String: JSON]

        /// Has prometheus_client read a file.
        init(reading path: String) throws {
            text = try String(contentsOfFile: path, encoding: .utf8)
            let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
                "read_metrics.py")
            let lines = try MetricsTests.lines(["/usr/bin/python3", script.path, path], output: path + ".json")
            let list = try lines.map { try JSON.parse($0) }
            families = Dictionary(uniqueKeysWithValues: list.map { ($0["name"]?.string ?? "", $0) })
        }

        /// Asks a daemon through mneedlectl.
        init(of daemon: DaemonProcess) throws {
            let path = daemon.folder + "/metrics"
            let tool = [DaemonProcess.products + "/mneedlectl", "--socket", daemon.folder + "/run/control.sock"]
            _ = try MetricsTests.lines(tool + ["metrics"], output: path)
            try self.init(reading: path)
        }

        /// The sample of that name with these labels, whatever others it has.
        func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
            let samples = families.values.flatMap { $0["samples"]?.elements ?? [] }
            let found = samples.filter { sample in
                sample["name"]?.string == name && labels.allSatisfy { sample["labels"]?[$0.key]?.string == $0.value }
            }
            return found.count == 1 ? found[0]["value"]?.number : nil
        }
    }

    /// What a program prints, line by line.
    static func lines(_ arguments: [String], output path: String) throws -> [String] {
        let output = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(output) }
        let status = try ChildProcess(arguments, output: output).wait()
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try #require(status == 0, "\(arguments.joined(separator: " ")): \(text)")
        return text.split(separator: "\n").map(String.init)
    }

    @Test("requests by module and outcome, how long they took, and what the service holds are told as they are")
    func values() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        for request in ["ping", "#a ping", "nonsense", "records.add-person", "\u{1}"] { _ = try client.ask(request) }
        _ = try client.ok("records.add-person person=anna")
        _ = try client.refused("records.add-person person=anna")
        _ = try client.ok("scheduling.remind person=anna at=2099-01-01T00:00:00Z title=x")
        let status = try client.ok("status")
        let first = try Figures(of: daemon)
        let requests = "mneedle_requests_total"
        #expect(first.value(requests, ["module": "mneedled", "outcome": "ok"]) == 3)
        #expect(first.value(requests, ["module": "mneedled", "outcome": "unknown-command"]) == 1)
        #expect(first.value(requests, ["module": "mneedled", "outcome": "bad-line"]) == 1)
        #expect(first.value(requests, ["module": "records", "outcome": "ok"]) == 1)
        #expect(first.value(requests, ["module": "records", "outcome": "conflict"]) == 1)
        #expect(first.value(requests, ["module": "records", "outcome": "invalid-argument"]) == 1)
        for outcome in ["ok", "storage", "internal"] {
            #expect(first.value(requests, ["module": "telemetry", "outcome": outcome]) == 0)
        }
        #expect(first.value(requests, ["module": "telemetry", "outcome": "conflict"]) == nil)
        let duration = "mneedle_request_duration_seconds"
        #expect(first.value(duration + "_count", ["kind": "write"]) == 3)
        #expect(first.value(duration + "_bucket", ["kind": "write", "le": "+Inf"]) == 3)
        #expect(first.value(duration + "_count", ["kind": "read"]) == 1)
        let sum = try #require(first.value(duration + "_sum", ["kind": "write"]))
        #expect(sum > 0 && sum < 60)
        let entries = try #require(status["store"]?["entries"]?.number)
        #expect(first.value("mneedle_ledger_entries") == entries && first.value("mneedle_ledger_sequence") == entries)
        #expect((first.value("mneedle_store_bytes") ?? 0) > 4096)
        #expect(first.value("mneedle_commits_total") == 2)
        #expect(first.value("mneedle_connections") == 2)
        #expect(first.value("mneedle_connections_refused_total", ["reason": "limit"]) == 0)
        #expect(first.value("mneedle_scheduling_reminders", ["state": "pending"]) == 1)
        #expect(first.value("mneedle_figure_failures_total", ["module": "scheduling"]) == 0)
        #expect(first.value("mneedle_modules", ["module": "records", "state": "running"]) == 1)
        #expect(first.value("mneedle_build_info", ["version": status["version"]?.string ?? ""]) == 1)
        let start = try #require(first.value("mneedle_start_time_seconds"))
        #expect(abs(start - Date().timeIntervalSince1970) < 3600)
        // The request itself counts from its reply on.
        let second = try Figures(of: daemon)
        #expect(second.value(requests, ["module": "mneedled", "outcome": "ok"]) == 4)
        #expect(second.value(duration + "_count", ["kind": "read"]) == 2)
    }

    @Test("each figure has its type, its unit and its meaning")
    func descriptions() throws {
        let figures = try Figures(of: DaemonProcess())
        let types = figures.families.mapValues { $0["type"]?.string ?? "" }
        #expect(types["mneedle_requests"] == "counter" && types["mneedle_request_duration_seconds"] == "histogram")
        #expect(types["mneedle_connections"] == "gauge" && types["mneedle_scheduling_reminders"] == "gauge")
        #expect(figures.families["mneedle_store_bytes"]?["unit"]?.string == "bytes")
        #expect(figures.families["mneedle_request_duration_seconds"]?["unit"]?.string == "seconds")
        #expect(figures.families.values.allSatisfy { ($0["help"]?.string ?? "").hasSuffix(".") })
        // node_exporter's reader knows the types of the older format only, and drops a file with any other.
        #expect(Set(types.values).isSubset(of: ["counter", "gauge", "histogram"]))
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Documentation/administration.md")
        let documented = try String(contentsOf: page, encoding: .utf8)
        for (name, type) in types {
            let line = "| `\(name)\(type == "counter" ? "_total" : "")` | \(type) |"
            #expect(documented.contains(line), "Documentation/administration.md has no line \(line)")
        }
    }

    @Test("whoever is not let in is counted")
    func refused() throws {
        let daemon = try DaemonProcess(config: "[limits]\nmax_connections = 2\nreserved_connections = 0\n")
        let (first, second) = (try daemon.connect(), try daemon.connect())
        for _ in 0..<3 { #expect(try daemon.connect().greeting.hasPrefix("ERR busy ")) }
        #expect(try second.ask("ping") == "OK {}")
        let rows = try first.reply("metrics").dropLast().map { try JSON.parse(String($0.dropFirst(4))) }
        let refused = try #require(rows.first { $0["name"]?.string == "mneedle_connections_refused" })
        #expect(
            refused["samples"]?.elements?.map(\.text) == [
                #"{"labels":{"reason":"role"},"value":0}"#, #"{"labels":{"reason":"limit"},"value":3}"#,
            ])
    }

    @Test("with --json it is a listing as any other")
    func json() throws {
        let daemon = try DaemonProcess()
        let tool = [DaemonProcess.products + "/mneedlectl", "--socket", daemon.folder + "/run/control.sock", "--json"]
        let rows = try Self.lines(tool + ["metrics"], output: daemon.folder + "/rows").map { try JSON.parse($0) }
        #expect(rows.count > 10 && rows.allSatisfy { MetricFamily($0) != nil })
    }

    @Test("while a module is missing its figures are, and the others stand")
    func missing() throws {
        let daemon = try DaemonProcess(config: "[modules]\ndisabled = [\"scheduling\"]\n")
        let client = try daemon.connect()
        #expect(try client.refused("scheduling.next person=anna").code == "module-failed")
        let figures = try Figures(of: daemon)
        #expect(figures.value("mneedle_modules", ["module": "scheduling", "state": "disabled"]) == 1)
        #expect(figures.value("mneedle_requests_total", ["module": "mneedled", "outcome": "module-failed"]) == 1)
        #expect(figures.value("mneedle_requests_total", ["module": "records", "outcome": "ok"]) == 0)
        #expect(!figures.families.keys.contains { $0.hasPrefix("mneedle_scheduling_") })
    }

    @Test("after a whole life of treatment nothing that anybody is called or has said is in them")
    func privacy() throws {
        let words = ["zilpzalp", "Rotkehlchen", "wiedehopf", "Neuntoeter", "Birkenzeisig", "kernbeisser", "pregnan"]
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        _ = try client.ok("records.add-person person=zilpzalp name=Rotkehlchen goal=collagen time_zone=Europe/Berlin")
        _ = try client.ok(
            "records.add-device device=wiedehopf kind=roller needle_mm=0.3 owner=zilpzalp material=titanium")
        _ = try client.ok("screening.assess person=zilpzalp areas=cheeks \(TreatmentTests.answersNo)")
        _ = try client.ok(
            "sterilization.soak device=wiedehopf agent=isopropyl-alcohol concentration_percent=70 minutes=5 hands_washed=yes clean_surface=yes"
        )
        let started = try client.ok("session.start person=zilpzalp device=wiedehopf areas=cheeks depth_mm=0.3")
        let session = try #require(started["session"]?.integer)
        try client.send("telemetry.stream session=\(session)\nkernbeisser depth_mm=0.3\npen depth_mm=0.62\n.\n")
        while try !client.line().hasPrefix("OK ") {}
        _ = try client.ok("session.finish session=\(session) note=Birkenzeisig")
        _ = try client.ok("aftercare.report person=zilpzalp symptom=pus note=Birkenzeisig")
        _ = try client.ok(
            "records.clear person=zilpzalp finding=pregnancy by=Neuntoeter until=\(TreatmentTests.soon) note=Birkenzeisig"
        )
        for odd in ["kernbeisser.zilpzalp", "#zilpzalp nonsense", "records.show-person person=kernbeisser"] {
            #expect(try !client.ask(odd).hasPrefix("OK "))
        }
        let figures = try Figures(of: daemon)
        #expect(figures.value("mneedle_requests_total", ["module": "session", "outcome": "ok"]) == 2)
        for word in words { #expect(!figures.text.lowercased().contains(word.lowercased()), "\(word)") }
    }
}
