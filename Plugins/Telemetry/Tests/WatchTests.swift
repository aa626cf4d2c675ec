import MneedleKit
import MneedleTestKit
import Synchronization
import Testing

@testable import Telemetry

@Suite("A depth that several connections of a device tell")
struct WatchTests {
    /// What a module of the project's own knowledge would know.
    private final class Known: Sendable {
        let knowledge = Mutex<TelemetryKnowledge?>(nil)
    }

    /// Watches session 7, which began at 0.
    private static func watch(open: [String: Watch.Breach] = [:]) throws -> Watch {
        let known = Known()
        _ = try Bench(
            ModuleDefinition(manifest: definition.manifest) { setup in
                known.knowledge.withLock { $0 = TelemetryKnowledge(setup) }
                return Module(commands: [])
            })
        let row = Row(
            columns: Columns(["session", "person", "device", "depth_mm", "started", "ended", "is_running"]),
            values: [.integer(7), .text("anna"), .text("pen-1"), .real(0.5), .integer(0), .null, .integer(1)])
        return Watch(KnownSession(row), try #require(known.knowledge.withLock { $0 }), open: open)
    }

    private static func seconds(_ count: Int64) -> Int64 { count * 1_000_000_000 }

    /// What is told when points without a depth come, the last of any other connection having been at `last`.
    private static func told(_ watch: Watch, at now: Int64, last: Int64?) -> [String] {
        watch.heard(at: seconds(now)) { last.map(seconds) }
        return watch.takeChanges().changes.map { change in
            switch change {
            case .begun(let alarm): "begun \(alarm.code)"
            case .over(let code, _, _, _): "over \(code)"
            }
        }
    }

    @Test("counts from the last depth of any of them, and not from when that was looked up")
    func fromTheLast() throws {
        let watch = try Self.watch()
        // A device that connects anew in mid-session and goes on with other fields.
        #expect(!Self.told(watch, at: 625, last: 600).contains("begun depth-unwatched"))
        #expect(!Self.told(watch, at: 629, last: 600).contains("begun depth-unwatched"))
        #expect(Self.told(watch, at: 631, last: 600) == ["begun depth-unwatched"])
        // It is told once.
        #expect(Self.told(watch, at: 700, last: 600) == [])
    }

    @Test("that stops a second time is told a second time, to a connection that has told it before too")
    func again() throws {
        let watch = try Self.watch()
        #expect(Self.told(watch, at: 31, last: nil) == ["begun depth-unwatched"])
        #expect(Self.told(watch, at: 60, last: 59) == ["over depth-unwatched"])
        #expect(Self.told(watch, at: 80, last: 59) == [])
        #expect(Self.told(watch, at: 90, last: 59) == ["begun depth-unwatched"])
    }

    @Test("that comes again ends the alarm that another connection has raised meanwhile")
    func endsAnothers() throws {
        let watch = try Self.watch()
        #expect(watch.judge(0.3, TelemetryKnowledge.depthPlace, at: Self.seconds(40)) == nil)
        #expect(Self.told(watch, at: 40, last: nil) == ["over depth-unwatched"])
    }

    @Test("of a clock that is a little ahead is no depth of the future")
    func ahead() throws {
        let watch = try Self.watch()
        #expect(!Self.told(watch, at: 100, last: 150).contains("begun depth-unwatched"))
        #expect(Self.told(watch, at: 131, last: 100) == ["begun depth-unwatched"])
    }
}
