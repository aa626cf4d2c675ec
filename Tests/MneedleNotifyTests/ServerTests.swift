import Foundation
import MneedleTestKit
import MneedleWire
import Testing

/// The real agent and daemon, and a notification server that behaves as it is told.
@Suite(
    "The agent and any notification server", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: Desktop.isThere, "needs Debian's dbus and python3-dbusmock: make test-prerequisites"))
struct ServerTests {
    @Test("a due reminder is shown with all that the server can do, and Done reaches the ledger")
    func done() throws {
        let desktop = try Desktop()
        let server = try MockServer(desktop)
        try desktop.startAgent()
        let reminder = try desktop.remind("Clean the roller")
        let shown = try server.notified()
        #expect(shown["summary"] == "Clean the roller")
        #expect(shown["body"] == "Soak &lt;5&gt; &amp; dry")
        #expect(shown["replaces"] == 0)
        #expect(
            shown["actions"]?.strings == [
                "done", "Done", "snooze-1d", "Snooze 1 day", "snooze-1w", "Snooze 1 week", "why", "Why?",
            ])
        #expect(shown["hints"]?["urgency"] == 1)
        #expect(shown["hints"]?["desktop-entry"] == "mneedle-notify")
        server.obey("act \(try #require(shown["notify"]?.integer)) done")
        try desktop.wait(for: reminder, toBe: "done")
        #expect(try desktop.daemon.connect().ok("scheduling.show-reminder reminder=\(reminder)")["state"] == "done")
    }

    @Test("Snooze 1 week lets it come again in a week")
    func snooze() throws {
        let desktop = try Desktop()
        let server = try MockServer(desktop)
        try desktop.startAgent()
        let reminder = try desktop.remind("Clean the roller")
        server.obey("act \(try #require(try server.notified()["notify"]?.integer)) snooze-1w")
        try desktop.wait(for: reminder, toBe: "snoozed")
        let due = try desktop.daemon.connect().ok("scheduling.show-reminder reminder=\(reminder)")["due"]?.string
        let days = try Date(try #require(due).prefix(19) + "Z", strategy: .iso8601).timeIntervalSinceNow / 86_400
        #expect(6.9...7.1 ~= days)
    }

    @Test("Why? shows reason and sources and still can be answered, though the server has closed the question")
    func why() throws {
        let desktop = try Desktop()
        let server = try MockServer(desktop)
        try desktop.startAgent()
        let reminder = try desktop.remind("Clean the roller")
        server.obey("act \(try #require(try server.notified()["notify"]?.integer)) why")
        let explained = try server.notified()
        #expect(explained["body"]?.string?.contains("Why: Somebody queued it as reminder \(reminder)") == true)
        #expect(explained["actions"]?.strings.contains("why") == false)
        server.obey("act \(try #require(explained["notify"]?.integer)) done")
        try desktop.wait(for: reminder, toBe: "done")
    }

    @Test("a server that stumbles over pictures, buttons or hints shows the bare words")
    func bare() throws {
        let desktop = try Desktop()
        let server = try MockServer(desktop, "--bare")
        try desktop.startAgent()
        try desktop.remind("Clean the roller")
        let shown = try server.notified()
        #expect(shown["summary"] == "Clean the roller" && shown["actions"]?.strings == [] && shown["icon"] == "")
    }

    @Test("without actions and markup the text is plain and says how to answer; what cannot be found again stays")
    func poor() throws {
        let desktop = try Desktop()
        let server = try MockServer(desktop, "--capabilities", "body")
        try desktop.startAgent()
        let reminder = try desktop.remind("Clean the roller")
        let shown = try server.notified()
        #expect(
            shown["body"]?.string == "Soak ‹5› & dry\nAnswer with: mneedlectl scheduling done --reminder \(reminder)")
        #expect(shown["actions"]?.strings == [])
        #expect(shown["expires"] == 0)
    }

    @Test("private: the screen tells no names and no health data")
    func withoutFacts() throws {
        let desktop = try Desktop(flags: ["--private"])
        let server = try MockServer(desktop)
        try desktop.startAgent()
        try desktop.remind("Clean the roller of Anna")
        let shown = try server.notified()
        #expect(shown["summary"] == "A reminder is due")
        #expect(shown["body"] == "")
        #expect(shown["actions"]?.strings.contains("why") == false)
    }

    @Test("what is closed elsewhere disappears from the screen")
    func closedElsewhere() throws {
        let desktop = try Desktop()
        let server = try MockServer(desktop)
        try desktop.startAgent()
        let reminder = try desktop.remind("Clean the roller", urgency: "critical")
        let shown = try server.notified()
        #expect(shown["hints"]?["resident"] == true)
        _ = try desktop.daemon.connect().ok("scheduling.done reminder=\(reminder)")
        #expect(try server.next()["close"] == shown["notify"])
    }

    @Test("as soon as a record belongs to the user, the screen shows that person's reminders alone")
    func ownPeople() throws {
        let desktop = try Desktop()
        let server = try MockServer(desktop)
        try desktop.startAgent()
        let client = try desktop.daemon.connect()
        try desktop.remind("For Anna, who may be anybody")
        #expect(try server.notified()["summary"] == "For Anna, who may be anybody")
        let user = try JSON.parse(String(client.greeting.dropFirst("MNEEDLE 1 ".count)))["user"]?.string
        _ = try client.ok("records.add-person person=ben unix_user=\(try #require(user))")
        try desktop.remind("For Anna")
        try desktop.remind("For Ben", person: "ben", in: 0.6)
        #expect(try server.notified()["summary"] == "For Ben")
    }

    @Test("a server that refuses at first is asked again, and each reminder comes once")
    func refusing() throws {
        let desktop = try Desktop()
        let server = try MockServer(desktop, "--refuse", "2")
        try desktop.startAgent()
        try desktop.remind("Clean the roller")
        #expect(try server.next()["refused"] == 1)
        #expect(try server.next()["refused"] == 2)
        #expect(try server.notified()["summary"] == "Clean the roller")
        try desktop.remind("Buy alcohol")
        #expect(try server.notified()["summary"] == "Buy alcohol")
    }

    @Test("a server that goes in the middle of a call loses nothing")
    func disappearing() throws {
        let desktop = try Desktop()
        let mortal = try MockServer(desktop, "--die")
        try desktop.startAgent()
        try desktop.remind("Clean the roller")
        #expect(try mortal.next()["died"] == true)
        mortal.wait()
        let server = try MockServer(desktop)
        #expect(try server.notified()["summary"] == "Clean the roller")
    }

    @Test("a click while the daemon is down is sent when it is up again, by the next agent too")
    func answerWaits() throws {
        let desktop = try Desktop()
        let server = try MockServer(desktop)
        try desktop.startAgent()
        let reminder = try desktop.remind("Clean the roller")
        let id = try #require(try server.notified()["notify"]?.integer)
        try desktop.agent(says: "on the screen: 1")
        desktop.daemon.terminate()
        server.obey("act \(id) done")
        try desktop.agent(says: "answers to send: 1")
        desktop.stopAgent()
        try desktop.startAgent()
        try desktop.daemon.start()
        try desktop.wait(for: reminder, toBe: "done")
    }

    @Test("what somebody puts away does not come back with the agent")
    func putAway() throws {
        let desktop = try Desktop()
        let server = try MockServer(desktop)
        try desktop.startAgent()
        try desktop.remind("Clean the roller")
        let id = try #require(try server.notified()["notify"]?.integer)
        try desktop.agent(says: "on the screen: 1")
        server.obey("close \(id) 2")
        try desktop.agent(says: "on the screen: 0")
        desktop.stopAgent()
        try desktop.startAgent()
        try desktop.remind("Buy alcohol")
        #expect(try server.notified()["summary"] == "Buy alcohol")
    }

    @Test("a second agent of the same user leaves the first one alone")
    func secondAgent() throws {
        let desktop = try Desktop()
        try desktop.startAgent()
        try desktop.agent(says: "daemon: connected")
        let second = try ChildProcess(
            [
                DaemonProcess.products + "/mneedle-notify", "--state", desktop.folder + "/state", "--config",
                "/dev/null",
            ],
            environment: desktop.environment)
        #expect(second.wait() == 0)
    }
}
