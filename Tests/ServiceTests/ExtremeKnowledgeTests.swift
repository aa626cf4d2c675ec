import Foundation
import Glibc
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Absurd values in the knowledge files")
struct ExtremeKnowledgeTests {
    /// A key of a file, wherever it stands in it.
    struct Key: Hashable, Sendable {
        let file: String
        let name: String
    }

    private static let numbers = ["0", "-1", "9223372036854775807", "1e300", "-0.0", "\"4\""]
    private static let spans = ["\"0s\"", "\"999999999w\"", "\"P999999999W\"", "\"3660d\"", "\"-1d\"", "72"]
    private static let others = ["\"\"", "[]", "-1", "\"\(String(repeating: "x", count: 9000))\""]

    /// The keys whose values stand on one line, each with what to put in their place.
    private static func extremes() throws -> [(key: Key, values: [String])] {
        let pattern = #/^([a-z_0-9]+) = (.+?)\s*(?:#[^"]*)?$/#
        var found: [Key: [String]] = [:]
        var order: [Key] = []
        for file in try FileManager.default.contentsOfDirectory(atPath: Bench.projectKnowledge).sorted() {
            let text = try String(contentsOfFile: "\(Bench.projectKnowledge)/\(file)", encoding: .utf8)
            for line in text.split(separator: "\n") {
                guard let match = line.firstMatch(of: pattern), !match.2.hasSuffix("["), !match.2.hasPrefix("\"\"\"")
                else { continue }
                let key = Key(file: file, name: String(match.1))
                let isSpan = match.2.firstMatch(of: #/^"[0-9]+[smhdw]"$/#) != nil
                let values = Double(match.2) != nil ? numbers : isSpan ? spans : others
                if found.updateValue(values, forKey: key) == nil { order.append(key) }
            }
        }
        return order.map { ($0, found[$0] ?? []) }
    }

    @Test("each of them is refused, or the service answers on with it as ever; nothing traps, nothing runs for ever")
    func extremes() throws {
        let practice = try ReloadTests.Practice()
        var (inForce, refused) = (0, 0)
        for (key, values) in try Self.extremes() {
            let path = "\(practice.knowledge)/\(key.file)"
            let good = try String(contentsOfFile: path, encoding: .utf8)
            for value in values {
                let bad = good.split(separator: "\n", omittingEmptySubsequences: false).map { line in
                    line.hasPrefix(key.name + " = ") && !line.hasSuffix("[") && !line.contains("\"\"\"")
                        ? "\(key.name) = \(value)" : String(line)
                }
                try bad.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
                if try practice.reload().hasSuffix("; reloaded") {
                    inForce += 1
                    try treat("p\(inForce)", practice.client, "\(key.file): \(key.name) = \(value.prefix(40))")
                } else {
                    refused += 1
                }
            }
            try good.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(inForce > 10 && refused > 300, "\(inForce) in force, \(refused) refused")
        #expect(try practice.reload().hasSuffix("; reloaded"))
        #expect(practice.daemon.terminate() == 0)
    }

    /// A treatment and every question about it: whatever the answers are, none is a defect.
    private func treat(_ person: String, _ client: RawClient, _ what: String) throws {
        for request in [
            "records.add-person person=\(person) setting=home goal=collagen fitzpatrick=3",
            "records.add-device device=\(person) kind=roller needle_mm=0.3 owner=\(person) material=titanium",
            "screening.assess person=\(person) areas=cheeks \(TreatmentTests.answersNo)",
            "sterilization.soak device=\(person) agent=isopropyl-alcohol concentration_percent=70 minutes=5 hands_washed=yes clean_surface=yes",
            "session.check person=\(person) device=\(person) areas=cheeks depth_mm=0.3",
            "session.start person=\(person) device=\(person) areas=cheeks depth_mm=0.3",
        ] { try sound(client.ask(request), request, what) }
        let sessions = try client.reply("session.list person=\(person)").filter { $0.hasPrefix("ROW ") }
        if let session = try sessions.first.map({ try JSON.parse(String($0.dropFirst(4))) })?["session"]?.integer {
            try sound(client.ask("session.finish session=\(session) passes=2"), "session.finish", what)
        }
        for request in [
            "scheduling.next", "scheduling.plan", "scheduling.calendar", "scheduling.list-reminders", "aftercare.plan",
            "aftercare.until", "screening.history",
        ] { try sound(client.ask("\(request) person=\(person)"), request, what) }
        for request in ["metrics", "status", "screening.questions", "session.steps", "sterilization.rules"] {
            try sound(client.ask(request), request, what)
        }
    }

    private func sound(_ reply: String, _ request: String, _ what: String) {
        #expect(!reply.hasPrefix("ERR internal") && !reply.isEmpty, "\(what): \(request) → \(reply)")
    }
}
