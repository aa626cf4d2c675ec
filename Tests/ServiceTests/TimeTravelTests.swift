import Foundation
import MneedleTestKit
import MneedleWire
import Testing

@Suite("The real service at other times", .serialized)
struct TimeTravelTests {
    /// A daemon whose clock begins, at each start, where a test has set it (libfaketime).
    final class Machine {
        let daemon: DaemonProcess
        private let time: String

        init(at start: String, isSetWhileRunning: Bool = false) throws {
            time = FileManager.default.temporaryDirectory.appendingPathComponent("time-\(UUID().uuidString)").path
            let library = "/usr/lib/\(Machine.architecture)-linux-gnu/faketime/libfaketimeMT.so.1"
            try #require(FileManager.default.fileExists(atPath: library), "Debian's faketime is missing")
            daemon = try DaemonProcess(
                environment: [
                    "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": time, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                    // What a file says of its time does not move when a clock is set.
                    "FAKETIME_NO_CACHE": "1", "NO_FAKE_STAT": "1",
                    // Without one it adds this variable, and moves the environment, behind which Swift looks for its arguments.
                    "FAKETIME_SHARED": "/none /none",
                    "TZ": "UTC",
                ], start: false)
            try go(to: start)
        }

        deinit {
            tidyUp()
            try? FileManager.default.removeItem(atPath: time)
        }

        #if arch(x86_64)
        private static let architecture = "x86_64"
        #else
        private static let architecture = "aarch64"
        #endif

        /// Starts, or stops and starts again, at that time in UTC.
        func go(to instant: String) throws {
            if daemon.process?.isRunning == true { #expect(daemon.terminate() == 0) }
            try "@\(instant)\n".write(toFile: time, atomically: true, encoding: .utf8)
            for attempt in 1...20 {
                tidyUp()
                do { return try daemon.start() } catch let failed as DaemonProcess.Failed {
                    // It stumbles over what another process of the same number has left, maybe another user's.
                    guard failed.description.contains("libfaketime: "), attempt < 20 else { throw failed }
                }
            }
        }

        /// Sets the clock of the daemon that runs.
        func set(to instant: String) throws {
            try "@\(instant)\n".write(toFile: time, atomically: true, encoding: .utf8)
        }

        /// Removes what libfaketime leaves behind with each process.
        private func tidyUp() {
            guard let process = daemon.process else { return }
            if process.isRunning { daemon.killNow() }
            for name in ["faketime_shm_", "sem.faketime_sem_"] {
                try? FileManager.default.removeItem(atPath: "/dev/shm/\(name)\(process.processIdentifier)")
            }
        }

        /// The next event of those topics after `since`.
        func events(_ topics: String, since: Int64 = 0) throws -> RawClient {
            let client = try daemon.connect()
            _ = try client.ok("subscribe topics=\(topics) since=\(since)")
            return client
        }
    }

    @Test("three weeks off: what came due is told once, as a digest, and never again")
    func threeWeeks() throws {
        let machine = try Machine(at: "2026-10-20 12:00:00")
        let client = try machine.daemon.connect()
        _ = try client.ok("records.add-person person=anna time_zone=Europe/Berlin")
        for day in 21...26 {
            _ = try client.ok("scheduling.remind person=anna at=2026-10-\(day)T10:00:00Z title=day-\(day)")
        }
        _ = try client.ok("scheduling.remind person=anna at=2026-10-27T10:00:00Z title=pressing urgency=critical")
        try machine.go(to: "2026-11-10 12:00:00")
        let events = try machine.events("reminder.due,reminder.digest")
        let digest = try JSON(afterEvent: events.line())
        #expect(digest["count"]?.integer == 6 && digest["late"]?.bool == true)
        let pressing = try JSON(afterEvent: events.line())
        #expect(pressing["title"]?.string == "pressing" && pressing["late"]?.bool == true)
        try machine.go(to: "2026-11-10 12:01:00")
        let again = try machine.daemon.connect()
        let told = try again.reply("ledger.tail count=100 kind=reminder.*").filter {
            $0.contains("reminder.due") || $0.contains("reminder.digest")
        }
        #expect(told.count == 2)
        #expect(try again.ok("ledger.verify")["ok"]?.bool == true)
    }

    @Test(
        "a day later by the clock on the wall, over the nights in which the clocks are set and over a leap day",
        arguments: [
            // 25 hours, 23 hours; Berlin and New York.
            ("Europe/Berlin", "2026-10-24 10:00:00", "2026-10-25T11:00:00Z"),
            ("Europe/Berlin", "2027-03-27 11:00:00", "2027-03-28T10:00:00Z"),
            ("America/New_York", "2026-10-31 14:00:00", "2026-11-01T15:00:00Z"),
            ("America/New_York", "2027-03-13 15:00:00", "2027-03-14T14:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-03 12:00:00", "2026-10-04T11:30:00Z"),
            ("Europe/Berlin", "2028-02-28 11:00:00", "2028-02-29T11:00:00Z"),
        ])
    func nights(zone: String, now: String, due: String) throws {
        let machine = try Machine(at: now)
        let client = try machine.daemon.connect()
        _ = try client.ok("records.add-person person=anna time_zone=\(zone)")
        // At any hour of the night.
        _ = try client.ok("scheduling.set-preferences person=anna quiet_from=0 quiet_to=0")
        // Late enough to be asked for in time on a busy machine.
        let soon = now.replacing(" ", with: "T").dropLast(2) + "03Z"
        _ = try client.ok("scheduling.remind person=anna at=\(soon) title=Soak")
        let first = try JSON(afterEvent: machine.events("reminder.due").line())
        #expect(first["title"]?.string == "Soak")
        let snoozed = try client.ok("scheduling.snooze reminder=1 for=1d")["due"]?.string ?? ""
        // To the second: the snooze counts from when it was asked for.
        #expect(snoozed.prefix(17) == due.prefix(17))
        // Up again shortly before that, it waits for it.
        let position = try #require(try client.ok("ledger.verify")["entries"]?.integer)
        try machine.go(to: due.replacing("T", with: " ").replacing("Z", with: ""))
        let second = try JSON(afterEvent: machine.events("reminder.due", since: position).line())
        #expect(second["due"]?.string == snoozed && second["late"] == nil)
    }

