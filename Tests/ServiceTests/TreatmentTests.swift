import Foundation
import MneedleTestKit
import MneedleWire
import Testing

/// The whole life of a treatment on a real daemon, as a user would type it.
@Suite("A treatment from the first record to the last reminder", .serialized)
struct TreatmentTests {
    static let answersNo = Healthy.text()

    /// A daemon with Anna, her pen and a disinfected head.
    static func prepared() throws -> (DaemonProcess, RawClient) {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        _ = try client.ok(
            "records.add-person person=anna setting=home goal=collagen "
                + "time_zone=Europe/Berlin fitzpatrick=3 first_time=no")
        _ = try client.ok("records.add-device device=roller kind=roller needle_mm=0.3 owner=anna material=titanium")
        return (daemon, client)
    }

    /// A day some weeks from now.
    static var soon: String { String(Date().addingTimeInterval(60 * 86_400).ISO8601Format().prefix(10)) }

    static func codes(_ json: JSON?) -> Set<String> {
        Set((json?.elements ?? []).compactMap { $0["code"]?.string })
    }

    @Test("every answer no: proceed, and the session starts, alarms, finishes, reminds")
    func wholeLife() throws {
        let (daemon, client) = try Self.prepared()
        let assessed = try client.ok("screening.assess person=anna areas=cheeks \(Self.answersNo)")
        #expect(assessed["decision"]?.string == "proceed")

        // Refused with all reasons at once while the head is not disinfected and the depth too great.
        let refused = try client.refused("session.start person=anna device=roller areas=cheeks depth_mm=0.8")
        #expect(refused.code == "blocked")
        #expect(
            Self.codes(refused.members["findings"]).isSuperset(of: [
                "not-disinfected", "depth-is-needle-length",
            ]))

