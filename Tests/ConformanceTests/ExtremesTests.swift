import Foundation
import MneedleTestKit
import MneedleWire
import Testing

/// Every parameter that `describe` names is asked for with values at, next to and far beyond its limits, and with what it
/// is not at all. The daemon may refuse any of it and do any of it; it may not fail.
@Suite("Extremes of every parameter")
struct ExtremesTests {
    /// A daemon with all modules and something for each command to be about.
    private static func furnished() throws -> (DaemonProcess, known: [String: String]) {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        for request in [
            "records.add-person person=anna setting=home goal=collagen time_zone=UTC fitzpatrick=3",
            "records.add-operator operator=kim max_depth_mm=1.5",
            "records.add-device device=roller-1 kind=roller needle_mm=0.3 owner=anna material=titanium",
            "records.add-device device=pen-1 kind=pen max_depth_mm=2.5 cartridges=yes",
            "records.add-device device=steel-1 kind=stamp needle_mm=0.5 material=steel",
            "screening.assess person=anna areas=cheeks \(answers)",
            "sterilization.soak device=roller-1 agent=isopropyl-alcohol concentration_percent=70 minutes=5 hands_washed=yes clean_surface=yes",
        ] {
            // What a module thinks of it is not what is tested here.
            let reply = try client.ask(request)
            #expect(!reply.contains("unknown-command"), "\(request) → \(reply)")
        }
        let start = "session.start person=anna device=roller-1 areas=cheeks depth_mm=0.3"
        let session = try #require(client.ok(start)["session"]?.integer)
        try client.send(
            "telemetry.stream session=\(session)\npen depth_mm=0.3,on=true\npen depth_mm=0.2,note=\"x\"\n.\n")
        var line = try client.line()
        while line.hasPrefix("READY ") || line.hasPrefix("ACK ") { line = try client.line() }
        #expect(line.hasPrefix("OK "))
        let reaction = try client.ok("aftercare.report person=anna symptom=pus")["reaction"]?.integer
        let remind = "scheduling.remind at=2199-12-31T12:00:00Z title=soon person=anna"
        let reminder = try client.reply(remind).last.flatMap { try? JSON(endOf: $0)["reminder"]?.integer }
        return (
            daemon,
            [
                "session": "\(session)", "with": "\(session)", "reaction": "\(reaction ?? 1)",
                "reminder": "\(reminder ?? 1)", "path": "\"\(daemon.folder)/state/backups/extremes.sqlite\"",
                "tag": "\"a\"",
                // The examples' own days are over some day.
                "scheduling.remind.at": "\"\(day(after: 80))T09:00:00Z\"",
                "session.log.at": "\"\(day(after: -40))T09:00:00Z\"", "start": "\"\(day(after: 80))\"",
                "until": "\"\(day(after: 80))\"",
                "trained_until": "\"\(day(after: 80))\"",
                "judged_on": "\"\(day(after: 0))\"",
            ]
        )
    }

    private static func day(after days: Int) -> String {
        let date = Date(timeIntervalSinceNow: Double(days) * 86_400)
        return String(date.ISO8601Format().prefix(10))
    }

    private static let answers = Healthy.text()

    @Test("whatever a parameter is given, there is one well-formed reply, no defect, and the same process afterwards")
    func everything() throws {
        let (daemon, known) = try Self.furnished()
        let commands = try daemon.connect().reply("describe").dropLast().map { try Command(JSON(endOf: $0), known) }
        let process = daemon.process.processIdentifier
        var asked = 0
        // Reading commands last once more: by then the store holds whatever the others took.
        let reading = commands.filter { !$0.changes }
        for (round, command) in (reading + commands.filter(\.changes) + reading).enumerated() {
            let isAgain = round >= commands.count
            let requests = isAgain ? [command.request()] : command.extremes
            for start in stride(from: 0, to: requests.count, by: 100) {
                let part = Array(requests[start..<min(start + 100, requests.count)])
                // A connection each: some of what is asked ends it, as it may.
                asked += try Self.ask(part, command, daemon)
            }
            // What is refused out of hand for something else tests nothing.
            if !isAgain, command.kind != "bulk" {
                let usual = try daemon.connect().reply(command.request()).last ?? ""
                #expect(!usual.hasPrefix("ERR invalid-argument "), "\(command.request()) → \(usual.prefix(300))")
            }
        }
        #expect(asked > 3000, "only \(asked) requests were made")
        #expect(daemon.process.isRunning && daemon.process.processIdentifier == process)
        let client = try daemon.connect()
        #expect(try client.ask("ping") == "OK {}")
        let states = try client.reply("modules.list").dropLast().map { try JSON(endOf: $0)["state"]?.string }
        #expect(states.allSatisfy { $0 == "running" }, "\(states)")
        #expect(try client.ok("ledger.verify")["ok"]?.bool == true)
        #expect(daemon.terminate() == 0)
    }

