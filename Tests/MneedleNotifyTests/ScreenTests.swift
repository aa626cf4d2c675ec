import Foundation
import MneedleTestKit
import Testing

/// The real agent, daemon, bus, screen and notification server.
@Suite(
    "On the screen", .serialized, .timeLimit(.minutes(5)),
    .enabled(if: Screen.isThere, "needs Debian's dunst, xvfb, xdotool and imagemagick: make test-prerequisites"))
struct ScreenTests {
    @Test("a due reminder is on the screen, and a click on Done reaches the ledger")
    func done() throws {
        let screen = try Screen(try Desktop())
        try screen.desktop.startAgent()
        let reminder = try screen.desktop.remind("Clean the roller now")
        #expect(try screen.next() == "Clean the roller now|Soak ‹5› & dry|NORMAL ")
        #expect(try screen.count() == 1)
        try screen.picture("reminder")
        try screen.click("Done")
        try screen.desktop.wait(for: reminder, toBe: "done")
        try screen.desktop.agent(says: "on the screen: 0")
        #expect(try screen.count() == 0)
    }

    @Test("Why? shows reason and source, and Snooze works from there")
    func why() throws {
        let screen = try Screen(try Desktop())
        try screen.desktop.startAgent()
        let reminder = try screen.desktop.remind("Clean the roller now", urgency: "critical")
        #expect(try screen.next().hasSuffix("|CRITICAL "))
        try screen.click("Why")
        #expect(try screen.next().contains("Why: Somebody queued it as reminder \(reminder)"))
        try screen.picture("why")
        try screen.click("Snooze 1 day")
        try screen.desktop.wait(for: reminder, toBe: "snoozed")
    }

    @Test("a session's alarm presses until it is over; its end reminds of cleaning and says on which source")
    func treatment() throws {
        let screen = try Screen(try Desktop())
        try screen.desktop.startAgent()
        // Its first alarm is one that comes after it has subscribed.
        try screen.desktop.agent(says: "daemon: connected")
        let session = try screen.desktop.beginSession()
        let client = try screen.desktop.daemon.connect()
        try client.send("telemetry.stream session=\(session)\nroller depth_mm=0.29\nroller depth_mm=0.41\n")
        let alarm = try screen.next()
        #expect(alarm.hasPrefix("Alarm: depth") && alarm.contains("0.41, the limit is 0.3"), "\(alarm)")
        #expect(alarm.hasSuffix("|CRITICAL "))
        try screen.picture("alarm")
        // Back inside for longer than it takes to settle.
        let now = Int64(Date().timeIntervalSince1970 * 1e9)
        try client.send("roller depth_mm=0.29 \(now + 2_000_000_000)\nroller depth_mm=0.29 \(now + 4_000_000_000)\n.\n")
        let over = try screen.next()
        #expect(over.contains("Over since") && over.hasSuffix("|NORMAL "), "\(over)")
        _ = try screen.desktop.daemon.connect().ok("session.finish session=\(session) passes=3")
        #expect(try screen.next().hasPrefix("Clean roller now|Rinse the head"))
        try screen.desktop.agent(says: "on the screen: 2")
        #expect(try screen.count() == 2)
        try screen.click("Why", on: "Clean roller")
        #expect(try screen.next().contains("Source: "))
        try screen.picture("treatment")
        _ = try screen.desktop.daemon.connect().ok(
            "sterilization.soak device=roller agent=isopropyl-alcohol concentration_percent=70 minutes=5 hands_washed=yes clean_surface=yes"
        )
        try screen.desktop.agent(says: "on the screen: 1")
    }

    @Test("private: nothing on the screen names anybody or anything")
    func withoutFacts() throws {
        let screen = try Screen(try Desktop(flags: ["--private"]))
        try screen.desktop.startAgent()
        try screen.desktop.remind("Clean the roller of Anna")
        #expect(try screen.next() == "A reminder is due||NORMAL ")
        try screen.picture("private")
    }

    @Test("dunst, agent and daemon restart, and the answer still arrives", arguments: RestartTests.orders)
    func restarts(order: [RestartTests.Part]) throws {
        let screen = try Screen(try Desktop())
        let desktop = screen.desktop
        try desktop.startAgent()
        let reminder = try desktop.remind("Clean the roller now")
        _ = try screen.next()
        try desktop.agent(says: "on the screen: 1")
        for part in order {
            switch part {
            case .agent:
                desktop.stopAgent()
                try desktop.startAgent()
                _ = try screen.next()
            case .daemon:
                desktop.daemon.killNow()
                try desktop.daemon.start()
            case .server:
                screen.stop()
                try desktop.agent(says: "on the screen: 0")
                try screen.start()
                _ = try screen.next()
            }
            try desktop.agent(says: "on the screen: 1")
            #expect(try screen.count() == 1)
        }
        try screen.click("Done")
        try desktop.wait(for: reminder, toBe: "done")
    }
}
