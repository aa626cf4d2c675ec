import Foundation
import MneedleTestKit
import MneedleWire
import Testing

@Suite("A session that was done elsewhere counts as if it had been started here", .serialized)
struct LoggedSessionTests {
    private static let plan = "person=anna device=roller areas=cheeks depth_mm=0.3"
    private static let soak =
        "sterilization.soak device=roller agent=isopropyl-alcohol concentration_percent=70 minutes=5 hands_washed=yes clean_surface=yes"

    private static func codes(_ json: JSON?) -> Set<String> {
        Set((json?.elements ?? []).compactMap { $0["code"]?.string })
    }

    /// A machine with anna, screened, her roller soaked: a session might start.
    private static func ready() throws -> (TimeTravelTests.Machine, RawClient) {
        let machine = try TimeTravelTests.Machine(at: "2026-11-20 12:00:00")
        let client = try machine.daemon.connect()
        _ = try client.ok(
            "records.add-person person=anna setting=home goal=collagen time_zone=Europe/Berlin fitzpatrick=3 first_time=no"
        )
        _ = try client.ok("records.add-device device=roller kind=roller needle_mm=0.3 owner=anna material=titanium")
        _ = try client.ok("screening.assess person=anna areas=cheeks \(Healthy.text())")
        _ = try client.ok(soak)
        #expect(try client.ok("session.check \(plan)")["allowed"]?.bool == true)
        return (machine, client)
    }

    @Test("yesterday's: the interval holds, aftercare and the reminders ahead come, and the head soaked since is clean")
    func yesterday() throws {
        let (machine, client) = try Self.ready()
        defer { withExtendedLifetime(machine) {} }
        let reply = try client.ok(
            "session.log person=anna device=roller areas=cheeks at=\"yesterday 18:00\" minutes=20 depth_mm=0.3")
        #expect(reply["window"]?["opens"]?.string == "2026-12-17", "\(reply)")
        let check = try client.ok("session.check \(Self.plan)")
        #expect(check["allowed"]?.bool == false)
        #expect(Self.codes(check["findings"]).contains("too-soon"))
        #expect(Self.codes(check["findings"]).isDisjoint(with: ["cleaning-due", "not-disinfected"]), "\(check)")
        #expect(try client.ok("aftercare.may-use person=anna product=retinol")["allowed"]?.bool == false)
        let due = try client.reply("scheduling.list-reminders person=anna").dropLast().map { row in
            try #require(try JSON.parse(String(row.dropFirst(4)))["due"]?.string)
        }
        #expect(!due.isEmpty && due.allSatisfy { $0 > "2026-11-20T12:00" }, "\(due)")
        #expect(try client.ok("ledger.verify")["ok"]?.bool == true)
    }

    @Test("one after the last soak makes the head unclean; one of long ago changes nothing but the count")
    func others() throws {
        let (machine, client) = try Self.ready()
        try machine.set(to: "2026-11-20 12:00:30")
        _ = try client.ok("session.log person=anna areas=cheeks at=\"3 months ago\" depth_mm=0.2")
        var check = try client.ok("session.check \(Self.plan)")
        #expect(check["allowed"]?.bool == true, "\(check)")
        #expect(try client.ok("session.experience person=anna")["finished"]?.integer == 1)
        _ = try client.ok("session.log person=anna device=roller areas=cheeks at=now depth_mm=0.3")
        check = try client.ok("session.check \(Self.plan)")
        #expect(Self.codes(check["findings"]).isSuperset(of: ["too-soon", "cleaning-due"]), "\(check)")
        #expect(try client.ok("sterilization.status device=roller")["uses"]?.integer == 1)
    }

    @Test("while the same roller is in use, an older session put on record does not end that")
    func running() throws {
        let (machine, client) = try Self.ready()
        defer { withExtendedLifetime(machine) {} }
        _ = try client.ok("session.start \(Self.plan)")
        _ = try client.ok("session.log person=anna device=roller areas=cheeks at=\"5 weeks ago\" depth_mm=0.3")
        #expect(try client.ok("sterilization.status device=roller")["state"]?.string == "in-use")
        _ = try client.ok("session.finish")
        #expect(try client.ok("sterilization.status device=roller")["uses"]?.integer == 2)
    }
}
