import MneedleKit
import MneedleTestKit
import Testing

@testable import Sterilization

@Suite("What can be read")
struct ReadingTests {
    @Test("the log lists everything, newest first, by device and time")
    func list() throws {
        let room = try Room()
        _ = try room.soak("roller", minutes: 3, at: "2026-11-20T09:00:00Z")
        _ = try room.soak("pen")
        try room.open("c1", for: "anna")
        try room.treat(1, "anna", "pen", cartridge: "c1")
        _ = try room.cycle("steel")
        #expect(
            try room.bench.rows("sterilization.list", as: .reader).map { $0.string("kind") }
                == ["cycle", "cartridge-used", "cartridge-opened", "soak", "soak"])
        let pen = try room.bench.rows("sterilization.list", ["device": "pen"])
        #expect(pen.map { $0.string("kind") } == ["cartridge-used", "cartridge-opened", "soak"])
        let roller = try room.bench.rows("sterilization.list", ["device": "roller", "since": "2026-11-20T09:00:00Z"])
        #expect(roller.map { $0.bool("counts") } == [false])
        #expect(
            try room.bench.rows("sterilization.list", ["device": "roller", "since": "2026-11-20T09:00:01Z"]).isEmpty)
        #expect(refusal { try room.bench.rows("sterilization.list", ["device": "nothing"]) }?.code == .notFound)
    }

    @Test("a line of the log says all that the ledger keeps of it")
    func lines() throws {
        let room = try Room()
        _ = try room.soak("roller", minutes: 3)
        _ = try room.cycle("steel", indicator: nil, load: "16", steriliser: "S1")
        _ = try room.cycle("steel", load: "17", steriliser: "S1")
        for name in ["c1", "c2"] { try room.open(name, for: "anna") }
        try room.treat(1, "anna", "pen", cartridge: "c1")
        for name in ["c1", "c2"] { _ = try room.bench.call("sterilization.discard-cartridge", ["cartridge": name]) }
        try room.treat(2, "cleo", "steel")
        _ = try room.cycle("steel", load: "17", steriliser: "S1")
        _ = try room.cycle("steel-2", indicator: "fail", load: "17", steriliser: "S1")

        let lines = try room.bench.rows("sterilization.list")
        let kinds = HygieneLog.Kind.allCases.map(\.rawValue)
        #expect(Set(lines.compactMap { $0.string("kind") }) == Set(kinds))
        for kind in kinds {
            let entries = try room.bench.ledger().filter { ledgerKind(kind) == $0.kind }
            let told = lines.filter { $0.string("kind") == kind }
            #expect(told.count == entries.count)
            for (line, entry) in zip(told.reversed(), entries) {
                for member in entry.body.members {
                    #expect(line[member.name] == member.value, "\(kind) \(member.name)")
                }
            }
        }
    }

    private func ledgerKind(_ kind: String) -> String {
        switch kind {
        case "soak": "sterilization.soaked"
        case "cycle": "sterilization.cycled"
        case "recalled", "exposed": "sterilization.\(kind)"
        default: kind.replacing("cartridge-", with: "cartridge.")
        }
    }

    @Test("a damaged line of the log, or of the runs, is an error and not left out")
    func damaged() throws {
        let room = try Room()
        _ = try room.soak("roller")
        try room.bench.damage("UPDATE sterilization_log SET body = '{\"kind\":\"soak\"}'")
        #expect(refusal { try room.bench.rows("sterilization.list") }?.code == .internal)
        try room.bench.damage("UPDATE sterilization_runs SET kind = 'bath'")
        #expect(refusal { try room.soak("roller", at: "2026-11-20T12:00:00Z") }?.code == .internal)
    }

    @Test("status says all that a person has to know")
    func status() throws {
        let room = try Room()
        let before = try room.status("roller")
        #expect(before.bool("ready") == false)
        #expect(before.string("state") == "unknown")
        #expect(before.findingCodes == ["not-disinfected"])
        _ = try room.soak("roller")
        let after = try room.status("roller")
        #expect(after.bool("ready") == true)
        #expect(after.string("ready_until") == "2026-11-21T12:00:00Z")
        #expect(after.bool("cleaning_due") == false)
        room.bench.clock.advance(hours: 25)
        #expect(try room.status("roller")["ready_until"] == nil)
    }

    @Test("a soak is never called sterile")
    func words() throws {
        let room = try Room()
        _ = try room.soak("loose-roller")
        #expect(try room.status("loose-roller").string("state") == "disinfected")
        room.bench.clock.advance(hours: 30)
        for finding in try room.findings("anna", "loose-roller") {
            #expect(!finding.message.contains("steril"))
            #expect(!finding.message.contains("{") && !finding.advice.contains("{"))
        }
    }

    @Test("every rule is told with a reason and a source; what no document gives is marked as a practice default")
    func rules() throws {
        let rows = try Room().bench.rows("sterilization.rules")
        #expect(rows.count > 8)
        for row in rows {
            #expect(row.string("reason")?.isEmpty == false)
            #expect(row.list("sources")?.isEmpty == false)
        }
        let lasting = rows.first { $0.string("rule") == "lasting" }
        #expect(lasting?.list("sources")?.description.contains("practice default") == true)
    }
}
