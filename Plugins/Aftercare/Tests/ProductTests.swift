import MneedleKit
import MneedleTestKit
import Testing

@testable import Aftercare

@Suite("What may go on the skin")
struct ProductTests {
    @Test("retinol is refused 30 hours after a session, until 72 hours after it; hyaluronic acid is allowed")
    func after30Hours() throws {
        let practice = try Practice()
        try practice.treat(1, "anna")
        practice.bench.clock.advance(hours: 30)
        let retinol = try practice.mayUse("anna", "retinol")
        #expect(retinol.bool("allowed") == false)
        #expect(retinol.string("until") == "2026-11-23T12:00:00Z")
        #expect(retinol.findingCodes == ["product-avoid", "product-defers-session"])
        let hyaluronic = try practice.mayUse("anna", "hyaluronic-acid")
        #expect(hyaluronic.bool("allowed") == true)
        #expect(hyaluronic["until"] == nil)
    }

    @Test("the window is over at exactly 72 hours, and not one second before", arguments: ["anna", "cleo"])
    func boundary(person: String) throws {
        let practice = try Practice()
        try practice.treat(1, person)
        practice.bench.clock.advance(seconds: 72 * 3600 - 1)
        #expect(try practice.mayUse(person, "retinol").bool("allowed") == false)
        practice.bench.clock.advance(seconds: 1)
        #expect(try practice.mayUse(person, "retinol").bool("allowed") == true)
        #expect(try practice.mayUse(person, "retinol").findingCodes == ["product-defers-session"])
        #expect(try practice.mayUse(person, "vitamin c").findingCodes == [])
    }

    @Test("the hours are elapsed time, also when the clocks change")
    func elapsed() throws {
        let practice = try Practice(at: "2026-10-24T12:00:00Z")
        try practice.treat(1, "anna")
        #expect(try practice.mayUse("anna", "retinol").string("until") == "2026-10-27T12:00:00Z")
    }

    @Test("a clock that was set back to before the session permits nothing sooner", arguments: [true, false])
    func clockSetBack(isOver: Bool) throws {
        let practice = try Practice()
        try practice.start(1, "anna")
        if isOver { try practice.end(1, "anna") }
        for behind in ["2026-10-01T12:00:00Z", "1970-01-03T10:00:00Z"] {
            practice.bench.clock.set(Instant(behind)!)
            let retinol = try practice.mayUse("anna", "retinol")
            #expect(retinol.bool("allowed") == false && retinol.string("until") == "2026-11-23T12:00:00Z")
            #expect(try practice.mayUse("anna", "sunscreen").bool("allowed") == false)
        }
    }

    @Test("`at` asks about another time")
    func at() throws {
        let practice = try Practice()
        try practice.treat(1, "anna")
        #expect(try practice.mayUse("anna", "retinol", at: "2026-11-23T12:59:59+01:00").bool("allowed") == false)
        #expect(try practice.mayUse("anna", "retinol", at: "2026-11-23T13:00:00+01:00").bool("allowed") == true)
        #expect(try practice.mayUse("anna", "retinol", at: "2026-11-20T11:59:59Z").bool("allowed") == true)
    }

    @Test("every product of the list is answered as the list says, in the window and after it")
    func everyProduct() throws {
        let practice = try Practice()
        try practice.treat(1, "anna")
        let rows = try practice.bench.rows("aftercare.products", as: .reader)
        #expect(rows.count >= 20)
        for row in rows {
            let avoided = row.string("use") == "avoid"
            for word in [row.string("product") ?? ""] + row.strings("aliases") {
                let inside = try practice.mayUse("anna", word)
                #expect(inside.bool("allowed") == !avoided, "\(word)")
                #expect(inside.string("product") == row.string("product"), "\(word)")
                #expect(inside.findingCodes.first == (avoided ? "product-avoid" : "product-fine"), "\(word)")
            }
        }
        practice.bench.clock.advance(hours: 72)
        for row in rows {
            #expect(try practice.mayUse("anna", row.string("product") ?? "").bool("allowed") == true)
        }
    }

