import MneedleKit
import MneedleTestKit
import Testing

@testable import Aftercare

@Suite("What a symptom means")
struct SymptomTests {
    @Test("redness for a day is expected, for five days it is a call")
    func redness() throws {
        let practice = try Practice()
        #expect(try practice.action("anna", "redness", since: "1d") == "expected")
        #expect(try practice.action("anna", "redness", since: "5d") == "call")
        #expect(try practice.action("anna", "redness", since: "72h") == "expected")
        #expect(try practice.action("anna", "redness", since: "3d") == "expected")
        #expect(try practice.action("anna", "redness", since: "4321m") == "call")
    }

    @Test("without `since` the time since the session counts, to the hour")
    func sinceSession() throws {
        let practice = try Practice()
        try practice.treat(1, "anna")
        practice.bench.clock.advance(hours: 72)
        #expect(try practice.action("anna", "redness") == "expected")
        practice.bench.clock.advance(seconds: 1)
        #expect(try practice.action("anna", "redness") == "call")
        // What begins weeks after the session is no part of healing either.
        #expect(try practice.action("anna", "redness", since: "1h") == "call")
    }

    @Test("pus is urgent and an open reaction blocks sessions until it is resolved")
    func pus() throws {
        let practice = try Practice()
        try practice.treat(1, "anna")
        let reply = try practice.report("anna", "pus")
        #expect(reply.string("action") == "urgent")
        let reaction = try #require(reply.integer("reaction"))
        #expect(reply.findingCodes == ["symptom-urgent", "open-reaction"])
        let findings = try practice.findings("anna")
        #expect(findings.map(\.code) == ["open-reaction"])
        #expect(findings.allSatisfy { $0.blocks && !$0.overridable && $0.severity > .clearance })
        #expect(findings[0].message.contains("reaction \(reaction)"))
        #expect(try practice.findings("ben").isEmpty)
        practice.bench.clock.advance(days: 60)
        #expect(try practice.findings("anna").map(\.code) == ["open-reaction"])
        try practice.resolve(reaction, as: .operator)
        #expect(try practice.findings("anna").isEmpty)
    }

    @Test(
        "a swelling face and trouble breathing are emergencies",
        arguments: ["face-swelling", "trouble-breathing", "swelling-of-the-face"])
    func emergency(symptom: String) throws {
        let reply = try Practice().report("cleo", symptom, severity: "mild")
        #expect(reply.string("action") == "emergency")
        #expect(reply.integer("reaction") != nil)
    }

    @Test("every symptom of the list has the action that the table of facts gives it")
    func everySymptom() throws {
        // symptom: action at once, action after its time
        let table: [String: (String, String)] = [
            "redness": ("expected", "call"), "swelling": ("expected", "call"), "warmth": ("expected", "call"),
            "tenderness": ("expected", "call"), "dryness": ("expected", "call"), "flaking": ("expected", "call"),
            "pinpoint-bleeding": ("watch", "call"), "bruising": ("expected", "call"),
            "persistent-bleeding": ("call", "call"), "pain": ("call", "call"),
            "worsening-pain": ("urgent", "urgent"), "itching": ("call", "call"),
            "blisters": ("urgent", "urgent"), "burning": ("call", "call"), "crusting": ("call", "call"),
            "oozing": ("call", "call"), "scar": ("call", "call"), "numb-skin": ("call", "call"),
            "swollen-glands": ("urgent", "urgent"), "eye-pain": ("urgent", "urgent"),
            "allergic-reaction": ("urgent", "urgent"), "tongue-swelling": ("emergency", "emergency"),
            "palpitations": ("emergency", "emergency"), "seizure": ("emergency", "emergency"),
            "dizziness": ("emergency", "emergency"), "fainting": ("emergency", "emergency"),
            "mouth-numbness": ("emergency", "emergency"), "rash": ("call", "call"),
            "hives": ("call", "call"), "dark-patches": ("call", "call"), "light-patches": ("call", "call"),
            "raised-scar": ("call", "call"), "track-marks": ("call", "call"), "lumps": ("call", "call"),
            "skin-tear": ("call", "call"), "red-bumps": ("call", "call"), "pus": ("urgent", "urgent"),
            "spreading-redness": ("urgent", "urgent"), "fever": ("urgent", "urgent"),
            "face-swelling": ("emergency", "emergency"), "trouble-breathing": ("emergency", "emergency"),
            "other": ("call", "call"),
        ]
        let rows = try Practice().bench.rows("aftercare.symptoms", as: .reader)
        #expect(Set(rows.compactMap { $0.string("symptom") }) == Set(table.keys))
        for row in rows {
            let name = row.string("symptom") ?? ""
            // Each for itself: symptoms together can be an emergency.
            let practice = try Practice()
            #expect(try practice.action("anna", name, since: "1m") == table[name]?.0, "\(name)")
            #expect(try practice.action("anna", name, since: "30d") == table[name]?.1, "\(name)")
            for alias in row.strings("aliases") {
                #expect(try practice.report("anna", alias).string("symptom") == name, "\(alias)")
            }
            #expect(row.list("sources")?.isEmpty == false)
        }
    }