    /// Asks one after the other without waiting, and holds each reply against the protocol.
    private static func ask(_ requests: [String], _ command: Command, _ daemon: DaemonProcess) throws -> Int {
        let client = try daemon.connect()
        if command.kind == "bulk" {
            for request in requests {
                try client.send(request + "\n")
                var line = try client.line()
                if line.hasPrefix("READY ") { try client.send(".\n") }
                while line.hasPrefix("READY ") || line.hasPrefix("ACK ") { line = try client.line() }
                check(line, of: request)
            }
            return requests.count
        }
        try client.send(requests.enumerated().map { "#\($0) \($1)\n" }.joined())
        for (number, request) in requests.enumerated() {
            let tag = "#\(number) "
            var line = try client.line()
            while line.hasPrefix(tag + "ROW {") || line.contains(" EVENT ") { line = try client.line() }
            // A line that cannot be parsed has no tag.
            let isBare = line.hasPrefix("ERR bad-line ")
            #expect(isBare || line.hasPrefix(tag), "\(request.prefix(300)) → \(line.prefix(300))")
            check(isBare ? line : String(line.dropFirst(tag.utf8.count)), of: request)
        }
        return requests.count
    }

    private static func check(_ line: String, of request: String) {
        let isWhole = (line.hasPrefix("OK {") || line.hasPrefix("ERR ")) && (try? JSON(endOf: line)) != nil
        #expect(isWhole && !line.hasPrefix("ERR internal"), "\(request.prefix(300)) → \(line.prefix(500))")
    }

    /// What `describe` says of a command, and requests made of it.
    struct Command {
        let verb: String
        let kind: String
        let changes: Bool
        private let properties: [(name: String, schema: JSON)]
        /// The example's arguments as JSON texts.
        private var usual: [(name: String, text: String)] = []

        init(_ description: JSON, _ known: [String: String]) throws {
            verb = try #require(description["verb"]?.string)
            kind = try #require(description["kind"]?.string)
            changes = description["changes"]?.bool == true
            properties = description["parameters"]?["properties"]?.members?.map { ($0.name, $0.value) } ?? []
            var objects: [(name: String, members: [String])] = []
            for word in Command.words(try #require(description["example"]?.string)).dropFirst() {
                let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
                let names = parts[0].split(separator: ".", maxSplits: 1).map(String.init)
                let schema = properties.first { $0.name == names[0] }?.schema
                if names.count == 2 {
                    let member = "\"\(names[1])\":\(Command.text(parts[1], nil))"
                    if let place = objects.firstIndex(where: { $0.name == names[0] }) {
                        objects[place].members.append(member)
                    } else {
                        objects.append((names[0], [member]))
                    }
                } else {
                    let own = known["\(verb).\(names[0])"] ?? known[names[0]]
                    usual.append((names[0], own ?? Command.text(parts[1], schema)))
                }
            }
            usual += objects.map { ($0.name, "{\($0.members.joined(separator: ","))}") }
            for name in description["parameters"]?["required"]?.strings ?? []
            where !usual.contains(where: { $0.name == name }) {
                usual.append((name, known[name] ?? "\"a\""))
            }
        }

        private static func words(_ example: String) -> [String] {
            var (words, word, isQuoted) = ([String](), "", false)
            for character in example {
                if character == "\"" { isQuoted.toggle() }
                if character == " " && !isQuoted {
                    words.append(word)
                    word = ""
                } else {
                    word.append(character)
                }
            }
            return words + [word]
        }

        private static func text(_ word: String, _ schema: JSON?) -> String {
            if word.hasPrefix("\"") { return word }
            switch schema?["type"]?.string {
            case "integer", "number": return word
            case "array": return "[" + word.split(separator: ",").map { "\"\($0)\"" }.joined(separator: ",") + "]"
            default: return "\"\(word)\""
            }
        }

        /// The command with its usual arguments, one of them replaced.
        func request(_ name: String? = nil, _ value: String = "") -> String {
            var arguments = usual.filter { $0.name != name }
            if let name { arguments.append((name, value)) }
            return "\(verb) {\(arguments.map { "\"\($0.name)\":\($0.text)" }.joined(separator: ","))}"
        }

        var extremes: [String] {
            [request()] + properties.flatMap { name, schema in Extremes.values(schema).map { request(name, $0) } }
        }
    }
}
