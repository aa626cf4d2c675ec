import MneedleClient
import MneedleWire
import Testing

@testable import MneedleNotify

@Suite("What is kept between the daemon and the screen")
struct InboxTests {
    static func due(_ reminder: Int64, seq: Int64, title: String = "Clean roller now", late: Bool = false) -> Event {
        let body: JSON = [
            "reminder": .integer(reminder), "person": "anna", "kind": "cleaning", "title": .string(title),
            "body": "Soak it.", "due": "2026-11-20T17:00:00Z", "state": "due", "urgency": "normal",
            "device": "roller", "late": .bool(late),
            "sources": [["id": "S1", "title": "An article", "evidence": "article"]],
        ]
        return Event(seq: seq, topic: "reminder.due", body: body)
    }

    static func state(_ state: String, of reminder: Int64, seq: Int64) -> Event {
        Event(
            seq: seq, topic: "reminder.closed",
            body: ["reminder": .integer(reminder), "title": "Clean roller now", "state": .string(state)])
    }

    static let alarm: JSON = [
        "session": 3, "person": "anna", "device": "pen-1", "code": "depth-over-plan", "field": "depth_mm",
        "value": 0.41, "limit": 0.3, "at": "2026-11-20T17:00:00Z",
    ]

    /// An inbox whose first reminder is on the screen of a server.
    static func showing(_ id: UInt32 = 7) -> Inbox {
        var inbox = Inbox()
        inbox.serverAppeared("bus/:1.1", isNew: true)
        inbox.take(due(1, seq: 10)) { _ in true }
        inbox.shown("reminder/1", revision: inbox.notices[0].revision, id: id)
        return inbox
    }

    @Test("a reminder is to be shown until the server has given it a number")
    func shownOnce() {
        var inbox = Inbox()
        inbox.take(Self.due(1, seq: 10)) { _ in true }
        #expect(inbox.seen == 10)
        #expect(inbox.notices.map(\.isCurrent) == [false])
        inbox.shown("reminder/1", revision: inbox.notices[0].revision, id: 7)
        #expect(inbox.notices.map(\.isCurrent) == [true])
    }

    @Test(
        "what is closed elsewhere leaves the screen, or never comes to it", arguments: ["done", "dismissed", "snoozed"])
    func closedElsewhere(state: String) {
        var inbox = Self.showing(7)
        inbox.take(Self.state(state, of: 1, seq: 11)) { _ in true }
        #expect(inbox.notices.isEmpty)
        #expect(inbox.withdrawn == [7])

        inbox = Inbox()
        inbox.take(Self.due(1, seq: 10)) { _ in true }
        inbox.take(Self.state(state, of: 1, seq: 11)) { _ in true }
        #expect(inbox.notices.isEmpty)
        #expect(inbox.withdrawn.isEmpty)
    }

    @Test("what is closed while the server is about to show it is taken away again")
    func closedInFlight() {
        var inbox = Inbox()
        inbox.take(Self.due(1, seq: 10)) { _ in true }
        let revision = inbox.notices[0].revision
        inbox.take(Self.state("done", of: 1, seq: 11)) { _ in true }
        inbox.shown("reminder/1", revision: revision, id: 9)
        #expect(inbox.withdrawn == [9])
    }

    @Test("an update takes the earlier one's place")
    func update() {
        var inbox = Self.showing(7)
        inbox.take(Self.due(1, seq: 12, title: "Clean it at last")) { _ in true }
        #expect(inbox.notices.count == 1)
        #expect(!inbox.notices[0].isCurrent)
        #expect(inbox.notices[0].shown?.id == 7)
        #expect(!inbox.notices[0].isQuiet)
    }

    @Test("another server shows everything anew; the same one in its place, without a sound")
    func servers() {
        var inbox = Self.showing(7)
        inbox.serverAppeared("bus/:1.1", isNew: false)
        #expect(inbox.notices[0].isCurrent)
        inbox.serverAppeared("bus/:1.1", isNew: true)
        #expect(!inbox.notices[0].isCurrent)
        #expect(inbox.notices[0].shown?.id == 7)
        #expect(inbox.notices[0].isQuiet)
        inbox.serverAppeared("bus/:1.2", isNew: true)
        #expect(inbox.notices[0].shown == nil)
        inbox = Self.showing(7)
        inbox.serverVanished()
        #expect(!inbox.notices[0].isCurrent)
        #expect(inbox.notices[0].shown == nil)
    }

    @Test("what somebody puts away is neither answered nor shown again")
    func putAway() {
        var inbox = Self.showing(7)
        inbox.closed(7)
        #expect(inbox.notices.isEmpty)
        #expect(inbox.answers.isEmpty)
        #expect(inbox.withdrawn.isEmpty)
        #expect(inbox.seen == 10)
    }

