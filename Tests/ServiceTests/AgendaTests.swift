import Foundation
import MneedleTestKit
import MneedleWire
import Testing

@Suite("What there is to do is told by one list", .serialized)
struct AgendaTests {
    private static func rows(_ client: RawClient, _ request: String = "today") throws -> [JSON] {
        try client.reply(request).dropLast().map { try JSON.parse(String($0.dropFirst(4))) }
    }

    private static func codes(_ rows: [JSON]?) -> [String] { (rows ?? []).compactMap { $0["code"]?.string } }

    /// The remedy of a row as a request, with what a person gives beside it.
    private static func request(_ row: JSON, _ given: String) throws -> String {
        let remedy = try #require(row["remedy"])
        let arguments = (remedy["arguments"]?.members ?? []).map { member in
            "\(member.name)=\(member.value.string ?? "\(member.value.integer ?? 0)")"
        }
        return ([try #require(remedy["command"]?.string)] + arguments + [given]).joined(separator: " ")
    }

    /// What a person adds to the remedies on the way to a first session.
    private static let given = [
        "nobody-on-record": "person=nora time_zone=UTC setting=home goal=collagen fitzpatrick=3 first_time=no",
        "no-device-on-record": "device=roller kind=roller needle_mm=0.3 owner=nora material=titanium",
        "screening-due": "areas=cheeks \(Healthy.text())",
        "not-disinfected":
            "agent=isopropyl-alcohol concentration_percent=70 minutes=5 hands_washed=yes clean_surface=yes",
        "first-session": "device=roller areas=cheeks depth_mm=0.3",
    ]

    @Test("from nothing, who does what comes first arrives at a session, is led out of it, and to the cleaning")
    func fromNothing() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        var done: [String] = []
        while done.last != "first-session", done.count < 10 {
            let first = try #require(try Self.rows(client).first { $0["remedy"] != nil })
            let code = try #require(first["code"]?.string)
            let request = try Self.request(first, try #require(Self.given[code], "\(code) after \(done)"))
            // A soak that is measured lasts; this one was made before.
            _ = try client.ok(request.replacing("begin-soak", with: "soak"))
            done.append(code)
        }
        #expect(Set(done) == Set(Self.given.keys) && done.count == Self.given.count, "\(done)")

        let running = try Self.rows(client).filter { $0["kind"]?.string == "open" }
        #expect(Self.codes(running) == ["session-running", "may-stop"])
        #expect(running.map { $0["remedy"]?["command"]?.string } == ["session.finish", "session.stop"])
        for pass in 1...3 {
            let now = try #require(try Self.rows(client).first)
            #expect(now["kind"]?.string == "now" && now["message"]?.string?.contains("Pass \(pass) of 3") == true)
            _ = try client.ok(Self.request(now, ""))
        }
        #expect(try Self.rows(client).first?["code"]?.string == "session-running", "three passes are all")
        let finished = try client.ok(Self.request(running[0], ""))
        #expect(Self.codes(finished["next"]?.elements) == ["cleaning-due"])
        #expect(finished["next"]?.elements?.first?["remedy"]?["arguments"]?["device"]?.string == "roller")

        let after = try Self.rows(client, "today person=nora")
        #expect(Self.codes(after).first == "cleaning-due")
        // The interval keeps her from the next one and ends by itself; the care of the skin runs.
        #expect(after.contains { $0["kind"]?.string == "waiting" && $0["code"]?.string == "too-soon" }, "\(after)")
        #expect(after.contains { $0["kind"]?.string == "running" })
        #expect(!Self.codes(after).contains("screening-due"), "a screening would be over before she may")
    }

    @Test("a session is stopped without a word, and what was wrong is asked for and opens what it has to")
    func stopped() throws {
        let (daemon, client) = try TreatmentTests.prepared()
        defer { withExtendedLifetime(daemon) {} }
        _ = try client.ok("screening.assess person=anna areas=cheeks \(Healthy.text())")
        _ = try client.ok(
            "sterilization.soak device=roller agent=isopropyl-alcohol concentration_percent=70 minutes=5 hands_washed=yes clean_surface=yes"
        )
        _ = try client.ok("session.start person=anna device=roller areas=cheeks depth_mm=0.3")
        let stopped = try client.ok("session.stop")
        #expect(Self.codes(stopped["next"]?.elements) == ["stop-unexplained", "cleaning-due"])
        let explained = try client.ok(Self.request(try #require(stopped["next"]?.elements?.first), "reason=bleeding"))
        #expect(explained["reactions"]?.elements?.first?["symptom"]?.string == "persistent-bleeding", "\(explained)")
        #expect(Self.codes(try Self.rows(client)).first == "open-reaction")
    }

    @Test("a head that lies in the alcohol is the first thing to do, and when it counts is told")
    func soaking() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        _ = try client.ok("records.add-device device=roller kind=roller needle_mm=0.3 material=titanium")
        _ = try client.ok(
            "sterilization.begin-soak device=roller agent=isopropyl-alcohol concentration_percent=70 hands_washed=yes clean_surface=yes"
        )
        let first = try #require(try Self.rows(client).first)
        #expect(first["kind"]?.string == "now" && first["code"]?.string == "soak-under-way")
        #expect(first["until"]?.string != nil && first["remedy"]?["command"]?.string == "sterilization.end-soak")
        #expect(try client.ok("sterilization.end-soak device=roller")["counts"]?.bool == false)
    }

    @Test("it is told in the order of its urgency, and only of the one who was named")
    func order() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        for person in ["nora", "otto"] {
            _ = try client.ok(
                "records.add-person person=\(person) time_zone=UTC setting=home fitzpatrick=3 first_time=no")
            _ = try client.ok("screening.assess person=\(person) areas=cheeks \(Healthy.text())")
        }
        _ = try client.ok("aftercare.report person=otto symptom=pus")
        let kinds = ["now", "open", "due", "running", "expiring", "waiting", "upcoming", "never"]
        let places = try Self.rows(client).map { row in
            let kind = try #require(row["kind"]?.string)
            return try #require(kinds.firstIndex(of: kind))
        }
        #expect(places == places.sorted() && places.count >= 4)
        #expect(try Self.rows(client, "today person=nora").allSatisfy { $0["person"]?.string != "otto" })
        let otto = try Self.rows(client, "today person=otto")
        #expect(
            otto.first { $0["code"]?.string == "open-reaction" }?["remedy"]?["command"]?.string == "aftercare.resolve")
        #expect(!Self.codes(otto).contains("first-session"), "against his sessions a reaction stands")
        #expect(try client.refused("today person=nobody").code == "not-found")
    }
}

@Suite("When a session may be", .serialized)
struct WhenTests {
    private static let plan = "person=anna device=roller areas=cheeks depth_mm=0.3"
    private static let soak =
        "sterilization.soak device=roller agent=isopropyl-alcohol concentration_percent=70 minutes=5 hands_washed=yes clean_surface=yes"

