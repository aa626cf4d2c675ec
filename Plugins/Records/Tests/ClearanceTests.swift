import MneedleKit
import MneedleTestKit
import Testing

@testable import Records

@Suite("Clearances")
struct ClearanceTests {
    /// A bench with Anna at home and Carl in a clinic, on 20 November 2026.
    private func bench() throws -> Bench {
        let bench = try Bench(definition)
        bench.fake("screening.rules") { _ in
            func row(_ code: String, _ settings: [String], liftable: Bool) -> Object {
                ["code": code, "settings": settings, "liftable": liftable]
            }
            let rows = [
                row("pregnancy", ["home", "clinic"], liftable: true),
                row("retinoid", ["home"], liftable: true), row("retinoid", ["clinic"], liftable: true),
                row("diabetes", ["home"], liftable: false), row("diabetes", ["clinic"], liftable: true),
                row("cold-sore", ["home", "clinic"], liftable: false),
            ]
            return ["rows": rows]
        }
        try bench.call("records.add-person", ["person": "anna", "name": "Anna Maria Meier", "unix_user": "ameier"])
        try bench.call("records.add-person", ["person": "carl-bos", "setting": "clinic"])
        return bench
    }

    private func clear(
        _ person: String = "anna", _ finding: String = "pregnancy", by: String = "Dr. Lee",
        until: String? = "2027-01-31"
    ) -> Object { ["person": person, "finding": finding, "by": by, "until": until] }

    private func refused(_ bench: Bench, _ arguments: Object) throws -> ModuleError {
        let error = try #require(#expect(throws: ModuleError.self) { try bench.call("records.clear", arguments) })
        #expect(try bench.rows("records.clearances", ["person": arguments.string("person")]).isEmpty)
        return error
    }

    @Test("a clearance names who gave it and its end, and they are listed newest first")
    func clears() throws {
        let bench = try bench()
        try bench.call("records.clear", clear())
        try bench.call("records.clear", clear("anna", "retinoid", by: "Dr. Kim", until: "2026-12-01"))
        let rows = try bench.rows("records.clearances", ["person": "anna"])
        #expect(rows.map { $0.string("finding") } == ["retinoid", "pregnancy"])
        #expect(rows[0].string("by") == "Dr. Kim" && rows[0].string("until") == "2026-12-01")
        #expect(try bench.ledger(kind: "clearance.recorded").count == 2)
    }

    @Test("it names a finding that there is, and the nearest is suggested")
    func known() throws {
        let error = try refused(bench(), clear("anna", "pregnancies"))
        #expect(error.code == .invalidArgument && error.members.string("argument") == "finding")
        #expect(error.members.strings("suggestions") == ["pregnancy"] && error.message.contains("did you mean"))
    }

    @Test("what no clearance lifts, or not in the person's setting, is not cleared")
    func liftable() throws {
        let never = try refused(bench(), clear("anna", "cold-sore"))
        #expect(never.message.contains("no clearance lifts 'cold-sore'"))
        #expect(never.members.string("expected") == "pregnancy, retinoid")
        let elsewhere = try refused(bench(), clear("anna", "diabetes"))
        #expect(elsewhere.message.contains("in the setting home"))
        try bench().call("records.clear", clear("carl-bos", "diabetes"))
    }

    @Test("while screening does not answer nothing is cleared")
    func closed() throws {
        let bench = try bench()
        bench.fake("screening.rules") { _ in throw ModuleError.moduleFailed("screening", "it does not run") }
        #expect(try refused(bench, clear()).code == .moduleFailed)
    }

    @Test(
        "nobody clears themselves, by whatever of their names",
        arguments: [
            ("anna", "anna"), ("anna", " ANNA "), ("anna", "Anna Maria Meier"), ("anna", "Meier, Anna Maria"),
            ("anna", "Dr. med. anna maria MEIER"), ("anna", "ameier"), ("carl-bos", "Carl Bos"),
            ("carl-bos", "Dr. Bos, Carl"), ("anna", "Frau Anna Meier"), ("anna", "A. Meier"), ("carl-bos", "carlbos"),
            ("anna", "Meier"), ("anna", "Anna Meier MD PhD"), ("anna", "annamariameier"), ("anna", "me"),
            ("anna", "Myself"),
        ])
    func oneself(person: String, name: String) throws {
        #expect(try refused(bench(), clear(person, by: name)).members.string("argument") == "by")
    }

    @Test("a title or a sign is no name", arguments: ["Dr.", "?", "42", "Prof. Dr. med.", "me", "I myself"])
    func nameless(name: String) throws {
        #expect(try refused(bench(), clear(by: name)).members.string("argument") == "by")
    }

    @Test(
        "another of the same first or family name is somebody else",
        arguments: ["Dr. Anna Lee", "Dr. Meier", "Dr. Bos", "Dr. T. Meier"])
    func others(name: String) throws {
        try bench().call("records.clear", clear(by: name))
    }

    @Test("it ends: within twelve months, a pregnancy's within ten")
    func ends() throws {
        #expect(try refused(bench(), clear(until: nil)).members.string("argument") == "until")
        for (finding, until, isTaken) in [
            ("retinoid", "2026-11-19", false), ("retinoid", "2026-11-20", true), ("retinoid", "2027-11-20", true),
            ("retinoid", "2027-11-21", false), ("pregnancy", "2027-09-20", true), ("pregnancy", "2027-09-21", false),
        ] {
            if isTaken {
                try bench().call("records.clear", clear("anna", finding, until: until))
            } else {
                let error = try refused(bench(), clear("anna", finding, until: until))
                #expect(error.members.string("argument") == "until" && error.members.string("got") == until)
            }
        }
    }
}
