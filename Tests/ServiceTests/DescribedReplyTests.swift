import Foundation
import MneedleTestKit
import MneedleWire
import Testing

/// What `describe` says of answers is true, and another implementation of JSON Schema says so.
@Suite("Described replies", .serialized)
struct DescribedReplyTests {
    /// A treatment from the first record to the last answer, a line a request; `$n` is the session's number.
    private static let treatment = [
        "ping", "help verb=session.start", "status", "modules.list", "metrics", "describe",
        "records.add-person person=anna setting=home goal=collagen time_zone=Europe/Berlin fitzpatrick=3 first_time=no",
        "records.add-device device=roller kind=roller needle_mm=0.3 owner=anna material=titanium",
        "records.show-person person=anna", "records.show-device device=roller", "records.list-people",
        "records.list-devices", "screening.questions person=anna",
        "screening.assess person=anna areas=cheeks \(Healthy.text())", "screening.history person=anna",
        "sterilization.soak device=roller agent=isopropyl-alcohol concentration_percent=70 minutes=10 hands_washed=yes "
            + "clean_surface=yes", "sterilization.status device=roller", "session.steps person=anna",
        "session.check person=anna device=roller areas=cheeks depth_mm=0.3",
        "session.start person=anna device=roller areas=cheeks depth_mm=0.3", "session.show session=1",
        "session.finish session=1 passes=3 note=\"went well\"", "session.list person=anna",
        "session.experience person=anna", "scheduling.next person=anna", "scheduling.list-reminders person=anna",
        "aftercare.plan person=anna", "aftercare.until person=anna", "aftercare.may-use person=anna product=retinol",
        "aftercare.report person=anna symptom=pus", "aftercare.reactions person=anna",
        "aftercare.resolve reaction=1 physician=\"Dr. Lee\" judged_on=$today", "telemetry.summary session=1",
        "ledger.tail count=100", "ledger.verify",
    ]

    @Test("every answer of a whole treatment is valid by the schema that describe gives of it")
    func valid() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        let schemas = try Self.schemas(client)
        var lines: [String] = []
        for (request, reply) in try Self.treat(client) {
            let verb = String(request.prefix { $0 != " " })
            let (kind, schema) = try #require(schemas[verb])
            let word = kind == "rows" ? "ROW " : "OK "
            let answers = reply.filter { $0.hasPrefix(word) }.map { $0.dropFirst(word.count) }
            #expect(!answers.isEmpty, "\(request) says nothing")
            lines.append(Self.line(verb, schema, answers.joined(separator: ",")))
        }
        #expect(try Self.faults(lines, daemon.folder) == [])
    }

    @Test("modules.list gives the kinds of entries that modules declare, and what is recorded of them is valid by that")
    func events() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        var schemas: [String: JSON] = [:]
        var declared: [String: [String]] = [:]
        for line in try client.reply("modules.list") where line.hasPrefix("ROW ") {
            let row = try JSON.parse(String(line.dropFirst(4)))
            for event in row["events"]?.elements ?? [] {
                let kind = try #require(event["kind"]?.string)
                #expect(event["summary"]?.string?.hasSuffix(".") == true, "\(kind)")
                schemas[kind] = try #require(event["schema"])
                declared[try #require(row["name"]?.string), default: []].append(kind)
            }
        }
        #expect(
            declared == [
                "session": [
                    "session.started", "session.finished", "session.stopped", "session.explained", "session.passed",
                ],
                "records": ["person.changed", "twin.device-decided"],
                "aftercare": ["reaction.opened", "reaction.resolved"],
            ])
        _ = try Self.treat(client)
        _ = try client.ok("records.change-person person=anna goal=maintenance")
        var told: Set<String> = []
        var lines: [String] = []
        for row in try client.reply("ledger.tail count=1000") where row.hasPrefix("ROW ") {
            let entry = try JSON.parse(String(row.dropFirst(4)))
            guard let kind = entry["kind"]?.string, let schema = schemas[kind], let body = entry["body"] else {
                continue
            }
            told.insert(kind)
            lines.append(Self.line(kind, schema, body.text))
        }
        #expect(
            told == ["session.started", "session.finished", "person.changed", "reaction.opened", "reaction.resolved"])
        #expect(try Self.faults(lines, daemon.folder) == [])
    }

    /// Goes through a whole treatment; its requests with their replies.
    private static func treat(_ client: RawClient) throws -> [(request: String, reply: [String])] {
        let berlin = Date.ISO8601FormatStyle(timeZone: try #require(TimeZone(identifier: "Europe/Berlin")))
        let today = Date().formatted(berlin.year().month().day())
        return try treatment.map { line in
            let request = line.replacingOccurrences(of: "$today", with: today)
            let reply = try client.reply(request)
            try #require(reply.last?.hasPrefix("OK ") == true, "\(request) → \(reply)")
            return (request, reply)
        }
    }

    @Test("an answer with a member that is not described, or without one that is, is found")
    func invalid() throws {
        let daemon = try DaemonProcess()
        let schemas = try Self.schemas(try daemon.connect())
        let schema = try #require(schemas["session.experience"]?.schema)
        let answers = [
            #"{"person":"anna","finished":1,"needed":3,"beginner":false}"#,
            #"{"person":"anna","finished":1,"needed":3,"beginner":false,"more":1}"#,
            #"{"person":"anna","finished":1,"needed":3}"#,
            #"{"person":"anna","finished":"1","needed":3,"beginner":false}"#,
        ]
        let faults = try Self.faults(
            [Self.line("session.experience", schema, answers.joined(separator: ","))], daemon.folder)
        #expect(faults.count == 3, "\(faults)")
    }

    private static func schemas(_ client: RawClient) throws -> [String: (kind: String, schema: JSON)] {
        var schemas: [String: (kind: String, schema: JSON)] = [:]
        for line in try client.reply("describe") where line.hasPrefix("ROW ") {
            let row = try JSON.parse(String(line.dropFirst(4)))
            let verb = try #require(row["verb"]?.string)
            schemas[verb] = (row["kind"]?.string ?? "", try #require(row["reply_schema"], "\(verb)"))
        }
        return schemas
    }

    private static func line(_ verb: String, _ schema: JSON, _ answers: String) -> String {
        #"{"verb":"\#(verb)","schema":\#(schema.text),"answers":[\#(answers)]}"#
    }

    private static func faults(_ lines: [String], _ folder: String) throws -> [String] {
        let path = folder + "/answers.jsonl"
        try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        let script = ExampleTests.root + "/Tests/ServiceTests/validate_replies.py"
        let ended = try ExampleTests.run(["python3", script, path])
        try #require(ended.code == 0, "\(ended.output)")
        return ended.output.split(separator: "\n").map(String.init)
    }
}
