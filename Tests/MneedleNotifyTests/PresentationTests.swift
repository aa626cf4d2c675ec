import Testing

@testable import MneedleNotify

@Suite("A notification fits its server")
struct PresentationTests {
    static let everything: Set = ["actions", "body", "body-markup", "persistence"]

    static func notice(_ urgency: Notice.Urgency = .normal) -> Notice {
        Notice(
            "reminder/4", .reminder, reminder: 4, title: "Clean <pen> & roller", body: "Soak > 5 min\u{0}\u{7}",
            urgency: urgency, reasons: ["Why: used.", "Source: A & B"])
    }

    @Test("all that the server can do is used")
    func full() {
        let made = Presentation(capabilities: Self.everything).notification(of: Self.notice())
        #expect(made.summary == "Clean <pen> & roller")
        #expect(made.body == "Soak &gt; 5 min")
        #expect(made.actions == [.done, .snoozeDay, .snoozeWeek, .why])
        #expect(made.hints["urgency"] == .byte(1))
        #expect(made.hints["desktop-entry"] == .text("mneedle-notify"))
        #expect(made.hints["category"] == .text("x-mneedle.reminder"))
        #expect(made.expires == -1)
        #expect(made.icon == "appointment-soon")
    }

    @Test("without markup there are no tags to be filtered out; without actions the text says how to answer")
    func plain() {
        let made = Presentation(capabilities: ["body"]).notification(of: Self.notice())
        #expect(made.body == "Soak › 5 min\nAnswer with: mneedlectl scheduling done --reminder 4")
        #expect(made.actions.isEmpty)
    }

    @Test("without a body everything stands in the summary")
    func noBody() {
        let made = Presentation(capabilities: ["actions"]).notification(of: Self.notice())
        #expect(made.summary == "Clean <pen> & roller: Soak > 5 min")
        #expect(made.body.isEmpty)
    }

    @Test("what nobody could find again does not expire; what is critical never does and is resident")
    func staying() {
        let forgetful = Presentation(capabilities: ["body"])
        #expect(forgetful.notification(of: Self.notice(.low)).expires == -1)
        #expect(forgetful.notification(of: Self.notice(.normal)).expires == 0)
        let critical = Presentation(capabilities: Self.everything).notification(of: Self.notice(.critical))
        #expect(critical.expires == 0)
        #expect(critical.hints["resident"] == .flag(true))
        #expect(critical.hints["urgency"] == .byte(2))
    }

    @Test(
        "private: neither names nor health data, and no way to ask for them", arguments: [everything, ["actions"], []])
    func withoutFacts(capabilities: Set<String>) {
        var notice = Self.notice()
        notice.isExplained = true
        let made = Presentation(capabilities: capabilities, isPrivate: true).notification(of: notice)
        #expect(made.summary.hasPrefix("A reminder is due"))
        for word in ["pen", "Soak", "used", "A & B"] { #expect(!(made.summary + made.body).contains(word)) }
        #expect(!made.actions.contains(.why))
        #expect(made.actions.contains(.done) == capabilities.contains("actions"))
    }

    @Test("who may not answer is offered no answer")
    func readers() {
        let made = Presentation(capabilities: Self.everything, mayAnswer: false).notification(of: Self.notice())
        #expect(made.actions == [.why])
    }

    @Test("who asked why reads it, in the place of the question")
    func explained() {
        var notice = Self.notice()
        notice.isExplained = true
        notice.shown = Notice.Shown(id: 9, revision: 0)
        let made = Presentation(capabilities: Self.everything).notification(of: notice)
        #expect(made.replaces == 9)
        #expect(made.body == "Soak &gt; 5 min\nWhy: used.\nSource: A &amp; B")
        #expect(made.actions == [.done, .snoozeDay, .snoozeWeek])
    }
}