    @Test(
        "all that the documents name is known",
        arguments: [
            "retinol", "strong vitamin C", "vitamin C", "AHA", "BHA", "PHA", "benzoyl peroxide", "exfoliants",
            "essential oils",
            "makeup",
        ])
    func avoided(product: String) throws {
        let practice = try Practice()
        try practice.treat(1, "cleo")
        #expect(try practice.mayUse("cleo", product).bool("allowed") == false)
    }

    @Test(
        "what helps is allowed at once",
        arguments: [
            "hyaluronic acid", "peptides", "centella asiatica", "ceramides", "copper peptides", "barrier cream",
            "moisturizer", "growth factors", "water",
        ])
    func helpful(product: String) throws {
        let practice = try Practice()
        try practice.treat(1, "anna")
        #expect(try practice.mayUse("anna", product).bool("allowed") == true)
    }

    @Test(
        "capitals, blanks, hyphens, forms and strengths do not matter",
        arguments: [
            ("Retinol", "retinol"), ("  RETINOL  serum ", "retinol"), ("Retinol serum 0.5%", "retinol"),
            ("vitamin c", "vitamin-c"), ("L_Ascorbic acid", "vitamin-c"), ("10% glycolic acid gel", "aha"),
            ("Hyaluronic-Acid serum", "hyaluronic-acid"), ("ceramide cream", "ceramides"),
        ])
    func spelling(text: String, product: String) throws {
        let practice = try Practice()
        try practice.treat(1, "anna")
        #expect(try practice.mayUse("anna", text).string("product") == product)
    }

    @Test(
        "what is not known is refused until every window is over, and is nobody's business after it",
        arguments: ["snail mucin", "hyaluronic acid with retinol", "serum", "5", "retinoll"])
    func unknown(product: String) throws {
        let practice = try Practice()
        #expect(try practice.mayUse("anna", product).bool("allowed") == true)
        try practice.treat(1, "anna")
        let reply = try practice.mayUse("anna", product)
        #expect(reply.bool("allowed") == false)
        #expect(reply.string("until") == "2026-11-23T12:00:00Z")
        #expect(reply.findingCodes == ["product-unknown"])
        practice.bench.clock.advance(hours: 72)
        #expect(try practice.mayUse("anna", product).bool("allowed") == true)
    }

    @Test("a stopped session is followed by the same care, and it begins with the first needle")
    func stopped() throws {
        let practice = try Practice()
        try practice.start(1, "anna")
        #expect(try practice.mayUse("anna", "retinol").bool("allowed") == false)
        practice.bench.clock.advance(hours: 1)
        try practice.end(1, "anna", as: "session.stopped")
        #expect(try practice.mayUse("anna", "retinol").string("until") == "2026-11-23T13:00:00Z")
        #expect(try practice.mayUse("ben", "retinol").bool("allowed") == true)
    }

    @Test("a second session begins the window anew")
    func again() throws {
        let practice = try Practice()
        try practice.treat(1, "anna")
        practice.bench.clock.advance(hours: 48)
        try practice.treat(2, "anna")
        #expect(try practice.mayUse("anna", "retinol").string("until") == "2026-11-25T12:00:00Z")
    }

    @Test("a home may shorten the window to 48 hours, not further; a clinic keeps its 72")
    func configured() throws {
        let practice = try Practice(section: ["actives_hours": 48])
        try practice.treat(1, "anna")
        try practice.treat(2, "cleo")
        #expect(try practice.mayUse("anna", "retinol").string("until") == "2026-11-22T12:00:00Z")
        #expect(try practice.mayUse("cleo", "retinol").string("until") == "2026-11-23T12:00:00Z")
        let longer = try Practice(section: ["actives_hours": 96])
        try longer.treat(1, "cleo")
        #expect(try longer.mayUse("cleo", "retinol").string("until") == "2026-11-24T12:00:00Z")
        #expect(throws: Bench.BadKnowledge.self) { try Practice(section: ["actives_hours": 47]) }
        #expect(throws: Bench.BadKnowledge.self) { try Practice(section: ["actives_hours": 0]) }
    }

