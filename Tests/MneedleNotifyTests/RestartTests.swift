import Foundation
import MneedleTestKit
import MneedleWire
import Testing

/// Restarts of everything, in every order.
@Suite(
    "Neither lost nor repeated", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: Desktop.isThere, "needs Debian's dbus and python3-dbusmock: make test-prerequisites"))
struct RestartTests {
    enum Part: String, CaseIterable, Sendable { case agent, daemon, server }

    static let orders: [[Part]] = [
        [.agent, .daemon, .server], [.agent, .server, .daemon], [.daemon, .agent, .server],
        [.daemon, .server, .agent], [.server, .agent, .daemon], [.server, .daemon, .agent],
    ]

    /// A session in which one reminder is on the screen, and everything can be stopped and started.
    final class Session {
        let desktop: Desktop
        var server: MockServer?

        init() throws {
            desktop = try Desktop()
            server = try MockServer(desktop)
            try desktop.startAgent()
        }

        func stop(_ part: Part) {
            switch part {
            case .agent: desktop.stopAgent()
            case .daemon: desktop.daemon.killNow()
            case .server: server = nil
            }
        }

        func start(_ part: Part) throws {
            switch part {
            case .agent: try desktop.startAgent()
            case .daemon: try desktop.daemon.start()
            case .server: server = try MockServer(desktop)
            }
        }

        func notified() throws -> JSON { try #require(server).notified() }
    }

    @Test("one after the other: an open reminder stays the one that it is", arguments: orders)
    func oneByOne(order: [Part]) throws {
        let session = try Session()
        let reminder = try session.desktop.remind("First")
        var id = try #require(try session.notified()["notify"]?.integer)
        try session.desktop.agent(says: "on the screen: 1")
        for part in order {
            session.stop(part)
            if part == .server { try session.desktop.agent(says: "on the screen: 0") }
            try session.start(part)
            switch part {
            case .daemon: continue
            case .agent:
                // Into its own place: the screen still has one.
                let again = try session.notified()
                #expect(again["replaces"]?.integer == id && again["notify"]?.integer == id, "\(again)")
                #expect(again["hints"]?["suppress-sound"] == true)
            case .server:
                let again = try session.notified()
                #expect(again["replaces"] == 0 && again["summary"] == "First", "\(again)")
                id = try #require(again["notify"]?.integer)
            }
            try session.desktop.agent(says: "on the screen: 1")
        }
        // Whatever came twice would come before this.
        try session.desktop.remind("Second")
        #expect(try session.notified()["summary"] == "Second")
        try #require(session.server).obey("act \(id) done")
        try session.desktop.wait(for: reminder, toBe: "done")
    }

    @Test("all down: what becomes due meanwhile comes once, whatever starts first", arguments: orders)
    func allDown(order: [Part]) throws {
        let session = try Session()
        try session.desktop.remind("First")
        _ = try session.notified()
        try session.desktop.agent(says: "on the screen: 1")
        try session.desktop.remind("Second", in: 1)
        for part in order { session.stop(part) }
        for part in order.reversed() { try session.start(part) }
        var summaries = [try session.notified(), try session.notified()].compactMap { $0["summary"]?.string }
        try session.desktop.agent(says: "on the screen: 2")
        try session.desktop.remind("Third")
        summaries.append(try #require(try session.notified()["summary"]?.string))
        #expect(summaries.sorted() == ["First", "Second", "Third"])
    }

    @Test("an agent that is started for the first time shows what is due, and nothing of the past")
    func firstStart() throws {
        let session = try Session()
        try session.desktop.agent(says: "daemon: connected")
        session.stop(.agent)
        let answered = try session.desktop.remind("Answered")
        try session.desktop.wait(for: answered, toBe: "due")
        _ = try session.desktop.daemon.connect().ok("scheduling.done reminder=\(answered)")
        let open = try session.desktop.remind("Open")
        try session.desktop.wait(for: open, toBe: "due")
        try #require(session.desktop.forget())
        try session.start(.agent)
        #expect(try session.notified()["summary"] == "Open")
        try session.desktop.remind("Next")
        #expect(try session.notified()["summary"] == "Next")
    }

    @Test("the bus goes and another one comes: everything open is shown on that one")
    func bus() throws {
        let session = try Session()
        let desktop = session.desktop
        try desktop.remind("First")
        _ = try session.notified()
        try desktop.agent(says: "on the screen: 1")
        desktop.stopBus()
        session.stop(.server)
        try desktop.agent(says: "notification server: none")
        try desktop.remind("Second")
        try desktop.startBus()
        try session.start(.server)
        let shown = [try session.notified(), try session.notified()]
        #expect(shown.allSatisfy { $0["replaces"] == 0 })
        #expect(shown.compactMap { $0["summary"]?.string }.sorted() == ["First", "Second"])
    }

    @Test("another ledger at the same place: what is due there is shown, and nothing of the old one stays")
    func otherLedger() throws {
        let session = try Session()
        let desktop = session.desktop
        try desktop.remind("First")
        try desktop.remind("Second")
        _ = [try session.notified(), try session.notified()]
        try desktop.agent(says: "on the screen: 2")
        desktop.daemon.killNow()
        try FileManager.default.removeItem(atPath: desktop.daemon.folder + "/state")
        try desktop.daemon.start()
        _ = try desktop.daemon.connect().ok("records.add-person person=anna")
        try desktop.remind("Third")
        var seen: [JSON] = []
        while !seen.contains(where: { $0["summary"] == "Third" }) || !seen.contains(where: { $0["close"] != nil }) {
            seen.append(try #require(session.server).next())
        }
        try desktop.agent(says: "on the screen: 1, waiting: 0")
        try desktop.remind("Fourth")
        #expect(try session.notified()["summary"] == "Fourth")
    }
}
