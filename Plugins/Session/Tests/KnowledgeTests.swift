import Foundation
import MneedleKit
import MneedleTestKit
import Testing

@testable import Session

/// The problems of the project's knowledge after an edit of one of its files.
private func problems(_ file: String, _ edit: (String) -> String) throws -> [String] {
    try EditedKnowledge.problems(file, edit) { try makeBench(knowledge: $0) }
}

@Suite("What no practice's file can weaken")
struct KnowledgeTests {
    @Test(
        "an area without a word on face or orbital rim is refused: what is left out opens nothing in a clinic",
        arguments: [("orbital_rim = true\n", "orbital_rim"), ("face = true\n", "face")])
    func places(line: String, key: String) throws {
        let found = try problems("areas.toml") { text in
            let area = text.range(of: "[area.under-eyes]")!
            let place = text.range(of: line, range: area.upperBound..<text.endIndex)!
            return text.replacingCharacters(in: place, with: "")
        }
        #expect(found.count == 1 && found.first?.contains("area.under-eyes.\(key): missing") == true, "\(found)")
    }
}
