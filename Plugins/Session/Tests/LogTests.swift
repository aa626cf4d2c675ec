import MneedleKit
import MneedleTestKit
import Testing

@testable import Session

@Suite("A session that is put on record afterwards")
struct LogTests {
    /// The bench's clock stands at 2026-11-20T12:00:00Z.
    private func log(
        _ bench: Bench, at: String = "2026-11-19T18:00:00Z", device: String? = "pen", _ more: Object = [:]
    ) throws -> Object {
        var wish: Object = ["person": "anna", "areas": ["cheeks"], "at": at, "minutes": 20, "device": device]
        for member in more.members { wish[member.name] = member.value }
        return try bench.call("session.log", wish)
    }

    private func refusal(_ bench: Bench, at: String = "2026-11-19T18:00:00Z", _ more: Object = [:]) -> ModuleError? {
        #expect(throws: ModuleError.self) { try log(bench, at: at, more) }
    }

    @Test("has its own times, in the record and in the ledger, which says that it was logged")
    func times() throws {
        let bench = try makeBench()
        let reply = try log(bench, ["depth_mm": 0.5, "passes": 3])
        #expect(reply.integer("session") == 1 && reply.object("window")?.string("opens") == "2026-12-18")
        let session = try bench.call("session.show", ["session": 1])
        #expect(
            session.string("started") == "2026-11-19T18:00:00Z" && session.string("ended") == "2026-11-19T18:20:00Z")
        #expect(session.string("state") == "finished" && session.bool("logged") == true)
        let entries = try bench.ledger(kind: "session.finished")
        #expect(entries.count == 1 && entries[0].body.bool("logged") == true)
        #expect(entries[0].body.string("started") == "2026-11-19T18:00:00Z")
        #expect(try bench.ledger(kind: "session.started").isEmpty)
    }

    @Test("needs no device that is on record, nor a depth; what speaks against it does not keep it out")
    func elsewhere() throws {
        let bench = try makeBench()
        _ = try log(bench, device: nil, ["areas": ["lips"]])
        #expect(try bench.call("session.show", ["session": 1]).string("device") == SessionEntry.elsewhere)
        _ = try log(bench, at: "2026-11-19T19:00:00Z", ["depth_mm": 3])
        #expect(try bench.rows("session.list").count == 2)
    }

    @Test("cannot be to come, and not end after now")
    func future() throws {
        let bench = try makeBench()
        for at in ["2026-11-20T12:00:01Z", "2026-11-20T11:50:00Z", "2027-01-01T00:00:00Z"] {
            #expect(refusal(bench, at: at)?.code == .invalidArgument, "\(at)")
        }
        #expect(try bench.rows("session.list").isEmpty && bench.ledger().isEmpty)
    }

    @Test("is not put on record twice, nor while another of the same person or device ran")
    func overlap() throws {
        let bench = try makeBench()
        _ = try log(bench)
        #expect(refusal(bench)?.code == .conflict)
        #expect(refusal(bench, at: "2026-11-19T18:20:00Z")?.message.contains("session 1 of that person") == true)
        #expect(refusal(bench, ["person": "nova"])?.message.contains("session 1 of that device") == true)
        _ = try log(bench, ["person": "nova", "device": "pen-2"])
        try bench.call("session.start", plan("carl", "pen", ["cheeks"], 1, operator: "kim"))
        bench.clock.advance(hours: 1)
        #expect(refusal(bench, at: "2026-11-20T12:10:00Z", ["person": "anna"])?.code == .conflict)
    }

    @Test("needs a person, a device and areas that there are")
    func unknown() throws {
        let bench = try makeBench()
        #expect(refusal(bench, ["person": "nobody"])?.code == .notFound)
        #expect(refusal(bench, ["device": "nothing"])?.code == .notFound)
        #expect(refusal(bench, ["areas": ["cheeks", "cheeks"]])?.code == .invalidArgument)
        #expect(try bench.ledger().isEmpty)
    }

    @Test("a session whose end was forgotten is finished at its real end, and at no other time")
    func forgotten() throws {
        let bench = try makeBench()
        try bench.call("session.start", plan("anna", "pen", ["cheeks"], 0.5))
        bench.clock.advance(hours: 5)
        for at in ["2026-11-20T11:59:59Z", "2026-11-20T17:00:01Z"] {
            let error = #expect(throws: ModuleError.self) {
                try bench.call("session.finish", ["session": 1, "at": at])
            }
            #expect(error?.code == .invalidArgument)
        }
        #expect(try bench.rows("session.list", ["state": "running"]).count == 1)
        try bench.call("session.finish", ["session": 1, "at": "2026-11-20T12:20:00Z"])
        #expect(try bench.call("session.show", ["session": 1]).string("ended") == "2026-11-20T12:20:00Z")
        #expect(try bench.ledger(kind: "session.finished").last?.body.string("ended") == "2026-11-20T12:20:00Z")
    }
}
