import MneedleKit
import MneedleTestKit
import Testing

@testable import Session

@Suite("A session is stopped at once, and why is said afterwards")
struct StopTests {
    private let good = plan("anna", "pen", ["cheeks", "chin"], 0.5)

    @Test("nothing has to be looked up: the one session that runs is stopped, finished or counted for")
    func onlyOne() throws {
        for verb in ["session.stop", "session.finish", "session.pass"] {
            let bench = try makeBench()
            try bench.call("session.start", good)
            #expect(try bench.call(verb, [:]).integer("session") == 1)
        }
    }

    @Test("where none runs that is said, and where two do they are named and nothing is stopped")
    func noneOrTwo() throws {
        let bench = try makeBench()
        #expect(#expect(throws: ModuleError.self) { try bench.call("session.stop", [:]) }?.code == .notFound)
        try bench.call("session.start", good)
        try bench.call("session.start", plan("carl", "pen-2", ["cheeks"], 1, operator: "kim"))
        let error = #expect(throws: ModuleError.self) { try bench.call("session.stop", [:]) }
        #expect(error?.code == .invalidArgument && error?.message.contains("2 sessions run: 1, 2") == true)
        #expect(try bench.rows("session.list", ["state": "running"]).count == 2)
    }

    @Test("until it is said why, no session of that person starts; then what to do is told")
    func unexplained() throws {
        let bench = try makeBench()
        try bench.call("session.start", good)
        let stopped = try bench.call("session.stop", [:])
        #expect(stopped.objects("findings").map { $0.string("code") } == ["stop-unexplained"])
        let remedy = stopped.objects("findings").first?.object("remedy")
        #expect(remedy?.string("command") == "session.explain" && remedy?.object("arguments") == ["session": 1])
        #expect(try codes(bench, good) == ["!stop-unexplained"])
        #expect(try codes(bench, plan("carl", "pen-2", ["cheeks"], 1, operator: "kim")) == [])

        let explained = try bench.call("session.explain", ["session": 1, "reason": "pain", "note": "left cheek"])
        #expect(explained.objects("findings").map { $0.string("code") } == ["stopped-pain"])
        #expect(try codes(bench, good) == [])
        let entry = try bench.ledger(kind: "session.explained").last
        #expect(entry?.body.string("reason") == "pain" && entry?.body.string("note") == "left cheek")
    }

    @Test("only a stop without a reason is explained, and once")
    func once() throws {
        let bench = try makeBench()
        try bench.call("session.start", good)
        func code(_ session: Int64) -> ModuleError.Code? {
            #expect(throws: ModuleError.self) {
                try bench.call("session.explain", ["session": session, "reason": "rash"])
            }?.code
        }
        #expect(code(1) == .conflict && code(2) == .notFound)
        try bench.call("session.stop", ["session": 1, "reason": "pain"])
        #expect(code(1) == .conflict)
        #expect(try bench.call("session.show", ["session": 1]).string("reason") == "pain")
    }
}

@Suite("Passes are counted while the session runs")
struct PassTests {
    private let good = plan("anna", "pen", ["cheeks", "chin"], 0.5)

    @Test("finish takes those that were counted, unless it is told how many they were")
    func counted() throws {
        for (told, kept) in [(nil, 2), (3, 3)] as [(Int?, Int64)] {
            let bench = try makeBench()
            try bench.call("session.start", good)
            #expect(try bench.call("session.pass", ["session": 1]).integer("passes") == 1)
            #expect(try bench.call("session.pass", ["session": 1]).integer("passes") == 2)
            try bench.call("session.finish", ["session": 1, "passes": told])
            #expect(try bench.call("session.show", ["session": 1]).integer("passes") == kept)
            #expect(
                #expect(throws: ModuleError.self) { try bench.call("session.pass", ["session": 1]) }?.code == .conflict)
        }
    }

    @Test("one more than is advised is told at once, and at the end")
    func tooMany() throws {
        let bench = try makeBench()
        try bench.call("session.start", good)
        var found: [[String?]] = []
        for _ in 1...4 {
            found.append(try bench.call("session.pass", [:]).objects("findings").map { $0.string("code") })
        }
        #expect(found == [[], [], [], ["too-many-passes"]])
        let finished = try bench.call("session.finish", [:])
        #expect(finished.objects("findings").map { $0.string("code") } == ["too-many-passes"])
    }
}
