import MneedleKit
import MneedleTestKit
import Testing

@testable import Scheduling

@Suite("A store of an older version is brought up to date and loses nothing")
struct MigrationTests {
    @Test("from version 1: past sessions count, and reminders are listed, come due and are answered")
    func fromVersion1() throws {
        let bench = try Bench(
            definition, at: "2026-11-20T12:00:00Z",
            from: (
                1,
                [
                    "INSERT INTO scheduling_sessions VALUES (1, 'anna', 1792497600000)",  // 2026-10-20T12:00:00Z
                    """
                    INSERT INTO scheduling_reminders VALUES
                        (7, 'anna', 'custom', 'Buy alcohol', NULL, 'normal', 'pending', 1795176000000, 1795176000000,
                         1792497600000, 1792497600000, NULL, NULL, NULL),
                        (8, 'anna', 'window-opens', 'Now', 'Body', 'low', 'due', 1794902400000, 1794902400000,
                         1792497600000, 1792497600000, 1, NULL, NULL)
                    """,
                ]
            ))
        bench.fake("records.show-person") { _ in Diary.person("anna").object }
        bench.fake("session.list") { _ in ["rows": [] as [Object]] }
        let reply = try bench.call("scheduling.next", ["person": "anna"])
        #expect(reply.string("last_session") == "2026-10-20T12:00:00Z")
        #expect(try bench.rows("scheduling.list-reminders", ["state": "due"]).map { $0.integer("reminder") } == [8])
        bench.clock.set(Instant("2026-11-25T00:00:00Z")!)
        try bench.fire()
        #expect(try bench.rows("scheduling.list-reminders", ["state": "due"]).map { $0.integer("reminder") } == [8, 7])
        try bench.call("scheduling.done", ["reminder": 7])
        #expect(
            try bench.rows("scheduling.list-reminders", ["state": "done"]).map { $0.string("title") } == ["Buy alcohol"]
        )
    }
}
