import Foundation
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Days and times in words, as the service takes them", .serialized)
struct SpokenArgumentTests {
    @Test("a time is by the clocks of the person, and told absolutely")
    func zones() throws {
        let machine = try TimeTravelTests.Machine(at: "2026-12-01 16:30:00")
        let client = try machine.daemon.connect()
        for (person, zone) in [("anna", "Europe/Berlin"), ("kenji", "Asia/Tokyo")] {
            _ = try client.ok("records.add-person person=\(person) time_zone=\(zone)")
        }
        for (person, meant) in [("anna", "2026-12-02T08:00:00Z"), ("kenji", "2026-12-03T00:00:00Z")] {
            let reply = try client.ok("scheduling.remind person=\(person) at=\"tomorrow 9:00\" title=x")
            #expect(reply["due"]?.string == meant || reply["at"]?.string == meant, "\(reply)")
            // What has an owner is by the owner's clocks, and a word of a request may have hyphens.
            let number = try #require(reply["reminder"]?.integer)
            let later = try client.ok("scheduling.snooze reminder=\(number) until=tomorrow-10:00")
            #expect("\(later)".contains(meant.replacing("T08", with: "T09").replacing("T00", with: "T01")), "\(later)")
        }
        // In Tokyo it is the next day already.
        let clear = "records.clear finding=autoimmune by=\"Dr. Ito\" until=\"in 3 weeks\""
        #expect("\(try client.ok(clear + " person=kenji"))".contains("2026-12-23"))
    }

    @Test("words that may mean two days change nothing, and are answered with both")
    func refused() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        _ = try client.ok("records.add-person person=anna time_zone=Europe/Berlin")
        let slashed = try client.refused("records.change-person person=anna birth_date=3/4/1990")
        #expect(slashed.code == "invalid-argument")
        #expect(slashed.members["message"]?.string?.contains("1990-04-03 or 1990-03-04") == true, "\(slashed)")
        let day = try client.refused("scheduling.remind person=anna at=tomorrow title=x")
        #expect(day.members["message"]?.string?.contains("'tomorrow 14:00'") == true, "\(day)")
        #expect(day.members["argument"]?.string == "at")
        let far = try client.refused("records.clear person=anna finding=autoimmune by=x until=\"in 500 years\"")
        #expect(far.members["argument"]?.string == "until", "\(far)")
        let answer = try client.refused("screening.assess person=anna answers.born-on=1/2/1990")
        #expect(answer.members["argument"]?.string == "answers.born-on", "\(answer)")
        #expect(
            try client.ok("records.change-person person=anna birth_date=28.4.1990")["birth_date"]?.string
                == "1990-04-28")
    }

    @Test("a name in any script gives a short name, and stays as it was said; any case of letters finds it")
    func names() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        for (name, slug) in [
            ("Nora Müller", "nora-mueller"), ("Łukasz", "lukasz"), ("Иван", "ivan"), ("نورا", "nwra"), ("李娜", "li-na"),
            ("O'Neil, Bea", "o-neil-bea"), ("  Zoë ", "zoe"),
        ] {
            let added = try client.ok("records.add-person person=\"\(name)\"")
            #expect(
                added["person"]?.string == slug && added["name"]?.string == name.trimmingCharacters(in: .whitespaces),
                "\(added)")
        }
        #expect(try client.ok("records.add-person person=kim")["name"] == nil)
        #expect(try client.ok("records.show-person person=Nora-Mueller")["name"]?.string == "Nora Müller")
        let taken = try client.refused("records.add-person person=\"Nora Mueller\"")
        #expect(taken.code == "conflict" && taken.members["message"]?.string?.contains("nora-mueller-2") == true)
        for name in ["!?", "\\u202eNora", String(repeating: "é", count: 101)] {
            #expect(try client.refused("records.add-person person=\"\(name)\"").members["argument"]?.string == "person")
        }
        #expect(
            try client.ok("records.add-device device=\"My Roller\" kind=roller needle_mm=0.3")["device"]?.string
                == "my-roller")
    }

    @Test("a zone is named by its city, and a skin type by its numeral; a record that says none is at the machine's")
    func places() throws {
        let daemon = try DaemonProcess(environment: ["TZ": "Asia/Tokyo"])
        let client = try daemon.connect()
        let anna = try client.ok("records.add-person person=anna fitzpatrick=IV")
        #expect(anna["fitzpatrick"]?.integer == 4 && anna["time_zone"]?.string == "Asia/Tokyo", "\(anna)")
        for (said, zone) in [
            ("Berlin", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin"), ("\"new york\"", "America/New_York"),
            ("UTC", "UTC"),
        ] {
            #expect(try client.ok("records.change-person person=anna time_zone=\(said)")["time_zone"]?.string == zone)
        }
        for said in ["springfield", "+01:00", "CET-1", "../etc/passwd"] {
            let refused = try client.refused("records.change-person person=anna time_zone=\(said)")
            #expect(refused.members["argument"]?.string == "time_zone", "\(said)")
        }
        for said in ["VII", "IIII", "0", "ix"] {
            #expect(
                try client.refused("records.change-person person=anna fitzpatrick=\(said)").code == "invalid-argument")
        }
    }

    @Test("a change that is asked for again by its key is done once, although 'now' has moved on")
    func once() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        _ = try client.ok("records.add-person person=anna time_zone=UTC")
        let remind = "scheduling.remind person=anna at=\"in 2 hours\" title=x idempotency_key=k"
        let first = try client.ok(remind)
        #expect(try client.ok(remind) == first)
    }
}
