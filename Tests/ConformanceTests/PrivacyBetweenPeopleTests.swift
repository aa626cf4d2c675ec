import Foundation
import MneedleTestKit
import MneedleWire
import Testing

/// Two people of one household on a real daemon with every module: nobody is anna, daemon is the other one.
@Suite(
    "In a household everybody sees their own", .enabled(if: Machine.canBeOthers, "needs root, setpriv and socat"))
struct PrivacyBetweenPeopleTests {
    @Test("whatever one asks for, by whichever name, nothing of another comes back, nor whether it is there")
    func everyCommand() throws {
        let home = try Household()
        let client = try home.daemon.connect(as: Household.prying)
        var (asked, refused) = (0, 0)
        for command in try client.reply("describe").dropLast().map({ try JSON(endOf: $0) }) {
            for attempt in Attempt.all(of: command, in: home) {
                let reply = try attempt.reply(client)
                asked += 1
                if reply.hasPrefix("ERR not-found ") { refused += 1 }
                for mark in home.marks(except: attempt.words) {
                    #expect(!reply.lowercased().contains(mark), "\(mark): \(attempt.request) → \(reply)")
                }
                guard let twin = attempt.twin else { continue }
                // The same for a name that nobody has.
                let other = try twin.reply(client)
                #expect(attempt.masked(reply) == twin.masked(other), "\(attempt.request) → \(reply)\n\(other)")
                #expect(reply.hasPrefix("ERR "), "\(attempt.request) → \(reply)")
            }
        }
        #expect(asked > 200 && refused > 100, "\(asked) asked, \(refused) refused")
        try home.expectUntouched()
    }

    @Test("no event of another comes, live, late or in the ledger, and one's own do")
    func events() throws {
        let home = try Household(isTreating: false)
        let (prying, other) = (
            try home.daemon.connect(as: Household.prying), try home.daemon.connect(as: Household.other)
        )
        _ = try prying.ok("subscribe topics=*")
        _ = try other.ok("subscribe topics=telemetry.*")
        try home.treat()
        // Live only, and withheld from one alone.
        var topics: Set<Substring> = []
        while !topics.isSuperset(of: ["telemetry.breach", "telemetry.sample", "telemetry.alarm"]) {
            topics.insert(try other.line().split(separator: " ")[2])
        }
        let late = try home.daemon.connect(as: Household.prying)
        _ = try late.ok("subscribe topics=* since=0")
        _ = try home.daemon.connect(as: Household.prying).ok(
            "scheduling.remind person=anna at=2100-01-01T00:00:00Z title=ENDE")
        for client in [prying, late] {
            var lines: [String] = []
            repeat { lines.append(try client.line()) } while !lines[lines.count - 1].contains("ENDE")
            for mark in home.marks(except: []) {
                #expect(!lines.contains { $0.lowercased().contains(mark) }, "\(mark): \(lines)")
            }
        }
        let tail = try home.daemon.connect(as: Household.prying).reply("ledger.tail since=0")
        #expect(tail.contains { $0.contains("ENDE") } && !tail.contains { $0.contains(#""hash""#) })
    }

    @Test("a record that an admin gives to a user is seen from then on, and one that is taken no longer")
    func handedOver() throws {
        let home = try Household(isTreating: false)
        let (admin, client) = (try home.daemon.connect(), try home.daemon.connect(as: Household.prying))
        _ = try client.ok("subscribe topics=reminder.*")
        func remind(_ person: String, _ title: String) throws {
            _ = try admin.ok("scheduling.remind person=\(person) at=2100-01-01T00:00:00Z title=\(title)")
        }
        try remind("zilpzalp", "before")
        _ = try admin.ok("records.change-person person=zilpzalp unix_user=\(Household.prying)")
        try remind("zilpzalp", "given")
        #expect(try client.line().contains("\"given\""))
        _ = try admin.ok("records.change-person person=zilpzalp unix_user=-")
        try remind("zilpzalp", "taken")
        try remind("anna", "own")
        #expect(try client.line().contains("\"own\""))
        #expect(try client.refused("records.show-person person=zilpzalp").code == "not-found")
    }

    @Test("a reload to a household withholds from subscribers what they received in a practice")
    func reloaded() throws {
        let home = try Household(isTreating: false, people: "practice")
        let (admin, client) = (try home.daemon.connect(), try home.daemon.connect(as: Household.prying))
        _ = try client.ok("subscribe topics=reminder.*")
        _ = try admin.ok("scheduling.remind person=zilpzalp at=2100-01-01T00:00:00Z title=seen")
        #expect(try client.line().contains("\"seen\""))
        try home.daemon.configure(Household.configuration("household"))
        home.daemon.signal(SIGHUP)
        while try !home.daemon.notification().contains("; reloaded") {}
        _ = try admin.ok("scheduling.remind person=zilpzalp at=2100-01-01T00:00:00Z title=unseen")
        _ = try admin.ok("scheduling.remind person=anna at=2100-01-01T00:00:00Z title=own")
        #expect(try client.line().contains("\"own\""))
    }

