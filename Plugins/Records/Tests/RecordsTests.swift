import MneedleKit
import MneedleTestKit
import Testing

@testable import Records

@Suite("Records")
struct RecordsTests {
    func bench() throws -> Bench { try Bench(definition) }

    @Test("a person's record keeps what was given and fills in the defaults")
    func addsPerson() throws {
        let bench = try bench()
        let reply = try bench.call(
            "records.add-person",
            ["person": "anna", "goal": "acne-scars", "time_zone": "Europe/Berlin", "fitzpatrick": 3])
        #expect(
            reply == [
                "person": "anna", "setting": "home", "goal": "acne-scars", "time_zone": "Europe/Berlin",
                "fitzpatrick": 3,
                "first_time": true,
            ])
        #expect(try bench.call("records.show-person", ["person": "anna"]) == reply)
        #expect(try bench.ledger().map(\.kind) == ["person.added"])
    }

    @Test("a full record is answered with the members that are declared, in their order")
    func fullRecords() throws {
        let bench = try bench()
        let person = try bench.call(
            "records.add-person",
            ["person": "anna", "name": "Anna", "fitzpatrick": 3, "unix_user": "asmith", "birth_date": "1990-05-01"])
        #expect(person.members.map(\.name) == Person.members.map(\.name))
        let device = try bench.call(
            "records.add-device",
            [
                "device": "pen-1", "kind": "pen", "model": "skinpen-precision", "needle_mm": 2.5, "serial": "SN 1",
                "cartridges": false, "cartridges_reason": "steel head, autoclaved", "owner": "anna",
            ])
        #expect(device.members.map(\.name) == Device.members.map(\.name))
    }

    @Test("a record may belong to a unix user, and no longer")
    func unixUser() throws {
        let bench = try bench()
        try bench.call("records.add-person", ["person": "anna", "unix_user": "asmith"])
        try bench.call("records.add-person", ["person": "ben"])
        func people(of user: String?) throws -> [String?] {
            try bench.rows("records.list-people", ["unix_user": user]).map { $0.string("person") }
        }
        #expect(try people(of: "asmith") == ["anna"])
        #expect(try people(of: nil) == ["anna", "ben"])
        try bench.call("records.change-person", ["person": "anna", "goal": "maintenance"])
        #expect(try bench.call("records.show-person", ["person": "anna"]).string("unix_user") == "asmith")
        try bench.call("records.change-person", ["person": "anna", "unix_user": "-"])
        #expect(try people(of: "asmith") == [])
        #expect(try bench.call("records.show-person", ["person": "anna"])["unix_user"] == nil)
    }

    @Test("adding the same person twice is a conflict and changes nothing")
    func addsOnce() throws {
        let bench = try bench()
        try bench.call("records.add-person", ["person": "anna", "setting": "clinic"])
        let error = #expect(throws: ModuleError.self) { try bench.call("records.add-person", ["person": "anna"]) }
        #expect(error?.code == .conflict)
        #expect(try bench.call("records.show-person", ["person": "anna"]).string("setting") == "clinic")
        #expect(try bench.ledger().count == 1)
    }

    @Test(
        "a time zone that the system does not know is refused",
        arguments: ["Mars/Olympus", "CET+1", "../etc/passwd", "utc"])
    func refusesZone(zone: String) throws {
        let error = #expect(throws: ModuleError.self) {
            try bench().call("records.add-person", ["person": "anna", "time_zone": zone])
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.members.string("argument") == "time_zone")
    }

    @Test(
        "a place is known by its older and newer names",
        arguments: ["Asia/Kolkata", "Asia/Calcutta", "Europe/Berlin", "America/Argentina/Buenos_Aires", "UTC"])
    func takesZone(zone: String) throws {
        let reply = try bench().call("records.add-person", ["person": "anna", "time_zone": zone])
        #expect(reply.string("time_zone") == zone)
    }

    @Test("changing a person changes what is given only, and the ledger keeps both versions")
    func changesPerson() throws {
        let bench = try bench()
        try bench.call("records.add-person", ["person": "anna", "name": "Anna", "fitzpatrick": 4])
        try bench.call("records.change-person", ["person": "anna", "goal": "maintenance"])
        let person = try bench.call("records.show-person", ["person": "anna"])
        #expect(
            person.string("name") == "Anna" && person.string("goal") == "maintenance"
                && person.integer("fitzpatrick") == 4)
        let body = try #require(bench.ledger(kind: "person.changed").first?.body)
        #expect(body.object("before")?.string("goal") == "collagen")
        #expect(body.object("after")?.string("goal") == "maintenance")
    }

    @Test("a change that changes nothing leaves no entry")
    func changesNothing() throws {
        let bench = try bench()
        try bench.call("records.add-person", ["person": "anna"])
        try bench.call("records.change-person", ["person": "anna", "setting": "home"])
        #expect(try bench.ledger().count == 1)
    }

    @Test("a mistyped name is answered with the nearest ones")
    func suggests() throws {
        let bench = try bench()
        for name in ["anna", "hanna", "ben"] { try bench.call("records.add-person", ["person": name]) }
        let error = #expect(throws: ModuleError.self) { try bench.call("records.show-person", ["person": "ana"]) }
        #expect(error?.code == .notFound)
        #expect(error?.members.strings("suggestions") == ["anna", "hanna"])
    }

    @Test("a device's least depth may not be over its greatest")
    func refusesDepths() throws {
        let error = #expect(throws: ModuleError.self) {
            try bench().call(
                "records.add-device", ["device": "pen-1", "kind": "pen", "min_depth_mm": 1.0, "max_depth_mm": 0.5])
        }
        #expect(error?.members.string("argument") == "min_depth_mm")
    }

    @Test("a device cannot belong to somebody who is not on record")
    func refusesOwner() throws {
        let error = #expect(throws: ModuleError.self) {
            try bench().call("records.add-device", ["device": "pen-1", "kind": "pen", "owner": "nobody"])
        }
        #expect(error?.code == .notFound)
    }

    @Test("a known model fills in what its label says, and the record's own words win")
    func fillsFromModel() throws {
        let bench = try bench()
        let reply = try bench.call(
            "records.add-device", ["device": "pen-1", "kind": "pen", "model": "skinpen-precision", "max_depth_mm": 2.0])
        #expect(reply.number("max_depth_mm") == 2.0)
        #expect(reply.bool("cartridges") == true)
        #expect(reply.string("material") == "surgical-steel")
        let error = #expect(throws: ModuleError.self) {
            try bench.call(
                "records.add-device", ["device": "r", "kind": "roller", "needle_mm": 0.3, "model": "skinpen-precision"])
        }
        #expect(error?.members.string("argument") == "kind")
    }

    @Test("a device is retired once")
    func retires() throws {
        let bench = try bench()
        try bench.call("records.add-device", ["device": "r-1", "kind": "roller", "needle_mm": 0.3, "areas": ["scalp"]])
        #expect(try bench.call("records.retire-device", ["device": "r-1", "reason": "dull"]).bool("retired") == true)
        let error = #expect(throws: ModuleError.self) { try bench.call("records.retire-device", ["device": "r-1"]) }
        #expect(error?.code == .conflict)
        #expect(try bench.rows("records.list-devices").map { $0.bool("retired") } == [true])
        #expect(try bench.call("records.show-device", ["device": "r-1"]).strings("areas") == ["scalp"])
    }

    @Test("a roller or stamp needs its needle length, and has no range", arguments: ["roller", "stamp"])
    func needsLength(kind: String) throws {
        let bench = try bench()
        func complaint(_ more: Object) -> String? {
            var arguments: Object = ["device": "d-1", "kind": kind]
            for member in more.members { arguments[member.name] = member.value }
            return #expect(throws: ModuleError.self) { try bench.call("records.add-device", arguments) }?
                .members.string("argument")
        }
        #expect(complaint([:]) == "needle_mm")
        #expect(complaint(["needle_mm": 0.3, "max_depth_mm": 0.5]) == "max_depth_mm")
        #expect(try bench.rows("records.list-devices").isEmpty)
        #expect(
            try bench.call("records.add-device", ["device": "d-1", "kind": kind, "needle_mm": 0.3]).number("needle_mm")
                == 0.3)
    }

    @Test("a roller of a known model has a length that the model has")
    func modelLength() throws {
        let error = #expect(throws: ModuleError.self) {
            try bench().call(
                "records.add-device", ["device": "r", "kind": "roller", "needle_mm": 1.5, "model": "home-roller"])
        }
        #expect(error?.members.string("argument") == "needle_mm")
    }

    @Test("a pen takes cartridges unless its record says why not")
    func penCartridges() throws {
        let bench = try bench()
        #expect(try bench.call("records.add-device", ["device": "p-1", "kind": "pen"]).bool("cartridges") == true)
        let error = #expect(throws: ModuleError.self) {
            try bench.call("records.add-device", ["device": "p-2", "kind": "pen", "cartridges": false])
        }
        #expect(error?.members.string("argument") == "cartridges_reason")
        let fixed: Object = [
            "device": "p-2", "kind": "pen", "cartridges": false, "cartridges_reason": "steel head, autoclaved",
        ]
        let reply = try bench.call("records.add-device", fixed)
        #expect(reply.bool("cartridges") == false)
        #expect(reply.string("cartridges_reason") == "steel head, autoclaved")
        let back = try bench.call("records.change-device", ["device": "p-2", "cartridges": true])
        #expect(back.bool("cartridges") == true && back["cartridges_reason"] == nil)
    }

    @Test("a device is changed in what is given only, and the ledger keeps both versions")
    func changesDevice() throws {
        let bench = try bench()
        try bench.call("records.add-device", ["device": "r-1", "kind": "roller", "needle_mm": 0.5])
        try bench.call("records.change-device", ["device": "r-1", "material": "titanium", "serial": "SN 07/A-1b"])
        let device = try bench.call("records.show-device", ["device": "r-1"])
        #expect(device.number("needle_mm") == 0.5 && device.string("material") == "titanium")
        #expect(device.string("serial") == "SN 07/A-1b")
        let body = try #require(bench.ledger(kind: "device.changed").first?.body)
        #expect(body.object("before")?["material"] == nil)
        #expect(body.object("after")?.string("material") == "titanium")
        try bench.call("records.change-device", ["device": "r-1", "material": "titanium"])
        #expect(try bench.ledger(kind: "device.changed").count == 1)
    }

    @Test("what safety rests on is corrected with a reason only, and the ledger keeps it")
    func correctionNeedsReason() throws {
        let bench = try bench()
        try bench.call("records.add-person", ["person": "bea"])
        try bench.call("records.add-device", ["device": "r-1", "kind": "roller", "needle_mm": 1.5])
        try bench.call(
            "records.add-device",
            ["device": "p-1", "kind": "pen", "model": "skinpen-precision", "areas": ["cheeks"]])
        let corrections: [(verb: String, request: Object)] = [
            ("records.change-device", ["device": "r-1", "needle_mm": 0.3]),
            ("records.change-device", ["device": "p-1", "model": "some-other"]),
            ("records.change-device", ["device": "p-1", "areas": ["cheeks", "scalp"]]),
            ("records.change-person", ["person": "bea", "first_time": false]),
        ]
        for (verb, request) in corrections {
            for reason in [nil, "typo", "1234567890 !?"] as [String?] {
                var request = request
                request["reason"] = reason.map(Value.string)
                let error = #expect(throws: ModuleError.self) { try bench.call(verb, request) }
                #expect(error?.members.string("argument") == "reason")
            }
        }
        #expect(try bench.call("records.show-device", ["device": "r-1"]).number("needle_mm") == 1.5)
        #expect(try bench.call("records.show-person", ["person": "bea"]).bool("first_time") == true)

        for (verb, request) in corrections {
            var request = request
            request["reason"] = .string("read from the wrong box")
            try bench.call(verb, request)
        }
        #expect(try bench.call("records.show-device", ["device": "r-1"]).number("needle_mm") == 0.3)
        let body = try #require(bench.ledger(kind: "device.changed").first?.body)
        #expect(body.string("reason") == "read from the wrong box")
        #expect(body.object("before")?.number("needle_mm") == 1.5)
        // What was not known is no correction, and the way back to more care needs none.
        try bench.call("records.change-device", ["device": "r-1", "material": "titanium"])
        try bench.call("records.change-person", ["person": "bea", "first_time": true, "fitzpatrick": 4])
    }

    @Test("a roller whose needle length is not known is shown without one, and takes it without a reason")
    func unknownLength() throws {
        let bench = try bench()
        try bench.call("records.add-device", ["device": "r", "kind": "roller", "needle_mm": 1.5])
        try bench.damage("UPDATE records_devices SET needle_mm = NULL")
        #expect(try bench.call("records.show-device", ["device": "r"])["needle_mm"] == nil)
        let reply = try bench.call("records.change-device", ["device": "r", "needle_mm": 0.3])
        #expect(reply.number("needle_mm") == 0.3)
    }

    @Test("a model's label names the skin types of an area")
    func skinTypes() throws {
        let reply = try bench().call(
            "records.add-device", ["device": "pen-1", "kind": "pen", "model": "skinpen-precision"])
        #expect(reply.object("skin_types") == ["neck": [2, 3, 4]])
    }

    @Test("two records of one name and birth date are one person until somebody decides that they are not")
    func personTwins() throws {
        let bench = try bench()
        for (person, name, born) in [
            ("anna", "Anna Lee", "1990-05-01"), ("anna-2", "anna  lee", "1990-05-01"),
            ("other", "Anna Lee", "1991-05-01"), ("nameless", nil, "1990-05-01"),
        ] as [(String, String?, String)] {
            try bench.call("records.add-person", ["person": person, "name": name, "birth_date": born])
        }
        func twins(_ person: String) throws -> Object { try bench.call("records.same-person", ["person": person]) }
        #expect(try twins("anna") == ["records": ["anna", "anna-2"], "undecided": ["anna-2"]])
        #expect(try twins("other") == ["records": ["other"], "undecided": [] as [String]])
        #expect(try twins("nameless") == ["records": ["nameless"], "undecided": [] as [String]])
        let decision: Object = ["person": "anna", "twin": "anna-2", "same": true, "reason": "registered twice"]
        try bench.call("records.decide-twin", decision, as: .operator)
        #expect(try twins("anna-2") == ["records": ["anna-2", "anna"], "undecided": [] as [String]])
        #expect(try bench.ledger(kind: "twin.decided").map(\.person) == ["anna", "anna-2"])
        // What was decided holds when a name is corrected later.
        try bench.call("records.change-person", ["person": "anna", "name": "Anna Lee-Kim"])
        #expect(try twins("anna") == ["records": ["anna", "anna-2"], "undecided": [] as [String]])
        try bench.call(
            "records.decide-twin", ["person": "anna-2", "twin": "anna", "same": false, "reason": "two cousins"])
        #expect(try twins("anna") == ["records": ["anna"], "undecided": [] as [String]])
        let error = #expect(throws: ModuleError.self) {
            try bench.call(
                "records.decide-twin", ["person": "anna", "twin": "other", "same": true, "reason": "a guess"])
        }
        #expect(error?.members.string("argument") == "twin")
    }

    @Test("two devices with one serial number are one, however it was typed, until somebody decides")
    func deviceTwins() throws {
        let bench = try bench()
        for (device, serial) in [("pen-1", "SN 42-a"), ("pen-2", "sn42-A"), ("pen-3", "SN 43"), ("pen-4", nil)]
            as [(String, String?)]
        {
            try bench.call("records.add-device", ["device": device, "kind": "pen", "serial": serial])
        }
        func twins(_ device: String) throws -> Object { try bench.call("records.same-device", ["device": device]) }
        #expect(try twins("pen-1") == ["records": ["pen-1", "pen-2"], "undecided": ["pen-2"]])
        #expect(try twins("pen-3").strings("undecided") == [] && twins("pen-4").strings("undecided") == [])
        try bench.call(
            "records.decide-device-twin",
            ["device": "pen-2", "twin": "pen-1", "same": false, "reason": "the maker uses it twice"], as: .operator)
        #expect(try twins("pen-1") == ["records": ["pen-1"], "undecided": [] as [String]])
        #expect(try bench.ledger(kind: "twin.device-decided").count == 1)
    }

    @Test("nobody is born tomorrow")
    func refusesBirthDate() throws {
        let error = #expect(throws: ModuleError.self) {
            try bench().call("records.add-person", ["person": "anna", "birth_date": "2026-11-21"])
        }
        #expect(error?.members.string("argument") == "birth_date")
    }

    @Test("what to look for in a device is listed with its sources")
    func choosing() throws {
        let rows = try bench().rows("records.choosing-a-device")
        #expect(rows.map { $0.string("advice") } == ["material", "cleaning", "grip"])
        #expect(rows.allSatisfy { $0.list("sources")?.isEmpty == false })
    }

    @Test("an operator is renewed by adding again")
    func renewsOperator() throws {
        let bench = try bench()
        try bench.call("records.add-operator", ["operator": "kim", "max_depth_mm": 1.5, "trained_until": "2026-01-01"])
        try bench.call("records.add-operator", ["operator": "kim", "max_depth_mm": 2.0, "trained_until": "2027-01-01"])
        let reply = try bench.call("records.show-operator", ["operator": "kim"])
        #expect(reply == ["operator": "kim", "max_depth_mm": 2.0, "trained_until": "2027-01-01"])
        #expect(try bench.rows("records.list-operators").count == 1)
    }

    @Test("only a practitioner clears, only an admin registers operators")
    func needsRoles() throws {
        let bench = try bench()
        try bench.call("records.add-person", ["person": "anna"], as: .operator)
        for (verb, arguments, role) in [
            (
                "records.clear", ["person": "anna", "finding": "x", "by": "y", "until": "2026-12-01"] as Object,
                Role.operator
            ),
            ("records.add-operator", ["operator": "kim", "max_depth_mm": 1.0], .practitioner),
            ("records.add-person", ["person": "ben"], .reader),
        ] {
            let error = #expect(throws: ModuleError.self) { try bench.call(verb, arguments, as: role) }
            #expect(error?.code == .forbidden)
        }
    }
}