    private static func codes(_ json: JSON?) -> Set<String> {
        Set((json?.elements ?? []).compactMap { $0["code"]?.string })
    }

    @Test(
        "what is to be done is named with its way, and once it is done the session starts at that moment and no sooner")
    func earliest() throws {
        let machine = try TimeTravelTests.Machine(at: "2026-11-20 12:00:00")
        let client = try machine.daemon.connect()
        _ = try client.ok(
            "records.add-person person=anna setting=home goal=collagen time_zone=UTC fitzpatrick=3 first_time=no")
        _ = try client.ok("records.add-device device=roller kind=roller needle_mm=0.3 owner=anna material=titanium")
        var when = try client.ok("session.when-may-i \(Self.plan)")
        #expect(when["possible"]?.bool == true)
        #expect(Self.codes(when["to_do"]) == ["not-screened", "not-disinfected"])
        #expect((when["to_do"]?.elements ?? []).allSatisfy { $0["remedy"] != nil })

        _ = try client.ok("screening.assess person=anna areas=cheeks \(Healthy.text())")
        _ = try client.ok(Self.soak)
        when = try client.ok("session.when-may-i \(Self.plan)")
        #expect(Self.codes(when["to_do"]).isEmpty && Self.codes(when["waits"]).isEmpty)
        _ = try client.ok("session.start \(Self.plan)")
        _ = try client.ok("session.finish session=1")

        when = try client.ok("session.when-may-i \(Self.plan)")
        let at = try #require(when["at"]?.string)
        #expect(Self.codes(when["waits"]).contains("too-soon"), "\(when)")
        #expect(Self.codes(when["to_do"]) == ["not-screened", "cleaning-due"], "what one soak settles is named once")
        for (moment, isAllowed) in [(Self.moved(at, by: -60), false), (Self.moved(at, by: 1), true)] {
            try machine.go(to: moment)
            let client = try machine.daemon.connect()
            _ = try client.ok(Self.soak)
            _ = try client.ok("screening.assess person=anna areas=cheeks \(Healthy.text())")
            let check = try client.ok("session.check \(Self.plan)")
            #expect(check["allowed"]?.bool == isAllowed, "\(moment): \(check)")
        }
    }

    @Test("what nothing on record ends has no moment, and is named")
    func never() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        _ = try client.ok("records.add-person person=anna setting=home time_zone=UTC fitzpatrick=3 first_time=no")
        _ = try client.ok("records.add-device device=roller kind=roller needle_mm=0.3 owner=anna material=titanium")
        let when = try client.ok("session.when-may-i person=anna device=roller areas=cheeks depth_mm=0.8")
        #expect(when["possible"]?.bool == false && when["at"] == nil)
        #expect(Self.codes(when["against"]).contains("depth-is-needle-length"), "\(when)")
    }

    /// A moment of the protocol as the machine's clock is set.
    private static func moved(_ instant: String, by seconds: Double) -> String {
        let date = (try? Date(instant, strategy: .iso8601)) ?? .distantPast
        return String(date.addingTimeInterval(seconds).ISO8601Format().dropLast()).replacing("T", with: " ")
    }
}
