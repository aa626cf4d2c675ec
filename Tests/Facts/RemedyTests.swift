import Foundation
import MneedleKit
import MneedleTestKit
import MneedleWire
import Testing

@Suite("The ways out that findings name")
struct RemedyTests {
    @Test("each is a command that the service has, with arguments that it takes")
    func real() throws {
        let described = try DaemonProcess().connect().reply("describe").dropLast().map {
            try JSON.parse(String($0.dropFirst(4)))
        }
        let commands = Dictionary(uniqueKeysWithValues: described.map { ($0["verb"]?.string ?? "", $0) })
        var count = 0
        for (file, content) in try FactTests.files.get() {
            for remedy in Self.remedies(in: .object(content)) {
                count += 1
                let words = remedy.split(separator: " ").map(String.init)
                guard let command = commands[words[0]] else {
                    Issue.record("\(file): no command '\(words[0])'")
                    continue
                }
                let known = Set((command["parameters"]?["properties"]?.members ?? []).map(\.name))
                let required = Set(command["parameters"]?["required"]?.strings ?? [])
                for word in words.dropFirst() {
                    let (name, value) = (word.prefix { $0 != "=" }, word.drop { $0 != "=" }.dropFirst())
                    #expect(known.contains(String(name)), "\(file): \(remedy): no argument '\(name)'")
                    #expect(
                        value != "…" || !required.contains(String(name)),
                        "\(file): \(remedy): '\(name)' is required, so it is asked for anyway")
                }
                #expect(command["changes"]?.bool == true, "\(file): \(remedy) changes nothing")
            }
        }
        #expect(count > 20)
    }

    private static func remedies(in value: Value) -> [String] {
        switch value {
        case .object(let object):
            object.members.flatMap { member -> [String] in
                if member.name == "remedy", case .string(let text) = member.value { return [text] }
                return remedies(in: member.value)
            }
        case .list(let values): values.flatMap(remedies)
        default: []
        }
    }
}