    @Test("findings tell the sources of the product and speak in the person's own time")
    func sources() throws {
        let practice = try Practice()
        try practice.treat(1, "anna")
        guard case .object(let finding)? = try practice.mayUse("anna", "retinol").list("findings")?.first else {
            Issue.record("no finding")
            return
        }
        #expect(finding.string("message")?.contains("2026-11-23 13:00 (Europe/Berlin)") == true)
        #expect(finding.list("sources")?.description.contains("\"S2\"") == true)
        #expect(refusal { try practice.mayUse("nobody", "retinol") }?.code == .notFound)
    }

    @Test("no sunscreen on the first day, then a mineral one, after three days any")
    func sunscreen() throws {
        let practice = try Practice()
        try practice.treat(1, "anna")
        func allowed(_ hours: Double) throws -> [Bool?] {
            let at = Instant("2026-11-20T12:00:00Z")!.adding(hours: hours).description
            return try ["zinc oxide", "SPF 50", "avobenzone"].map {
                try practice.mayUse("anna", $0, at: at).bool("allowed")
            }
        }
        #expect(try allowed(23) == [false, false, false])
        #expect(try allowed(24) == [true, false, false])
        #expect(try allowed(71) == [true, false, false])
        #expect(try allowed(72) == [true, true, true])
    }

    @Test("while a session runs it counts as needled at this moment, however long ago it began")
    func running() throws {
        let practice = try Practice()
        try practice.start(1, "anna")
        practice.bench.clock.advance(hours: 100)
        #expect(try practice.mayUse("anna", "retinol").string("until") == "2026-11-27T16:00:00Z")
        #expect(try practice.mayUse("anna", "makeup").bool("allowed") == false)
        let until = try practice.bench.call("aftercare.until", ["person": "anna"]).string("until")
        #expect(until == "2026-11-27T16:00:00Z")
        let rows = try practice.bench.rows("aftercare.plan", ["person": "anna"])
        #expect(rows.first { $0.string("window") == "actives" }?.string("until") == "2026-11-27T16:00:00Z")
        #expect(rows.allSatisfy { $0.bool("over") == false })
        try practice.end(1, "anna")
        practice.bench.clock.advance(hours: 73)
        #expect(try practice.mayUse("anna", "makeup").bool("allowed") == true)
    }

    @Test("nothing goes on the skin before a reaction is resolved, but water and a gentle cleanser")
    func whileReacting() throws {
        let practice = try Practice()
        let reaction = try #require(try practice.report("anna", "red bumps").integer("reaction"))
        for product in ["retinol", "makeup", "hyaluronic acid", "snail mucin", "SPF 50"] {
            let reply = try practice.mayUse("anna", product)
            #expect(reply.bool("allowed") == false && reply["until"] == nil, "\(product)")
            #expect(reply.findingCodes == ["product-reaction"], "\(product)")
            #expect(reply.list("findings")?.description.contains("before the reaction is resolved") == true)
        }
        for product in ["water", "gentle cleanser"] {
            #expect(try practice.mayUse("anna", product).bool("allowed") == true, "\(product)")
        }
        try practice.resolve(reaction)
        #expect(try practice.mayUse("anna", "makeup").bool("allowed") == true)
    }

    @Test("sunscreen is for dark patches, not for dark patches with pus")
    func sunscreenWhileReacting() throws {
        let practice = try Practice()
        _ = try practice.report("anna", "dark patches")
        #expect(try practice.mayUse("anna", "zinc oxide").bool("allowed") == true)
        #expect(try practice.mayUse("anna", "makeup").bool("allowed") == false)
        _ = try practice.report("anna", "pus")
        #expect(try practice.mayUse("anna", "zinc oxide").bool("allowed") == false)
    }

    @Test(
        "what puts off the next session says until when",
        arguments: [
            ("retinol", "2026-11-27"), ("tretinoin", "2026-11-27"), ("Accutane", "2027-05-20"),
            ("chemical peel", "2026-12-20"),
        ])
    func defers(product: String, until: String) throws {
        let reply = try Practice().mayUse("anna", product)
        #expect(reply.bool("allowed") == true && reply.findingCodes == ["product-defers-session"])
        #expect(reply.list("findings")?.description.contains(until) == true)
    }
}