    @Test("an answer is kept until the daemon has dealt with it, and is the same answer each time")
    func answers() {
        var inbox = Self.showing(7)
        inbox.chosen(.snoozeWeek, on: 7)
        #expect(inbox.notices.isEmpty)
        #expect(inbox.answers.map(\.verb) == ["scheduling.snooze"])
        #expect(inbox.answers[0].request["reminder"] == 1)
        #expect(inbox.answers[0].request["for"] == "7d")
        #expect(inbox.answers[0].idempotencyKey.utf8.count <= 64)
        #expect(Inbox(inbox.json) == inbox)
        // The server closes what was answered.
        inbox.closed(7)
        #expect(inbox.withdrawn.isEmpty)
        inbox.answered()
        #expect(inbox.answers.isEmpty)
        #expect(inbox.notices.isEmpty)
    }

    @Test("a refused answer is told")
    func refused() {
        var inbox = Self.showing(7)
        inbox.chosen(.done, on: 7)
        inbox.answered(refusal: "needs the role operator")
        #expect(inbox.notices.map(\.kind) == [.refusal])
        #expect(inbox.notices[0].body == "needs the role operator")
    }

    @Test("why: the notification comes again with reason and sources, also where the server closed it meanwhile")
    func why() {
        var inbox = Self.showing(7)
        inbox.chosen(.why, on: 7)
        inbox.closed(7)
        #expect(inbox.answers.isEmpty)
        #expect(inbox.notices.map(\.isExplained) == [true])
        #expect(inbox.notices.map(\.isCurrent) == [false])
        #expect(inbox.notices[0].shown == nil)
        #expect(inbox.notices[0].reasons.last == "Source: An article (article)")
        #expect(inbox.notices[0].reasons[0].contains("cleaning"))
        #expect(inbox.notices[0].reasons[0].contains("roller"))
    }

    @Test("an alarm presses until it is over, and is seen in any case")
    func alarms() {
        var inbox = Inbox()
        inbox.take(Event(seq: 5, topic: "telemetry.alarm", body: Self.alarm)) { _ in true }
        #expect(inbox.notices.map(\.urgency) == [.critical])
        #expect(inbox.notices[0].title == "Alarm: depth over plan")
        #expect(inbox.notices[0].body.contains("0.41, the limit is 0.3"))
        let over: JSON = ["session": 3, "code": "depth-over-plan", "at": "2026-11-20T17:00:02Z"]
        inbox.take(Event(seq: 6, topic: "telemetry.alarm-over", body: over)) { _ in true }
        #expect(inbox.notices.map(\.urgency) == [.normal])
        #expect(inbox.notices[0].body.contains("Over since"))
    }

    @Test("what concerns people that this user does not want to see is seen and not shown")
    func otherPeople() {
        var inbox = Inbox()
        inbox.take(Self.due(1, seq: 10)) { $0 == "berta" }
        #expect(inbox.notices.isEmpty)
        #expect(inbox.seen == 10)
    }

    @Test("a start with a daemon that cannot be followed up shows what is due there, and keeps what is on the screen")
    func begin() {
        var inbox = Self.showing(7)
        inbox.take(Self.due(2, seq: 11)) { _ in true }
        inbox.shown("reminder/2", revision: inbox.notices[1].revision, id: 8)
        inbox.begin(
            at: 99, of: "/run/x", due: [Self.due(2, seq: 0).body, Self.due(3, seq: 0).body], wanted: { _ in true })
        #expect(inbox.notices.map(\.key) == ["reminder/2", "reminder/3"])
        #expect(inbox.notices.map(\.isCurrent) == [true, false])
        #expect(inbox.withdrawn == [7])
        #expect(inbox.seen == 99)
    }

    @Test("a digest stays until all that it tells of is answered")
    func digest() {
        var inbox = Inbox()
        let body: JSON = [
            "person": "anna", "title": "2 reminders came while the service was off", "body": "Clean\nSoak",
            "reminders": [["reminder": 4], ["reminder": 5]],
        ]
        inbox.take(Event(seq: 9, topic: "reminder.digest", body: body)) { _ in true }
        #expect(inbox.notices.map(\.title) == ["2 reminders came while the service was off"])
        inbox.take(Self.state("done", of: 4, seq: 10)) { _ in true }
        #expect(Inbox(inbox.json) == inbox)
        #expect(inbox.notices.map(\.digested) == [[5]])
        inbox.take(Self.state("done", of: 5, seq: 11)) { _ in true }
        #expect(inbox.notices.isEmpty)
    }

    @Test("what is late says so")
    func late() {
        var inbox = Inbox()
        inbox.take(Self.due(1, seq: 10, late: true)) { _ in true }
        #expect(inbox.notices[0].body.contains("comes late"))
    }
}