    @Test("what never belongs to healing blocks, what belongs to it for a time does not")
    func redFlags() throws {
        for row in try Practice().bench.rows("aftercare.symptoms") {
            let practice = try Practice()
            let name = row.string("symptom") ?? ""
            let reply = try practice.report("anna", name, since: "1m")
            // Without a session on record nothing explains itching or a swollen face.
            let blocks = row["expected_for"] == nil || ["itching", "face-swelling"].contains(name)
            #expect((reply.integer("reaction") != nil) == blocks, "\(name)")
            #expect(try practice.findings("anna").isEmpty == !blocks, "\(name)")
        }
    }

    @Test("severe is one step more serious, unusual swelling is urgent at once, moderate is at least watched")
    func degrees() throws {
        let practice = try Practice()
        #expect(try practice.action("anna", "redness", since: "1d", severity: "moderate") == "watch")
        #expect(try practice.action("anna", "redness", since: "1d", severity: "severe") == "call")
        #expect(try practice.action("anna", "redness", since: "5d", severity: "severe") == "urgent")
        #expect(try practice.action("anna", "swelling", since: "1d", severity: "severe") == "urgent")
        #expect(try practice.action("anna", "pain", severity: "moderate") == "call")
        #expect(try practice.action("anna", "pain", severity: "severe") == "urgent")
        #expect(try practice.action("anna", "pus", severity: "severe") == "emergency")
        #expect(try practice.action("anna", "trouble-breathing", severity: "severe") == "emergency")
    }

    @Test("whatever becomes urgent blocks, whether it is a red flag by itself or not")
    func urgentBlocks() throws {
        let practice = try Practice()
        #expect(try practice.report("anna", "redness", since: "5d").integer("reaction") == nil)
        #expect(try practice.report("anna", "swelling", since: "1d", severity: "severe").integer("reaction") != nil)
        #expect(try practice.findings("anna").map(\.code) == ["open-reaction"])
    }

    @Test("pinpoint bleeding is expected in a clinic, at home one stops and watches")
    func settings() throws {
        let practice = try Practice()
        #expect(try practice.action("cleo", "pinpoint-bleeding") == "expected")
        #expect(try practice.action("anna", "pinpoint-bleeding") == "watch")
        #expect(try practice.action("cleo", "pinpoint-bleeding", since: "2h") == "call")
    }

    @Test("pain, bleeding and rash stop a running session", arguments: ["pain", "persistent-bleeding", "rash"])
    func stops(symptom: String) throws {
        let practice = try Practice()
        try practice.start(7, "anna")
        #expect(try practice.report("anna", symptom).findingCodes.contains("stop-session"))
        try practice.end(7, "anna", as: "session.stopped")
        #expect(try !practice.report("anna", symptom).findingCodes.contains("stop-session"))
    }

