import Foundation
import MneedleTestKit
import MneedleWire
import Testing

/// A daemon with all modules that serves two people of one household, of whom one pries.
final class Household {
    static let prying = "nobody"
    static let other = "daemon"
    /// Words in everything that the other one says of themselves, each in as many places as take a word.
    private static let words = [
        "zilpzalp", "rotkehlchen", "wiedehopf", "gartenrotschwanz", "neuntoeter", "birkenzeisig", "stieglitz",
        "wendehals", "schwarzspecht", "zaunkoenig", "grasmuecke", "kathmandu",
    ]

    let daemon: DaemonProcess
    /// The session of the other one that runs.
    private(set) var running = 0
    private var entries = 0

    static func configuration(_ people: String) -> String {
        """
        [access]
        people = "\(people)"
        [roles.practitioner]
        users = ["\(prying)", "\(other)"]
        [roles.operator]
        users = ["games"]

        """
    }

    init(isTreating: Bool = true, people: String = "household") throws {
        let folder = try ModulesFolder(
            real: ["Records", "Screening", "Session", "Scheduling", "Sterilization", "Telemetry", "Aftercare"])
        daemon = try trialDaemon(Household.configuration(people), modules: folder)
        let admin = try daemon.connect()
        _ = try admin.ok("records.add-device device=shared-pen kind=pen cartridges=yes max_depth_mm=2")
        let (mine, theirs) = (try daemon.connect(as: Household.prying), try daemon.connect(as: Household.other))
        _ = try mine.ok("records.add-person person=anna")
        _ = try mine.ok("records.add-device device=anna-pen kind=pen max_depth_mm=2.5 cartridges=yes owner=anna")
        for request in Household.records { _ = try theirs.ok(request) }
        if people == "practice" {
            _ = try admin.ok("records.change-person person=zilpzalp unix_user=\(Household.other)")
            _ = try admin.ok("records.change-person person=anna unix_user=\(Household.prying)")
        }
        if isTreating { try treat() }
    }

    private static let records = [
        "records.add-person person=zilpzalp name=Rotkehlchen time_zone=Asia/Kathmandu fitzpatrick=3",
        "records.add-person person=zaunkoenig name=Rotkehlchen time_zone=Asia/Kathmandu",
        "records.add-device device=wiedehopf kind=roller needle_mm=0.3 material=titanium owner=zilpzalp "
            + "model=Gartenrotschwanz serial=Schwarzspecht",
    ]

    /// A day some weeks from now.
    private static var soon: String { String(Date().addingTimeInterval(60 * 86_400).ISO8601Format().prefix(10)) }

    private static let treatment = [
        "records.clear person=zilpzalp finding=pregnancy by=Neuntoeter until=\(soon) note=Birkenzeisig",
        "screening.assess person=zilpzalp areas=cheeks \(answers)",
        "screening.assess person=zaunkoenig areas=cheeks \(answers)",
        "sterilization.soak device=wiedehopf agent=isopropyl-alcohol concentration_percent=70 minutes=10 hands_washed=yes clean_surface=yes",
        "sterilization.soak device=shared-pen agent=isopropyl-alcohol concentration_percent=70 minutes=10 hands_washed=yes clean_surface=yes",
        "sterilization.open-cartridge cartridge=stieglitz device=shared-pen person=zaunkoenig lot=Wendehals expires=2199-12-31",
        "scheduling.accept person=zaunkoenig sessions=2",
        "session.start person=zilpzalp device=wiedehopf areas=cheeks depth_mm=0.3",
        "session.start person=zaunkoenig device=shared-pen areas=cheeks depth_mm=0.3 cartridge=stieglitz",
        "session.finish session=1 passes=3 note=Birkenzeisig",
        "aftercare.report person=zilpzalp symptom=pus note=Wendehals",
        "scheduling.remind person=zilpzalp at=2100-01-01T00:00:00Z title=Birkenzeisig body=Wendehals",
        "scheduling.set-preferences person=zilpzalp hour=7",
    ]

    /// What the one who pries has, so that there is something to compare with.
    private static let own = [
        "screening.assess person=anna areas=cheeks \(answers)",
        "sterilization.soak device=anna-pen agent=isopropyl-alcohol concentration_percent=70 minutes=10 hands_washed=yes clean_surface=yes",
        "sterilization.open-cartridge cartridge=anna-cartridge device=anna-pen person=anna lot=L1 expires=2199-12-31",
        "session.start person=anna device=anna-pen areas=cheeks depth_mm=0.3 cartridge=anna-cartridge",
    ]

    private static let answers = Healthy.text()

    /// The other one is treated: one session is over, one runs with the device that both may use.
    func treat() throws {
        let client = try daemon.connect(as: Household.other)
        for request in Household.treatment {
            if request.hasPrefix("session.finish") { try stream(client, session: 1) }
            _ = try client.ok(request)
        }
        try stream(client, session: 2)
        running = 2
        let prying = try daemon.connect(as: Household.prying)
        for request in Household.own { _ = try prying.ok(request) }
        entries = try theirEntries().count
    }

    private func stream(_ client: RawClient, session: Int) throws {
        try client.send("telemetry.stream session=\(session)\npen depth_mm=0.3,grasmuecke=4.5\npen depth_mm=0.9\n.\n")
        var line = ""
        repeat { line = try client.line() } while !line.hasPrefix("OK ")
    }

    /// What must not be in a reply to a request that says these words.
    func marks(except said: [String]) -> [String] { Household.words.filter { !said.contains($0) } }

