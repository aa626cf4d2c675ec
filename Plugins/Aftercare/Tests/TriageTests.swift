import MneedleKit
import MneedleTestKit
import Testing

@testable import Aftercare

@Suite("How serious a symptom is taken")
struct TriageTests {
    @Test(
        "the words that people use are known",
        arguments: [
            ("Blisters", "blisters"), ("cold sore", "blisters"), ("burning", "burning"), ("stinging", "burning"),
            ("scabs", "crusting"), ("oozing", "oozing"), ("eye pain", "eye-pain"), ("lumps", "lumps"),
            ("swollen glands", "swollen-glands"), ("itchy", "itching"), ("swollen face", "face-swelling"),
            ("dizzy", "dizziness"), ("numb lips", "mouth-numbness"), ("racing heart", "palpitations"),
            ("severe redness", "redness"), ("heavy bleeding", "persistent-bleeding"), ("pimple", "red-bumps"),
        ])
    func names(word: String, symptom: String) throws {
        let reply = try Practice().report("anna", word)
        #expect(reply.string("symptom") == symptom && reply["suggestions"] == nil)
    }

    @Test(
        "what is severe, or becomes worse, is a call at least, also in the first days",
        arguments: ["redness", "tenderness", "swelling", "warmth", "dryness", "flaking", "bruising"])
    func severeOrWorse(symptom: String) throws {
        func action(_ word: String, severity: String? = nil, worsening: Bool? = nil) throws -> String? {
            let practice = try Practice()
            try practice.treat(1, "anna")
            practice.bench.clock.advance(hours: 2)
            return try practice.report("anna", word, severity: severity, worsening: worsening).string("action")
        }
        #expect(try action(symptom) == "expected")
        for found in [
            try action(symptom, severity: "severe"), try action(symptom, worsening: true),
            try action("severe \(symptom)"), try action("worsening \(symptom)"),
        ] { #expect(["call", "urgent"].contains(found)) }
        // Nobody says that it becomes worse, but it was reported as mild before.
        let practice = try Practice()
        try practice.treat(1, "anna")
        #expect(try practice.action("anna", symptom) == "expected")
        #expect(try practice.action("anna", symptom, severity: "moderate") == "call")
    }

    @Test("no text for what is moderate or severe calls it usual or normal")
    func neverUsual() throws {
        let names = try Practice().bench.rows("aftercare.symptoms").compactMap { $0.string("symptom") }
        for severity in ["moderate", "severe"] {
            for hours in [0.0, 2, 80] {
                let practice = try Practice()
                try practice.treat(1, "cleo")
                practice.bench.clock.advance(hours: hours)
                for name in names {
                    let reply = try practice.report("cleo", name, severity: severity)
                    let text = reply.list("findings")?.description.lowercased() ?? ""
                    #expect(!text.contains("usual") && !text.contains("normal"), "\(name), \(severity): \(text)")
                    #expect(reply.string("action") != "expected", "\(name), \(severity)")
                }
            }
        }
    }

    @Test("what becomes worse is not told to belong to healing")
    func worseText() throws {
        let practice = try Practice()
        try practice.treat(1, "anna")
        let reply = try practice.report("anna", "redness", worsening: true)
        #expect(reply.list("findings")?.description.contains("mild sunburn") == false)
    }

    @Test("blisters are urgent, and an emergency with fever, whichever is told first")
    func blisters() throws {
        #expect(try Practice().action("anna", "blisters") == "urgent")
        #expect(try Practice().report("anna", "blisters", with: ["fever"]).string("action") == "emergency")
        for (first, second) in [("blisters", "fever"), ("fever", "blisters")] {
            let practice = try Practice()
            #expect(try practice.action("anna", first) == "urgent")
            #expect(try practice.action("anna", second) == "emergency")
        }
    }

    @Test("what is there beside it is reported too")
    func together() throws {
        let practice = try Practice()
        _ = try practice.report("anna", "redness", with: ["pus", "sparkles"])
        let reported = try practice.bench.ledger(kind: "symptom.reported").map { $0.body.string("symptom") }
        #expect(reported == ["redness", "pus", "other"])
        #expect(Set(try practice.findings("anna").map(\.code)) == ["open-reaction"])
    }

    @Test(
        "the symptoms of too much numbing cream are emergencies that stop the session",
        arguments: ["dizziness", "fainting", "palpitations", "seizure", "numbness of the mouth"])
    func numbingCream(symptom: String) throws {
        let practice = try Practice()
        try practice.start(1, "cleo")
        let reply = try practice.report("cleo", symptom)
        #expect(reply.string("action") == "emergency")
        #expect(reply.findingCodes.contains("stop-session") && reply.integer("reaction") != nil)
    }

    @Test("mild swelling in the first hours after a session of the face is watched; anything more is an emergency")
    func swollenFace() throws {
        func action(
            _ severity: String? = nil, after hours: Double = 2, areas: [String] = ["cheeks"],
            with others: [String]? = nil
        ) throws -> String? {
            let practice = try Practice()
            try practice.start(1, "anna", areas: areas)
            try practice.end(1, "anna", areas: areas)
            practice.bench.clock.advance(hours: hours)
            return try practice.report("anna", "swollen face", severity: severity, with: others).string("action")
        }
        #expect(try action() == "watch")
        #expect(try action("moderate") == "emergency")
        #expect(try action(after: 13) == "emergency")
        #expect(try action(areas: ["scalp"]) == "emergency")
        #expect(try Practice().action("anna", "swollen face") == "emergency")
        for other in ["hives", "trouble breathing", "swollen tongue"] {
            #expect(try action(with: [other]) == "emergency", "\(other)")
        }
        #expect(try Practice().report("anna", "swelling", with: ["hives"]).string("action") == "emergency")
    }

    @Test("mild itching while the skin flakes does not block; on the first day, or more than mild, it does")
    func itching() throws {
        func report(after hours: Double, _ severity: String? = nil, since: String? = nil) throws -> Object {
            let practice = try Practice()
            try practice.treat(1, "anna")
            practice.bench.clock.advance(hours: hours)
            return try practice.report("anna", "itching", since: since, severity: severity)
        }
        let flaking = try report(after: 72)
        #expect(flaking.string("action") == "watch" && flaking["reaction"] == nil)
        for blocked in [
            try report(after: 2), try report(after: 72, "moderate"), try report(after: 72, since: "3d"),
            try report(after: 24 * 8), try Practice().report("anna", "itching"),
        ] { #expect(blocked.string("action") == "call" && blocked.integer("reaction") != nil) }
    }

    @Test("in mid-session whatever is more than healing says stop")
    func midSession() throws {
        for (symptom, severity) in [
            ("redness", "moderate"), ("burning", "mild"), ("sparkles", "mild"), ("pus", "mild"),
        ] {
            let practice = try Practice()
            try practice.start(1, "anna")
            practice.bench.clock.advance(hours: 1)
            #expect(try practice.report("anna", symptom, severity: severity).findingCodes.contains("stop-session"))
        }
        let practice = try Practice()
        try practice.start(1, "anna")
        #expect(try practice.report("anna", "redness").findingCodes == ["symptom-expected"])
    }
}