    @Test("points that one sends for another's device, or for one that another is treated with, are not taken")
    func collector() throws {
        let home = try Household()
        let admin = try home.daemon.connect()
        let before = try admin.ok("telemetry.summary session=\(home.running)")
        let events = try home.daemon.connect()
        _ = try events.ok("subscribe topics=telemetry.sample")
        let collector = try home.daemon.connect(as: Household.prying, socket: "telemetry")
        try collector.send("pen,device=wiedehopf depth_mm=0.3\npen,device=shared-pen depth_mm=2\n")
        try collector.send("pen,device=anna-pen depth_mm=0.3\n")
        collector.halfClose()
        _ = try collector.rest()
        // What came before the one that may be stored would be by now.
        #expect(try JSON(endOf: events.line())["person"]?.string == "anna")
        #expect(try admin.reply("telemetry.unmatched").count == 1)
        #expect(try admin.ok("telemetry.summary session=\(home.running)") == before)
        try home.expectUntouched()
    }

    @Test(
        "needling without a session is told to the owner, also with a depth that nobody can read or that is negative",
        arguments: ["depth_mm=0.9", "depth=0.9", #"depth_mm="0.9""#, "depth_mm=-0.9"])
    func withoutSession(field: String) throws {
        let home = try Household(isTreating: false)
        let owner = try home.daemon.connect(as: Household.prying)
        _ = try owner.ok("subscribe topics=telemetry.without-session")
        let collector = try home.daemon.connect(as: Household.prying, socket: "telemetry")
        try collector.send("pen,device=anna-pen \(field)\n")
        collector.halfClose()
        _ = try collector.rest()
        let event = try owner.line()
        #expect(event.hasPrefix("EVENT - telemetry.without-session "))
        #expect(try JSON(endOf: event)["person"]?.string == "anna")
    }

    @Test("that a device needled without a session is its owner's alone to read, and everybody's where it has none")
    func withoutSessionKept() throws {
        let home = try Household(isTreating: false)
        let (owner, other) = (
            try home.daemon.connect(as: Household.prying), try home.daemon.connect(as: Household.other)
        )
        let collector = try home.daemon.connect(as: Household.prying, socket: "telemetry")
        try collector.send("pen,device=shared-pen depth_mm=0.9\npen,device=anna-pen depth_mm=0.9\n")
        collector.halfClose()
        _ = try collector.rest()
        // Both are there when the owner is reminded of the later one.
        _ = try owner.ok("subscribe topics=reminder.due since=0")
        #expect(try owner.line().contains("anna-pen"))
        let kind = "telemetry.needled-without-session"
        func devices(_ client: RawClient) throws -> [String?] {
            try client.reply("ledger.tail since=0 kind=\(kind)").dropLast().map {
                try JSON(endOf: $0)["body"]?["device"]?.string
            }
        }
        let peers = [(Household.prying, ["shared-pen", "anna-pen"]), (Household.other, ["shared-pen"])]
        for (peer, expected) in peers {
            #expect(try devices(home.daemon.connect(as: peer)) == expected, "\(peer)")
        }
        #expect(try other.refused("scheduling.list-reminders person=anna").code == "not-found")
    }

    @Test("whose a record is, is for an admin to say in a household, and for a practitioner in a practice")
    func ownership() throws {
        let home = try Household(isTreating: false)
        let client = try home.daemon.connect(as: Household.prying)
        for request in [
            "records.change-person person=anna unix_user=daemon", "records.change-person person=anna unix_user=-",
            "records.add-person person=berta unix_user=daemon", "records.add-person person=berta unix_user=-",
        ] {
            let refused = try client.refused(request)
            #expect(refused.code == "forbidden" && refused.members["needs"]?.string == "admin", "\(request)")
        }
        #expect(try client.ok("records.change-person person=anna unix_user=nobody name=Anna")["name"]?.string == "Anna")
        #expect(try client.ok("records.add-person person=berta")["unix_user"]?.string == "nobody")
        #expect(try home.daemon.connect().ok("records.add-person person=nobodys")["unix_user"] == nil)
        #expect(try client.refused("records.show-person person=nobodys").code == "not-found")

        let practice = try Household(isTreating: false, people: "practice")
        let operating = try practice.daemon.connect(as: "games")
        #expect(try operating.ok("records.show-person person=zilpzalp")["name"]?.string == "Rotkehlchen")
        let refused = try operating.refused("records.change-person person=zilpzalp unix_user=games")
        #expect(refused.code == "forbidden" && refused.members["needs"]?.string == "practitioner")
        #expect(try operating.ok("records.add-person person=carla")["unix_user"] == nil)
        let practitioner = try practice.daemon.connect(as: Household.prying)
        let changed = try practitioner.ok("records.change-person person=zilpzalp unix_user=games")
        #expect(changed["unix_user"]?.string == "games")
    }

    @Test("a command that does not say whom it concerns is for an admin alone")
    func undeclared() throws {
        let daemon = try trialDaemon("[access]\npeople = \"household\"\n[roles.practitioner]\nusers = [\"nobody\"]\n")
        let client = try daemon.connect(as: "nobody")
        for request in ["trial.add name=a", "ledger.verify"] {
            let refused = try client.refused(request)
            #expect(refused.code == "forbidden" && refused.members["needs"]?.string == "admin")
            let verb = request.split(separator: " ")[0]
            #expect(try JSON(endOf: client.reply("describe verb=\(verb)")[0])["allowed"]?.bool == false)
        }
        #expect(try daemon.connect().ask("trial.add name=a").hasPrefix("OK "))
        let status = try client.ok("status")
        #expect(status["store"]?["entries"]?.integer == 1 && status["store"]?["head"] == nil)
    }
}
