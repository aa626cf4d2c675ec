import MneedleKit
import MneedleTestKit
import Testing

@testable import Session

/// The table's depths and areas on the running module. What is planned stands here as the sources give it.
@Suite("The facts in what a session may be")
struct PlanTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let fact: String
        var person = "anna"
        let device: String
        let area: String
        let most: Double
        let code: String
        var testDescription: String { "\(fact): \(code) over \(most) mm (\(area))" }
    }

    static let rows = [
        Row(fact: "S3:4c", device: "pen", area: "cheeks", most: 0.5, code: "depth-over-limit"),
        Row(fact: "S3:14", device: "pen", area: "body", most: 0.5, code: "depth-over-limit"),
        Row(fact: "S2:5a", person: "carl", device: "pen", area: "body", most: 2.5, code: "depth-over-limit"),
        Row(fact: "S3:62a", device: "scalp", area: "scalp", most: 1.0, code: "depth-over-limit"),
        Row(fact: "S3:62a", person: "carl", device: "pen", area: "scalp", most: 1.0, code: "depth-over-limit"),
        Row(fact: "S3:62b", device: "pen", area: "scalp", most: 0.5, code: "depth-over-limit"),
        Row(fact: "S2:9a", device: "roller", area: "cheeks", most: 0.3, code: "roller-depth"),
        Row(fact: "S3:69a", person: "nova", device: "pen", area: "cheeks", most: 0.25, code: "beginner-depth"),
        Row(fact: "S3:69b", person: "nova", device: "roller", area: "cheeks", most: 0.3, code: "beginner-roller"),
        Row(fact: "scalp-depth", device: "scalp", area: "scalp", most: 0.6, code: "scalp-depth"),
        Row(
            fact: "face-evaluated", person: "carl", device: "pen", area: "chin", most: 1.5, code: "depth-not-evaluated"),
        Row(fact: "zones", person: "carl", device: "pen", area: "forehead", most: 0.5, code: "depth-over-zone"),
        Row(fact: "zones", person: "carl", device: "pen", area: "cheeks", most: 1.0, code: "depth-over-zone"),
        Row(fact: "zones", person: "carl", device: "pen", area: "nose", most: 0.5, code: "depth-over-zone"),
        Row(fact: "zones", person: "carl", device: "pen", area: "upper-lip", most: 0.5, code: "depth-over-zone"),
        Row(fact: "neck-and-body", person: "carl", device: "pen", area: "neck", most: 0.5, code: "depth-over-zone"),
        Row(fact: "neck-and-body", person: "carl", device: "pen", area: "body", most: 1.0, code: "depth-over-zone"),
        Row(fact: "S3:62a", person: "nova", device: "pen", area: "scalp", most: 0.5, code: "beginner-depth"),
        Row(fact: "S3:11", device: "stamp", area: "under-eyes", most: 0.3, code: "depth-over-limit"),
    ]

    @Test("a depth is judged where its source says, to the hundredth of a millimetre", arguments: rows)
    func depth(row: Row) throws {
        #expect(try codes(row.person, row.device, row.area, row.most).contains(row.code) == false)
        #expect(try codes(row.person, row.device, row.area, row.most + 0.01).contains(row.code))
    }

    @Test("eyelids and lips are never needled, the skin under the eyes at home by a stamp only")
    func areas() throws {
        for (area, person) in [("eyelids", "anna"), ("eyelids", "carl"), ("lips", "anna"), ("lips", "carl")] {
            #expect(try codes(person, "stamp", area, 0.25).contains("area-not-allowed"), "\(area), \(person)")
        }
        #expect(try codes("anna", "pen", "under-eyes", 0.25).contains("area-not-allowed"))
        #expect(try codes("anna", "stamp", "under-eyes", 0.25).contains("area-not-allowed") == false)
    }

    @Test("needles of surgical steel or titanium are fine, others get a caution")
    func materials() throws {
        #expect(try codes("anna", "brass", "cheeks", 0.25).contains("needle-material"))
        #expect(try codes("anna", "plain-steel", "cheeks", 0.25).contains("needle-material-unclear"))
        #expect(try codes("anna", "pen", "cheeks", 0.25).contains("needle-material-unknown"))
        #expect(try codes("anna", "titanium", "cheeks", 0.25).contains("needle-material") == false)
    }

    @Test("a roller's needles are as deep as they are long, whatever is planned")
    func rollerLength() throws {
        // S3:4c, S3:14, S3:53: a roller of 1.5 mm cannot be set to 0.3 mm.
        let found = try codes("anna", "long-roller", "cheeks", 0.3)
        #expect(found.contains("depth-over-limit") && found.contains("depth-is-needle-length"))
    }

    private func codes(_ person: String, _ device: String, _ area: String, _ depth: Double) throws -> Set<String> {
        let bench = try Bench(definition, knowledge: KnowledgeFolder.path)
        bench.fake("records.show-person") { arguments in
            let name = arguments.text("person") ?? ""
            return Person(
                person: name, setting: name == "carl" ? .clinic : .home, goal: .collagen, firstTime: name == "nova"
            ).object
        }
        bench.fake("records.show-device") { arguments in
            let name = arguments.text("device") ?? ""
            var device = PlanTests.devices[name] ?? Device(device: name, kind: .pen, maxDepthMM: 3)
            // What cannot be set has needles of the planned length.
            if !device.kind.isAdjustable { device.needleMM = device.needleMM ?? (depth * 100).rounded() / 100 }
            return device.object
        }
        bench.fake("records.show-operator") { _ in
            ["operator": "kim", "max_depth_mm": 3.0, "trained_until": "2027-11-20"]
        }
        let plan: Object = [
            "person": person, "device": device, "areas": [area], "depth_mm": (depth * 100).rounded() / 100,
            "operator": person == "carl" ? "kim" : nil,
        ]
        let reply = try bench.call("session.check", plan, as: .operator)
        return Set(reply.objects("findings").compactMap { $0.string("code") })
    }

    private static let devices: [String: Device] = [
        "pen": Device(device: "pen", kind: .pen, minDepthMM: 0.2, maxDepthMM: 3),
        "stamp": Device(device: "stamp", kind: .stamp),
        "roller": Device(device: "roller", kind: .roller),
        "long-roller": Device(device: "long-roller", kind: .roller, needleMM: 1.5),
        "scalp": Device(device: "scalp", kind: .roller, areas: ["scalp"]),
        "brass": Device(device: "brass", kind: .pen, maxDepthMM: 3, material: "brass"),
        "plain-steel": Device(device: "plain-steel", kind: .pen, maxDepthMM: 3, material: "stainless-steel"),
        "titanium": Device(device: "titanium", kind: .pen, maxDepthMM: 3, material: "titanium"),
    ]
}
