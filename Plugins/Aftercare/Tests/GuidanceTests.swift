import MneedleKit
import MneedleTestKit
import Testing

@testable import Aftercare

@Suite("Guidance")
struct GuidanceTests {
    @Test(
        "says by topic what no rule can check, with its sources",
        arguments: [
            ("hygiene", ["wash your hands", "clean surface", "sharps container", "replace cartridges"]),
            ("products", ["non-comedogenic", "granulomas", "vitamin c"]),
            ("provider", ["experienced provider", "cleared or authorised"]),
            ("limits", ["deep scars", "severe photodamage"]), ("consult", ["when you are unsure", "dermatologist"]),
        ])
    func topics(topic: String, phrases: [String]) throws {
        let rows = try Practice().bench.rows("aftercare.guidance", ["topic": topic], as: .reader)
        let text = rows.compactMap { $0.string("text") }.joined().lowercased()
        for phrase in phrases { #expect(text.contains(phrase), "\(phrase)") }
        #expect(rows.allSatisfy { $0.string("topic") == topic && $0.list("sources")?.isEmpty == false })
    }
}
