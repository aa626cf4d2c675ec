import Foundation
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Introspection")
struct IntrospectionTests {
    private static let real = [
        "Records", "Screening", "Session", "Scheduling", "Sterilization", "Telemetry", "Aftercare",
    ]
    private static let members = [
        "verb", "module", "summary", "role", "allowed", "changes", "kind", "concerns", "parameters", "reply",
        "reply_schema", "errors",
        "example",
    ]

    private func describe(_ client: RawClient, _ arguments: String = "") throws -> [JSON] {
        try client.reply("describe \(arguments)").dropLast().map { try JSON(endOf: $0) }
    }

    @Test("describe gives every command the same members, and each parameter schema is JSON Schema 2020-12")
    func schemas() throws {
        let client = try trialDaemon(modules: ModulesFolder(real: Self.real)).connect()
        let rows = try describe(client)
        #expect(rows.count > 40)
        for row in rows {
            let verb = try #require(row["verb"]?.string)
            #expect(
                row.members?.map(\.name).filter { !["closing_schema", "final"].contains($0) } == Self.members, "\(verb)"
            )
            let schema = try #require(row["parameters"])
            #expect(Schema.faults(schema) == [], "\(verb)")
            #expect(schema["type"]?.string == "object" && schema["additionalProperties"]?.bool == false, "\(verb)")
            for property in schema["properties"]?.members ?? [] {
                #expect(property.value["description"]?.string?.isEmpty == false, "\(verb) \(property.name)")
                if property.name.hasSuffix("_mm") {
                    #expect(property.value["x-unit"]?.string == "mm", "\(verb) \(property.name)")
                }
            }
            #expect(["reader", "operator", "practitioner", "admin"].contains(row["role"]?.string), "\(verb)")
            #expect(["single", "rows", "bulk", "subscription"].contains(row["kind"]?.string), "\(verb)")
            let takesKey = schema["properties"]?["idempotency_key"] != nil
            #expect(takesKey == (row["changes"]?.bool == true && row["kind"]?.string != "bulk"), "\(verb)")
        }
    }

    @Test("what describe tells is what holds: unknown arguments are refused everywhere, required ones asked for")
    func tellsTheTruth() throws {
        let client = try trialDaemon(modules: ModulesFolder(real: Self.real)).connect()
        for row in try describe(client) {
            let verb = try #require(row["verb"]?.string)
            let unknown = try client.refused(verb + #" {"no-such-argument":1}"#)
            #expect(
                unknown.code == "invalid-argument" && unknown.members["argument"]?.string == "no-such-argument",
                "\(verb)")
            guard let first = row["parameters"]?["required"]?.strings.first else { continue }
            let missing = try client.refused(verb)
            #expect(missing.code == "invalid-argument" && missing.members["argument"]?.string == first, "\(verb)")
        }
    }

    @Test("describe and help speak of the same commands, one by one and by module; what is unknown gets suggestions")
    func narrowing() throws {
        let client = try trialDaemon().connect()
        let all = try describe(client)
        let overview = try #require(client.ok("help")["text"]?.string)
        for row in all {
            let verb = try #require(row["verb"]?.string)
            #expect(try describe(client, "verb=\(verb)") == [row])
            #expect(overview.contains("  \(verb) "))
            #expect(
                try client.ok("help verb=\(verb)")["text"]?.string?.contains(try #require(row["example"]?.string))
                    == true)
        }
        #expect(try describe(client, "verb=trial").allSatisfy { $0["verb"]?.string?.hasPrefix("trial.") == true })
        for verb in ["describe", "help"] {
            let refused = try client.refused("\(verb) verb=trial.ad")
            #expect(refused.code == "unknown-command" && refused.members["suggestions"]?.strings.first == "trial.add")
        }
    }

    @Test("every error that a command declares is one of the protocol")
    func errorsAreKnown() throws {
        let codes: Set = [
            "bad-line", "line-too-long", "unknown-command", "invalid-argument", "forbidden", "not-found", "conflict",
            "blocked",
            "busy", "storage", "module-failed", "slow-consumer", "internal",
        ]
        for row in try describe(trialDaemon(modules: ModulesFolder(real: Self.real)).connect()) {
            #expect(codes.isSuperset(of: row["errors"]?.strings ?? []), "\(row["verb"]?.string ?? "")")
        }
    }

    @Test("every command says whom it concerns, and every argument that can name somebody's is among what it says")
    func concerns() throws {
        let client = try trialDaemon(modules: ModulesFolder(real: Self.real)).connect()
        let naming = ["person", "owner", "device", "session", "with", "reminder", "reaction", "cartridge"]
        // What is opened under a new name belongs to nobody yet.
        let new = ["records.add-person person", "records.add-device device", "sterilization.open-cartridge cartridge"]
        for row in try describe(client) where row["module"]?.string != "trial" {
            let verb = try #require(row["verb"]?.string)
            let concerns = try #require(row["concerns"], "\(verb)")
            #expect(concerns["whom"]?.string != "undeclared", "\(verb)")
            let declared = Set((concerns["arguments"]?.members ?? []).map(\.name))
            let taken = (row["parameters"]?["properties"]?.members ?? []).map(\.name)
            #expect(declared.isSubset(of: taken), "\(verb)")
            let members = Set((row["reply"]?.members ?? []).map(\.name))
            // The hygiene log's lines about cartridges say more than others.
            let rows = Set((concerns["rows"]?.members ?? []).map(\.name)).subtracting(["person"])
            #expect(rows.isSubset(of: members), "\(verb)")
            // What is for an admin alone needs to name nobody.
            if ["filtered", "everybody"].contains(concerns["whom"]?.string) { continue }
            for name in taken where naming.contains(name) && !new.contains("\(verb) \(name)") {
                #expect(declared.contains(name), "\(verb) \(name)")
            }
            guard row["kind"]?.string == "rows", concerns["rows"] == nil, members.contains("person") else { continue }
            Issue.record("\(verb) lists people's without saying whose a row is")
        }
    }

    @Test(
        "what is offered for an argument stands in a listing that needs nothing, and questions in one that takes their answers"
    )
    func offers() throws {
        let rows = try describe(try trialDaemon(modules: ModulesFolder(real: Self.real)).connect())
        func row(_ verb: String?) throws -> JSON {
            try #require(rows.first { $0["verb"]?.string == verb }, "\(verb ?? "")")
        }
        var offered: Set<String> = []
        for command in rows {
            for parameter in command["parameters"]?["properties"]?.members ?? [] {
                if let values = parameter.value["x-values"] {
                    let listing = try row(values["listing"]?.string)
                    #expect(listing["kind"]?.string == "rows" && listing["parameters"]?["required"]?.elements == [])
                    #expect(listing["reply"]?[values["member"]?.string ?? ""] != nil, "\(parameter.name)")
                    offered.insert(parameter.name)
                }
                if let questions = parameter.value["x-questions"]?.string {
                    let listing = try row(questions)
                    #expect(
                        listing["parameters"]?["properties"]?[parameter.name]?["properties"]
                            == parameter.value["properties"])
                    for member in ["question", "text", "why", "required"] { #expect(listing["reply"]?[member] != nil) }
                    offered.insert(parameter.name)
                }
            }
        }
        #expect(
            offered.isSuperset(of: ["person", "device", "session", "reminder", "reaction", "owner", "with", "answers"]))
    }

    @Test("everything that is missing or wrong is told at once, with what is near, and changes nothing")
    func faults() throws {
        let client = try trialDaemon(modules: ModulesFolder(real: Self.real)).connect()
        let error = try client.refused("session.check depth_mm=deep areas=Cheeks,chn").members
        #expect(error["message"]?.string?.hasPrefix("arguments 'person' and 'device' are missing; ") == true)
        let each = error["arguments"]?.elements ?? []
        #expect(each.compactMap { $0["argument"]?.string } == ["person", "device", "areas", "depth_mm"])
        #expect(each.compactMap { $0["got"]?.string } == ["chn", "deep"])
        #expect(each[2]["suggestions"]?.strings == ["chin"])
        // One alone is told as it is.
        let one = try client.refused("records.show-person").members
        #expect(one["argument"]?.string == "person" && one["arguments"] == nil)
        // Members of an object count like arguments.
        let answers = try client.refused("screening.assess answers.warts=perhaps answers.born-on=x").members
        #expect(
            (answers["arguments"]?.elements ?? []).compactMap { $0["argument"]?.string } == [
                "person", "answers.born-on", "answers.warts",
            ])
    }

    @Test(
        "each role is told what it may, and may nothing else",
        .enabled(if: Machine.canBeOthers, "needs root, setpriv and socat"),
        arguments: ["reader", "operator", "practitioner", "admin"])
    func allowed(role: String) throws {
        let ranks = ["reader", "operator", "practitioner", "admin"]
        let rank = try #require(ranks.firstIndex(of: role))
        let daemon = try trialDaemon("[roles.\(role)]\nusers = [\"nobody\"]\n")
        let client = try daemon.connect(as: "nobody")
        for row in try describe(client) {
            let verb = try #require(row["verb"]?.string)
            let needed = try #require(row["role"]?.string.flatMap(ranks.firstIndex), "\(verb)")
            #expect(row["allowed"]?.bool == (needed <= rank), "\(verb)")
            guard needed > rank else { continue }
            // The role counts before the arguments do.
            let refused = try client.refused(verb)
            #expect(refused.code == "forbidden" && refused.members["role"]?.string == role, "\(verb)")
            #expect(refused.members["needs"] == row["role"], "\(verb)")
        }
    }
}