        #expect(
            try client.ok(
                "sterilization.soak device=roller agent=isopropyl-alcohol concentration_percent=70 minutes=5 hands_washed=yes clean_surface=yes"
            )[
                "counts"]?.bool == true)
        #expect(
            try client.ok("session.check person=anna device=roller areas=cheeks depth_mm=0.3")["allowed"]?.bool == true)
        let events = try daemon.connect()
        _ = try events.ok("subscribe topics=telemetry.alarm,session.*,reminder.*")
        let session = try #require(
            client.ok("session.start person=anna device=roller areas=cheeks depth_mm=0.3")["session"]?.integer)
        #expect(try events.line().contains(" session.started "))

        try client.send("telemetry.stream session=\(session)\n")
        #expect(try client.line() == "READY {}")
        try client.send("pen depth_mm=0.3,speed_hz=90\npen depth_mm=0.62\nnonsense\n.\n")
        var line = try client.line()
        while line.hasPrefix("ACK ") { line = try client.line() }
        let stream = try JSON.parse(String(line.dropFirst(3)))
        #expect(stream["accepted"]?.integer == 2 && stream["rejected"]?.integer == 1 && stream["alarms"]?.integer == 1)
        // The session's reminders come first.
        var event = try events.line()
        while event.contains(" reminder.") { event = try events.line() }
        #expect(event.contains(" telemetry.alarm "))

        let finished = try client.ok("session.finish session=\(session) passes=3")
        #expect(finished["window"]?["opens"]?.string != nil && finished["aftercare_until"]?.string != nil)
        #expect(
            try client.refused("session.start person=anna device=roller areas=cheeks depth_mm=0.3").code == "blocked")
        #expect(try client.reply("scheduling.list-reminders person=anna").count > 3)

        #expect(try client.ok("aftercare.may-use person=anna product=retinol")["allowed"]?.bool == false)
        #expect(try client.ok("aftercare.may-use person=anna product=hyaluronic-acid")["allowed"]?.bool == true)
        #expect(try client.ok("aftercare.report person=anna symptom=redness since=1d")["action"]?.string == "expected")
        #expect(try client.ok("aftercare.report person=anna symptom=redness since=5d")["action"]?.string == "call")
        #expect(try client.ok("aftercare.report person=anna symptom=pus")["action"]?.string == "urgent")
        let proof = try client.ok("ledger.verify")
        #expect(proof["ok"]?.bool == true && (proof["entries"]?.integer ?? 0) > 10)
        #expect(daemon.terminate() == 0)
    }

    @Test("an open reaction blocks the next start until it is resolved")
    func reaction() throws {
        let (_, client) = try Self.prepared()
        let reported = try client.ok("aftercare.report person=anna symptom=pus")
        let reaction = try #require(reported["reaction"]?.integer)
        let check = "session.check person=anna device=roller areas=cheeks depth_mm=0.3"
        #expect(Self.codes(try client.ok(check)["findings"]).contains("open-reaction"))
        #expect(throws: (any Error).self) { try client.ok("aftercare.resolve reaction=\(reaction) by=me") }
        let berlin = Date.ISO8601FormatStyle(timeZone: try #require(TimeZone(identifier: "Europe/Berlin")))
        let today = Date().formatted(berlin.year().month().day())
        _ = try client.ok(
            "aftercare.resolve reaction=\(reaction) physician=\"Dr. Lee\" judged_on=\(today)")
        #expect(!Self.codes(try client.ok(check)["findings"]).contains("open-reaction"))
    }

    @Test("a second record of one name and birth date blocks until it is decided, and what the first knows counts")
    func twins() throws {
        let (_, client) = try Self.prepared()
        _ = try client.ok("records.change-person person=anna name=\"Anna Lee\" birth_date=1990-05-01")
        _ = try client.ok("aftercare.report person=anna symptom=pus")
        _ = try client.ok("records.add-person person=anna-2 name=\"anna lee\" birth_date=1990-05-01 first_time=no")
        _ = try client.ok("records.add-device device=fresh kind=roller needle_mm=0.3 owner=anna-2 material=titanium")
        let check = "session.check person=anna-2 device=fresh areas=cheeks depth_mm=0.3"
        #expect(Self.codes(try client.ok(check)["findings"]).isSuperset(of: ["person-twin", "open-reaction"]))
        // The advice says the same as the gate.
        let next = try client.ok("scheduling.next person=anna-2")
        #expect(Self.codes(next["findings"]).isSuperset(of: ["person-twin", "open-reaction"]) && next["window"] == nil)
        _ = try client.ok("records.decide-twin person=anna-2 twin=anna same=yes reason=\"registered twice\"")
        let same = Self.codes(try client.ok(check)["findings"])
        #expect(!same.contains("person-twin") && same.contains("open-reaction"))
        _ = try client.ok("records.decide-twin person=anna-2 twin=anna same=no reason=\"two cousins of one name\"")
        let other = Self.codes(try client.ok(check)["findings"])
        #expect(!other.contains("person-twin") && !other.contains("open-reaction"))
        #expect(try client.ok("scheduling.next person=anna-2")["window"] != nil)
    }

    @Test("pregnancy needs a clearance, and a recorded one lifts it")
    func clearance() throws {
        let (_, client) = try Self.prepared()
        let answers = Healthy.text(but: [("pregnant", "yes")])
        let assess = "screening.assess person=anna areas=cheeks \(answers)"
        #expect(try client.ok(assess)["decision"]?.string == "clearance")
        _ = try client.ok("records.clear person=anna finding=pregnancy by=\"Dr. Lee\" until=\(Self.soon)")
        #expect(try client.ok(assess)["decision"]?.string == "proceed")
    }

    @Test("a refused start is in the ledger before its reply, with the plan and the codes")
    func refusedStart() throws {
        let (daemon, client) = try Self.prepared()
        let start = "session.start person=anna device=roller areas=cheeks depth_mm=0.8"
        let refused = try client.refused(start)
        #expect(refused.code == "blocked")
        daemon.killNow()
        try daemon.start()
        let again = try daemon.connect()
        let entries = try again.reply("ledger.tail since=0 kind=session.refused")
        #expect(entries.count == 2, "\(entries)")
        #expect(Self.codes(refused.members["findings"]).contains("depth-is-needle-length"))
        #expect(entries[0].contains("depth-is-needle-length") && entries[0].contains("\"depth_mm\":0.8"))
        let override = try again.refused(
            "\(start) override=depth-is-needle-length override_reason=\"I know what I do\"")
        #expect(override.code == "invalid-argument" && override.members["argument"]?.string == "override")
        #expect(try again.reply("ledger.tail since=0 kind=session.refused").count == 3)
    }

    @Test("a red flag marks the session that runs, and the session names its assessment and knowledge")
    func flagged() throws {
        let (_, client) = try Self.prepared()
        let assessed = try client.ok("screening.assess person=anna areas=cheeks \(Self.answersNo)")
        _ = try client.ok(
            "sterilization.soak device=roller agent=isopropyl-alcohol concentration_percent=70 minutes=10 hands_washed=yes clean_surface=yes"
        )
        let started = try client.ok("session.start person=anna device=roller areas=cheeks depth_mm=0.3")
        let session = try #require(started["session"]?.integer)
        _ = try client.ok("aftercare.report person=anna symptom=pus")
        let shown = try client.ok("session.show session=\(session)")
        #expect(shown["flagged"]?.strings == ["open-reaction"])
        #expect(shown["assessment"]?.integer == assessed["assessment"]?.integer)
        #expect(try shown["knowledge"]?.string == client.ok("status")["knowledge"]?.string)
        #expect(try client.ok("session.finish session=\(session)")["session"]?.integer == session)
    }

    @Test("a cartridge is used for one person, once; a head belongs to one person")
    func singleUse() throws {
        let (_, client) = try Self.prepared()
        _ = try client.ok("records.add-person person=ben time_zone=Europe/Berlin")
        _ = try client.ok("records.add-device device=pen kind=pen max_depth_mm=2.5 cartridges=yes")
        for person in ["anna", "ben"] {
            _ = try client.ok("screening.assess person=\(person) areas=cheeks \(Self.answersNo)")
        }
        _ = try client.ok("sterilization.open-cartridge cartridge=c1 device=pen person=anna lot=L1 expires=2199-12-31")
        _ = try client.ok(
            "sterilization.soak device=pen agent=isopropyl-alcohol concentration_percent=70 minutes=10 hands_washed=yes clean_surface=yes"
        )
        let forBen = try client.ok("session.check person=ben device=pen areas=cheeks depth_mm=0.3 cartridge=c1")
        #expect(Self.codes(forBen["findings"]).contains("cartridge-used"))
        let rollerForBen = try client.ok("session.check person=ben device=roller areas=cheeks depth_mm=0.3")
        #expect(Self.codes(rollerForBen["findings"]).contains("device-of-another"))
        let session = try #require(
            client.ok("session.start person=anna device=pen areas=cheeks depth_mm=0.3 cartridge=c1")["session"]?.integer
        )
        _ = try client.ok("session.finish session=\(session)")
        let again = try client.ok("session.check person=anna device=pen areas=cheeks depth_mm=0.3 cartridge=c1")
        #expect(Self.codes(again["findings"]).isSuperset(of: ["cartridge-used", "cleaning-due", "too-soon"]))
    }

    @Test("while a safety module is missing no session starts")
    func failsClosed() throws {
        let daemon = try DaemonProcess(config: "[modules]\ndisabled = [\"sterilization\"]\n")
        let client = try daemon.connect()
        _ = try client.ok("records.add-person person=anna")
        _ = try client.ok("records.add-device device=roller kind=roller needle_mm=0.3 owner=anna")
        let refused = try client.refused("session.start person=anna device=roller areas=cheeks depth_mm=0.3")
        #expect(Self.codes(refused.members["findings"]).contains("module-unavailable"))
        #expect(try client.refused("sterilization.status device=roller").code == "module-failed")
    }

    @Test("what a home user is asked once and for all is not asked the next time, and everything else is")
    func asked() throws {
        let (_, client) = try Self.prepared()
        let (assessed, asked) = try client.screen("anna")
        #expect(assessed["decision"]?.string == "proceed" && asked.contains("born-on"))
        #expect(try client.screen("anna").asked == asked.filter { $0 != "born-on" })
    }

    @Test("needling elsewhere counts like a session of one's own, and is not undone by a later never")
    func elsewhere() throws {
        let (_, client) = try Self.prepared()
        let day = String(Date(timeIntervalSinceNow: -5 * 86_400).ISO8601Format().prefix(10))
        #expect(try client.screen("anna", but: [("needled-on", day)]).assessed["decision"]?.string == "defer")
        _ = try client.screen("anna")
        let found = try client.ok("session.check person=anna device=roller areas=cheeks depth_mm=0.3")
        #expect(Self.codes(found["findings"]).isSuperset(of: ["too-soon", "recently-needled"]))
    }
}
