import MneedleKit
import MneedleTestKit
import Testing

@testable import Aftercare

@Suite("The knowledge file")
struct KnowledgeTests {
    @Test("a practice may set its own words and times")
    func edited() throws {
        #expect(try problems { $0.replacingOccurrences(of: "until = \"28d\"", with: "until = \"42d\"") } == [])
    }

    @Test("the block by an open reaction cannot be weakened")
    func firm() throws {
        let code = "code = \"open-reaction\"\nseverity = "
        for severity in ["caution", "clearance", "none"] {
            let found = try problems {
                $0.replacingOccurrences(of: code + "\"contraindicated\"", with: code + "\"\(severity)\"")
            }
            #expect(found.contains { $0.contains("'open-reaction' must be") })
        }
    }

    @Test("mistakes are all reported at once, with their place")
    func mistakes() throws {
        let found = try problems {
            $0.replacingOccurrences(of: "window = \"sun\"", with: "window = \"makeup\"")
                .replacingOccurrences(of: "aliases = [\"bpo\"]", with: "aliases = [\"retinol\"]")
                .replacingOccurrences(of: "symptom = \"fever\"", with: "symptom = \"High Fever\"")
                .replacingOccurrences(of: "from = \"24h\"", with: "from = \"100d\"")
        }
        #expect(found.contains { $0.contains("window: 'makeup' is there twice") })
        #expect(found.contains { $0.contains("product: 'retinol' is there twice") })
        #expect(found.contains { $0.contains("'high-fever'") })
        #expect(found.contains { $0.contains("until: not after 'from'") })
    }

    @Test("what is severe or becomes worse stays at least a call")
    func severe() throws {
        for key in ["severe_at_least", "worsening_at_least"] {
            let found = try problems { $0.replacingOccurrences(of: "\(key) = \"call\"", with: "\(key) = \"watch\"") }
            #expect(found.contains { $0.contains(key) && $0.contains("at least a call") })
        }
    }

    @Test("names that lead nowhere are reported")
    func dangling() throws {
        let found = try problems {
            $0.replacingOccurrences(of: "emergency_with = [\"fever\"]", with: "emergency_with = [\"fevers\"]")
                .replacingOccurrences(of: "\"moisturiser\"]", with: "\"moisturizers\"]")
                .replacingOccurrences(of: "symptom = \"other\"", with: "symptom = \"another\"")
        }
        #expect(found.contains { $0.contains("'fevers', which is no symptom here") })
        #expect(found.contains { $0.contains("'moisturizers', which is no product here") })
        #expect(found.contains { $0.contains("'other' is missing") })
    }
}