    @Test("a clock that is behind the ledger is noted and told, and no session starts until it is right or accepted")
    func behind() throws {
        let machine = try Machine(at: "2026-11-20 12:00:00")
        let client = try machine.daemon.connect()
        _ = try client.ok("records.add-person person=anna")
        _ = try client.ok(
            "records.add-device device=pen kind=pen max_depth_mm=2.5 cartridges=no cartridges_reason=head-is-fixed")
        try machine.go(to: "2026-11-19 12:00:00")
        let behind = try machine.daemon.connect()
        func codes(_ client: RawClient) throws -> [String] {
            let check = try client.ok("session.check person=anna device=pen areas=chin depth_mm=0.2")
            return (check["findings"]?.elements ?? []).compactMap { $0["code"]?.string }
        }
        // Noted by the service itself as soon as it has started.
        #expect(try machine.events("mneedled.clock-jumped").line().contains("\"to\":\"2026-11-19T12:00:"))
        #expect(try codes(behind).contains("clock-behind"))
        let status = try behind.ok("status")
        #expect(status["state"]?.string == "degraded" && status["uptime"]?.string?.hasPrefix("PT") == true)
        let jumps = try behind.reply("ledger.tail count=10 kind=mneedled.clock-jumped")
        #expect(jumps.count == 2, "\(jumps)")
        #expect(machine.daemon.errorOutput.contains("notice=clock-jumped"))
        _ = try behind.ok("ledger.accept-clock note=\"it was a day ahead\"")
        #expect(try !codes(behind).contains("clock-behind") && behind.ok("status")["state"]?.string == "ok")
        #expect(try behind.ok("ledger.verify")["ok"]?.bool == true)
    }

    @Test("a clock that is set while the service runs: one note, no key lost, no session that ends before it began")
    func setWhileRunning() throws {
        let machine = try Machine(at: "2026-11-20 12:00:00", isSetWhileRunning: true)
        let client = try machine.daemon.connect()
        _ = try client.ok("records.add-person person=anna")
        let remind = "scheduling.remind person=anna at=2027-12-01T10:00:00Z title=x idempotency_key=k"
        let first = try client.ask(remind)
        try machine.set(to: "2026-12-05 12:00:00")
        #expect(try client.ask(remind) == first)
        // Another key would have the old ones pruned.
        _ = try client.ok("scheduling.remind person=anna at=2027-12-01T10:00:00Z title=y idempotency_key=l")
        #expect(try client.reply("ledger.tail count=10 kind=mneedled.clock-jumped").count == 2)
        try machine.set(to: "2026-11-20 12:05:00")
        #expect(try client.ask(remind) == first)
        #expect(try client.ok("status")["state"]?.string == "degraded")
        #expect(try client.reply("ledger.tail count=10 kind=mneedled.clock-jumped").count == 3)
    }

    @Test("a session that runs past the end of its assessment may be finished, and nothing else")
    func pastItsAssessment() throws {
        let machine = try Machine(at: "2026-11-20 09:00:00")
        let client = try machine.daemon.connect()
        _ = try client.ok("records.add-person person=anna first_time=no fitzpatrick=3")
        for device in ["roller", "other"] {
            _ = try client.ok(
                "records.add-device device=\(device) kind=roller needle_mm=0.3 material=titanium owner=anna")
            _ = try client.ok(
                "sterilization.soak device=\(device) agent=isopropyl-alcohol concentration_percent=70 minutes=10 hands_washed=yes clean_surface=yes at=2026-11-20T08:50:00Z"
            )
        }
        try client.screen("anna")
        let started = try client.ok("session.start person=anna device=roller areas=cheeks depth_mm=0.3")
        let session = try #require(started["session"]?.integer)
        try machine.go(to: "2026-11-21 09:30:00")
        let late = try machine.daemon.connect()
        let plan = "person=anna device=other areas=cheeks depth_mm=0.3"
        let codes = try (late.ok("session.check \(plan)")["findings"]?.elements ?? []).compactMap { $0["code"]?.string }
        #expect(codes.contains("not-screened") && codes.contains("session-running"), "\(codes)")
        #expect(try late.refused("session.start \(plan)").code == "blocked")
        #expect(try late.ok("session.show session=\(session)")["state"]?.string == "running")
        #expect(try late.ok("session.finish session=\(session) passes=2")["session"]?.integer == session)
    }
}

extension JSON {
    /// The object at the end of an `EVENT` line.
    fileprivate init(afterEvent line: String) throws {
        try #require(line.hasPrefix("EVENT "), "\(line)")
        self = try JSON.parse(String(line.drop { $0 != "{" }))
    }
}