    private func theirEntries() throws -> [String] {
        let admin = try daemon.connect()
        return try ["zilpzalp", "zaunkoenig"].flatMap { try admin.reply("ledger.tail since=0 person=\($0)").dropLast() }
    }

    /// Nothing has become of what is the other one's.
    func expectUntouched() throws {
        let found = try theirEntries()
        #expect(entries > 20 && found.count == entries)
        #expect(!found.contains { $0.contains(#""actor":"\#(Household.prying)""#) })
        let session = try daemon.connect().ok("session.show session=\(running)")
        #expect(session["state"]?.string == "running")
    }
}

/// One request about something of the other one's, made from what `describe` says.
struct Attempt {
    let request: String
    /// What it names.
    let words: [String]
    /// What it names of the other's alone, if it does.
    private let id: String?
    /// The same request for what nobody has.
    var twin: Attempt? { twinRequest.map { Attempt(request: $0, words: [], id: Attempt.unknown(id ?? "")) } }
    private var twinRequest: String?

    private init(request: String, words: [String], id: String?, twin: String? = nil) {
        (self.request, self.words, self.id, twinRequest) = (request, words, id, twin)
    }

    /// What is named, by the kind that `describe` gives.
    private static let names: [String: [String]] = [
        "person": ["zilpzalp", "zaunkoenig"], "session": ["1", "2"], "reaction": ["1"], "cartridge": ["stieglitz"],
        "device": ["wiedehopf"], "reminder": (1...12).map(String.init),
    ]

    private static func unknown(_ id: String) -> String { Int(id) == nil ? "unbekannt" : "999999" }

    static func all(of command: JSON, in home: Household) -> [Attempt] {
        guard let verb = command["verb"]?.string, !["subscribe", "unsubscribe"].contains(verb) else { return [] }
        let required = (command["parameters"]?["required"]?.elements ?? []).compactMap(\.string)
        let properties = command["parameters"]?["properties"]?.members ?? []
        let schemas = Dictionary(properties.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        let declared = (command["concerns"]?["arguments"]?.members ?? []).map { ($0.name, $0.value.string ?? "") }
        var base: [String: String] = [:]
        for name in required { base[name] = sample(schemas[name] ?? [:], name) }
        // What it needs is one's own, and shared where it may be.
        for (name, kind) in declared where required.contains(name) { base[name] = ownName(kind) }
        var attempts = [Attempt(request: text(verb, base), words: [], id: nil)]
        for (name, kind) in declared {
            for id in names[kind] ?? [] {
                var arguments = base
                arguments[name] = quoted(id)
                var other = base
                other[name] = quoted(unknown(id))
                attempts.append(
                    Attempt(request: text(verb, arguments), words: [id], id: id, twin: text(verb, other)))
            }
            guard kind == "device" else { continue }
            var arguments = base
            arguments[name] = quoted("shared-pen")
            attempts.append(Attempt(request: text(verb, arguments), words: [], id: nil))
        }
        // By an argument that is no name of anybody's, as the ledger's.
        if schemas["person"] != nil, !declared.contains(where: { $0.0 == "person" }), verb != "records.add-person" {
            attempts.append(
                Attempt(
                    request: text(verb, base.merging(["person": "\"zilpzalp\""]) { $1 }), words: ["zilpzalp"], id: nil))
        }
        return attempts
    }

    private static func ownName(_ kind: String) -> String {
        switch kind {
        case "person": "\"anna\""
        case "device": "\"shared-pen\""
        case "cartridge": "\"anna-cartridge\""
        case "session": "3"
        default: "999999"
        }
    }

    private static func quoted(_ id: String) -> String { Int(id) == nil ? "\"\(id)\"" : id }

    private static func text(_ verb: String, _ arguments: [String: String]) -> String {
        let members = arguments.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
        return "\(verb) {\(members.joined(separator: ","))}"
    }

    /// A value that a parameter takes.
    private static func sample(_ schema: JSON, _ name: String) -> String {
        if let choice = schema["enum"]?.elements?.first?.string { return "\"\(choice)\"" }
        switch (schema["type"]?.string, schema["format"]?.string) {
        case ("integer", _), ("number", _): return schema["minimum"]?.integer.map { String(max(1, $0)) } ?? "0.5"
        case ("boolean", _): return "true"
        case ("array", _): return "[\(sample(schema["items"] ?? [:], name))]"
        case ("object", _): return "{}"
        case (_, "date"): return "\"2099-01-01\""
        case (_, "date-time"): return "\"2099-01-01T00:00:00Z\""
        case (_, "duration"): return "\"1h\""
        default: return name == "path" ? "\"/nonexistent/x\"" : "\"pregnancy\""
        }
    }

    /// Every line of the reply, in one.
    func reply(_ client: RawClient) throws -> String {
        try client.send(request + "\n")
        var lines: [String] = []
        repeat {
            lines.append(try client.line())
            if lines.last == "READY {}" { try client.send(".\n") }
        } while !lines[lines.count - 1].hasPrefix("OK ") && !lines[lines.count - 1].hasPrefix("ERR ")
        return lines.joined(separator: "\n")
    }

    /// The reply without the name that was asked for.
    func masked(_ reply: String) -> String {
        guard let id else { return reply }
        return reply.replacingOccurrences(of: "'\(id)'", with: "'…'")
            .replacingOccurrences(of: "\"id\":\(Attempt.quoted(id))", with: "\"id\":…")
            .replacingOccurrences(of: "\"got\":\"\(id)\"", with: "\"got\":…")
    }
}
