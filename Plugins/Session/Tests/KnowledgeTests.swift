import Foundation
import MneedleKit
import MneedleTestKit
import Testing

@testable import Session

/// The problems of the project's knowledge after an edit of one of its files.
private func problems(_ file: String, _ edit: (String) -> String) throws -> [String] {
    try EditedKnowledge.problems(file, edit) { try makeBench(knowledge: $0) }
}

/// `session.toml` with a finding of other severities.
private func with(_ code: String, _ severities: String, in text: String) -> String {
    var isMeant = false
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line -> [Substring] in
        if line.hasPrefix("code = ") { isMeant = line == "code = \"\(code)\"" }
        guard isMeant else { return [line] }
        if line.hasPrefix("code = ") { return [line, Substring(severities)] }
        return ["severity = ", "home = ", "clinic = ", "override = "].contains(where: line.hasPrefix) ? [] : [line]
    }
    return lines.joined(separator: "\n")
}

@Suite("What no practice's file can weaken")
struct KnowledgeTests {
    static let everywhere = [
        "depth-over-limit", "area-not-allowed", "person-twin", "session-running", "device-retired",
        "needle-length-unknown", "depth-is-needle-length", "depth-out-of-device-range", "depth-range-unknown",
        "device-twin", "skin-type-needed",
    ]
    static let atHome = ["device-of-first-user"]
    static let inClinic = ["orbital-rim", "operator-not-qualified"]

    @Test(
        "a finding on which safety rests blocks, and no clearance and no override lifts it",
        arguments: everywhere + atHome + inClinic)
    func blocks(code: String) throws {
        let isAtHome = !Self.inClinic.contains(code)
        let isInClinic = !Self.atHome.contains(code)
        var weak = ["severity = \"info\"", "severity = \"caution\"", "severity = \"clearance\""]
        if isAtHome { weak.append("home = \"none\"\nclinic = \"contraindicated\"") }
        if isInClinic {
            weak += [
                "home = \"contraindicated\"\nclinic = \"none\"", "severity = \"defer\"\noverride = \"practitioner\"",
            ]
        }
        let place = isAtHome ? isInClinic ? "in both settings" : "at home" : "in a clinic"
        for severities in weak {
            let found = try problems("session.toml") { with(code, severities, in: $0) }
            #expect(found.count == 1, "\(code), \(severities): \(found)")
            #expect(found.first?.contains("'\(code)' must be defer or contraindicated \(place)") == true, "\(found)")
        }
        // Another severity that blocks is the practice's to choose.
        #expect(try problems("session.toml") { with(code, "severity = \"defer\"\n", in: $0) }.isEmpty)
    }

    @Test("what a practitioner may override, or what only advises, is the practice's to word and to weigh")
    func free() throws {
        for code in ["depth-over-zone", "skin-type-not-labelled", "needle-material", "roller-depth"] {
            #expect(try problems("session.toml") { with(code, "severity = \"info\"", in: $0) }.isEmpty, "\(code)")
        }
    }

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

    @Test("advice on a depth names the area that it is for, and rests on that area's sources")
    func advisedDepth() throws {
        let (advised, sources) = try EditedKnowledge.with(
            "areas.toml",
            {
                $0.replacingOccurrences(
                    of: "text = \"cheeks\"\n", with: "text = \"cheeks\"\nadvised_max_mm = 0.3\n")
            },
            { folder in
                let found = try makeBench(knowledge: folder).call("session.check", plan("anna", "pen", ["cheeks"], 0.4))
                let finding = try #require(found.objects("findings").first)
                return (finding.string("message"), finding.objects("sources").map { $0.string("id") })
            })
        #expect(advised?.contains("cheeks") == true && advised?.contains("0.3 mm") == true, "\(advised ?? "none")")
        #expect(advised?.contains("hair") == false)
        #expect(sources == ["S3", "common-practice"])
        let scalp = try makeBench().call("session.check", plan("anna", "scalp-0.8", ["scalp"], 0.8))
        let finding = try #require(scalp.objects("findings").first)
        #expect(finding.string("message")?.contains("scalp") == true)
        #expect(finding.objects("sources").map { $0.string("id") } == ["S3", "scalp-trial"])
    }
}
