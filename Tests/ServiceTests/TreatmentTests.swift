import Foundation
import MneedleTestKit
import MneedleWire
import Testing

/// The whole life of a treatment on a real daemon, as a user would type it.
@Suite("A treatment from the first record to the last reminder", .serialized)
struct TreatmentTests {
    static let answersNo =
        [
            "skin-infection", "open-wound", "cold-sore", "active-acne", "rosacea", "inflamed-skin", "keloid-history",
            "pregnant",
            "breastfeeding", "autoimmune", "clotting-disorder", "blood-thinner", "sensitive-skin", "new-product",
            "patch-tested", "hair-loss-medical",
        ].map { "answers.\($0)=no" }.joined(separator: " ") + " "
        + ["retinoid-last-used", "isotretinoin-last-used", "sunburn-on"].map { "answers.\($0)=never" }.joined(
            separator: " ")

    /// A daemon with Anna, her pen and a disinfected head.
    static func prepared() throws -> (DaemonProcess, RawClient) {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        _ = try client.ok(
            "records.add-person person=anna setting=home goal=collagen time_zone=Europe/Berlin fitzpatrick=3")
        _ = try client.ok("records.add-device device=roller kind=roller needle_mm=0.5 owner=anna material=titanium")
        return (daemon, client)
    }

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
                "not-disinfected", "depth-over-limit", "depth-out-of-device-range",
            ]))

        #expect(
            try client.ok(
                "sterilization.soak device=roller agent=isopropyl-alcohol concentration_percent=70 minutes=5")[
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
        #expect(try events.line().contains(" telemetry.alarm "))

        let finished = try client.ok("session.finish session=\(session) passes=3")
        #expect(finished["next"]?["opens"]?.string != nil && finished["aftercare_until"]?.string != nil)
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
        _ = try client.ok("aftercare.resolve reaction=\(reaction) by=\"Dr. Lee\"")
        #expect(!Self.codes(try client.ok(check)["findings"]).contains("open-reaction"))
    }

    @Test("pregnancy needs a clearance, and a recorded one lifts it")
    func clearance() throws {
        let (_, client) = try Self.prepared()
        let answers = Self.answersNo.replacingOccurrences(of: "answers.pregnant=no", with: "answers.pregnant=yes")
        let assess = "screening.assess person=anna areas=cheeks \(answers)"
        #expect(try client.ok(assess)["decision"]?.string == "clearance")
        _ = try client.ok("records.clear person=anna finding=pregnancy by=\"Dr. Lee\"")
        #expect(try client.ok(assess)["decision"]?.string == "proceed")
    }

    @Test("a cartridge is used for one person, once; a head belongs to one person")
    func singleUse() throws {
        let (_, client) = try Self.prepared()
        _ = try client.ok("records.add-person person=ben time_zone=Europe/Berlin")
        _ = try client.ok("records.add-device device=pen kind=pen cartridges=yes")
        for person in ["anna", "ben"] {
            _ = try client.ok("screening.assess person=\(person) areas=cheeks \(Self.answersNo)")
        }
        _ = try client.ok("sterilization.open-cartridge cartridge=c1 device=pen person=anna lot=L1 expires=2199-12-31")
        _ = try client.ok("sterilization.soak device=pen agent=isopropyl-alcohol concentration_percent=70 minutes=10")
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
        _ = try client.ok("records.add-device device=roller kind=roller owner=anna")
        let refused = try client.refused("session.start person=anna device=roller areas=cheeks depth_mm=0.3")
        #expect(Self.codes(refused.members["findings"]).contains("module-unavailable"))
        #expect(try client.refused("sterilization.status device=roller").code == "module-failed")
    }
}
