import Foundation
import MneedleKit
import MneedleTestKit
import Testing

@testable import Sterilization

@Suite("The knowledge file")
struct KnowledgeTests {
    /// The problems that the module finds in the project's file after `edit`.
    private func problems(_ edit: (String) -> String) throws -> [String] {
        try EditedKnowledge.problems("sterilization.toml", edit) { try Room(knowledge: $0) }
    }

    @Test("a practice may set its own limits")
    func edited() throws {
        #expect(try problems { $0.replacingOccurrences(of: "least_minutes = 5\n", with: "least_minutes = 8\n") } == [])
    }

    @Test("a prohibition cannot be weakened, lifted or left out")
    func prohibitions() throws {
        let code = "code = \"cleaning-due\"\n"
        for severity in ["caution", "clearance", "none"] {
            let found = try problems {
                $0.replacingOccurrences(
                    of: code + "severity = \"contraindicated\"", with: code + "severity = \"\(severity)\"")
            }
            #expect(found.count == 1 && found[0].contains("'cleaning-due' must be"))
        }
        let lifted = try problems { $0.replacingOccurrences(of: code, with: code + "override = \"practitioner\"\n") }
        #expect(lifted.count == 1 && lifted[0].contains("'cleaning-due' is contraindicated in a clinic"))
        let renamed = try problems { $0.replacingOccurrences(of: code, with: "code = \"cleaning\"\n") }
        #expect(renamed.contains { $0.contains("'cleaning-due' is missing") })
    }

    @Test("a misspelt key, a missing table, an unknown source and a wrong limit are each reported")
    func mistakes() throws {
        let found = try problems {
            $0.replacingOccurrences(of: "least_percent = 60", with: "least_percent = 95")
                .replacingOccurrences(of: "[roller]", with: "[rollers]")
                .replacingOccurrences(of: "aliases = [\"ethyl-alcohol\"]", with: "aliases = [\"Ethyl Alcohol\"]")
        }
        #expect(found.contains { $0.contains("soak.most_percent") })
        #expect(found.contains { $0.contains("roller: missing") })
        #expect(found.contains { $0.contains("ethyl-alcohol") })
    }
}
