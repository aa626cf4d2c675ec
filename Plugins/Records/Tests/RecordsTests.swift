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
                "first_time": false,
            ])
        #expect(try bench.call("records.show-person", ["person": "anna"]) == reply)
        #expect(try bench.ledger().map(\.kind) == ["person.added"])
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
            try bench.call("records.add-device", ["device": "r", "kind": "roller", "model": "skinpen-precision"])
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