    @Test("a report is taken without any session, and is one entry; a red flag adds one")
    func entries() throws {
        let practice = try Practice()
        _ = try practice.report("anna", "redness", since: "1d")
        #expect(try practice.bench.ledger().map(\.kind) == ["symptom.reported"])
        _ = try practice.report("anna", "pus")
        #expect(try practice.bench.ledger().map(\.kind) == ["symptom.reported", "symptom.reported", "reaction.opened"])
        let opened = try practice.bench.ledger(kind: "reaction.opened")[0]
        #expect(opened.body.string("symptom") == "pus")
        #expect(opened.body.string("action") == "urgent")
        #expect(opened.body["sets"] == nil)
    }

    @Test("a word that is not known is taken as something else, a call that blocks, with the nearest names")
    func unknown() throws {
        let practice = try Practice()
        let reply = try practice.report("anna", "rednees")
        #expect(reply.string("symptom") == "other" && reply.string("action") == "call")
        #expect(reply.strings("suggestions").contains("redness"))
        #expect(reply.findingCodes == ["symptom-call", "symptom-unknown", "open-reaction"])
        #expect(reply.list("findings")?.description.contains("Perhaps redness") == true)
        #expect(try practice.bench.ledger(kind: "symptom.reported")[0].body.string("said") == "rednees")
        let strange = try practice.report("anna", "my left ear sings")
        #expect(strange.string("symptom") == "other" && strange.string("action") == "call")
        #expect(refusal { try practice.report("nobody", "pus") }?.code == .notFound)
        #expect(try practice.bench.ledger(kind: "symptom.reported").count == 2)
    }

    @Test(
        "what needs help at once is found in a sentence, in another order and mistyped",
        arguments: [
            ("can't breathe", "trouble-breathing", "emergency"), ("I can’t breathe!", "trouble-breathing", "emergency"),
            ("cant breath", "trouble-breathing", "emergency"), ("I can not breathe", "trouble-breathing", "emergency"),
            ("my face is swollen", "face-swelling", "emergency"), ("lips swollen", "face-swelling", "emergency"),
            ("my tongue is swollen", "tongue-swelling", "emergency"), ("my eye hurts", "eye-pain", "urgent"),
            ("yellow pus", "pus", "urgent"), ("bllisters", "blisters", "urgent"), ("coldsore", "blisters", "urgent"),
            ("fever blister", "blisters", "urgent"), ("no pain but I cant breathe", "trouble-breathing", "emergency"),
            ("it is not red but full of pus", "pus", "urgent"), ("I fainted twice", "fainting", "emergency"),
        ])
    func sentences(words: String, symptom: String, action: String) throws {
        let reply = try Practice().report("cleo", words)
        #expect(reply.string("symptom") == symptom && reply.string("action") == action)
    }

    @Test(
        "what is denied, or only sounds a little like it, is a call as something else",
        arguments: ["my face is not swollen", "no fever today", "spots", "sweling", "bus"])
    func notMeant(words: String) throws {
        let reply = try Practice().report("cleo", words)
        #expect(reply.string("symptom") == "other" && reply.string("action") == "call")
    }

    @Test("what a word was taken as is said beside it")
    func takenAs() throws {
        let reply = try Practice().report("cleo", "my face is swollen")
        #expect(reply.findingCodes.contains("symptom-unknown"))
        #expect(reply.list("findings")?.description.contains("taken as swelling of the face") == true)
        #expect(try Practice().action("anna", "very red", since: "1d") == "call")
    }

    @Test("nothing that is said has a gap in it")
    func words() throws {
        let practice = try Practice()
        try practice.treat(1, "anna")
        for row in try practice.bench.rows("aftercare.symptoms") {
            for severity in ["mild", "moderate", "severe"] {
                let reply = try practice.report("anna", row.string("symptom") ?? "", severity: severity)
                let text = reply.list("findings")?.description ?? ""
                #expect(!text.contains("{"), "\(text)")
                #expect(reply.list("findings")?.isEmpty == false)
            }
        }
    }
}
