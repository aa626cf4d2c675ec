import Foundation
import MneedleKit
import Testing

@testable import MneedleDaemon

@Suite("Config/mneedled.toml documents every key with its default")
struct ShippedConfigurationTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let path = root.appendingPathComponent("Config/mneedled.toml").path

    /// The file as it would be with every `# key = value` in force.
    static func everything() throws -> Object {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let uncommented = text.replacing(try Regex(#"(?m)^# (?=[a-z_]+ = )"#), with: "")
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("mneedled-\(UUID().uuidString).toml")
        try uncommented.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let problems = Problems()
        let loaded = TOMLFile.load(file.path, problems: problems)
        #expect(problems.found.isEmpty)
        return try #require(loaded).content
    }

    @Test("the daemon's own keys: none is missing, and the file as it ships changes no default")
    func ownKeys() throws {
        // A section with an unknown key is answered with those that are known.
        let sections =
            [
                "paths", "limits", "socket", "modules", "log", "roles", "clock", "backup",
            ]
            + Role.allCases.map { "roles.\($0)" }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("mneedled-\(UUID().uuidString).toml")
        try sections.map { "[\($0)]\nno_such_key = 1\n" }.joined().write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let problems = Problems()
        _ = Settings(Places(config: file.path), environment: [:], problems: problems)
        let shipped = try Self.everything()
        var known = 0
        for section in sections {
            let reason = try #require(problems.found.first { $0.key == "\(section).no_such_key" }?.reason)
            let table = section.split(separator: ".").reduce(shipped) { $0.object(String($1)) ?? [:] }
            for key in try #require(reason.split(separator: "known here: ").last).split(separator: ", ") {
                #expect(table[String(key)] != nil, "[\(section)] \(key)")
                known += 1
            }
        }
        #expect(known > 20)

        let none = Problems()
        let usual = Settings(Places(), environment: ["HOME": "/nowhere"], problems: none)
        let asShipped = Settings(Places(config: Self.path), environment: ["HOME": "/nowhere"], problems: none)
        #expect(none.found.isEmpty)
        #expect(asShipped.limits.object == usual.limits.object)
        #expect(asShipped.disabled == usual.disabled)
        #expect(asShipped.moduleTimeLimit == usual.moduleTimeLimit)
        #expect(asShipped.backup == usual.backup)
        #expect(asShipped.socketMode == usual.socketMode && asShipped.clockTolerance == usual.clockTolerance)
        #expect(asShipped.logLevel == usual.logLevel && asShipped.logTarget == usual.logTarget)
        #expect(asShipped.roles.members == usual.roles.members)
    }

    @Test("the list of required modules, which was a setting once, is refused with what stands in its place")
    func required() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("mneedled-\(UUID().uuidString).toml")
        try "[modules]\nrequired = [\"records\"]\n".write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let problems = Problems()
        _ = Settings(Places(config: file.path), environment: [:], problems: problems)
        #expect(problems.found.map(\.key) == ["modules.required"])
        for words in ["take it out", "modules.toml", "retire-guard"] {
            #expect(problems.found.first?.reason.contains(words) == true)
        }
    }

    /// What stands for a value of Swift in the file.
    private static let written = [
        "Arguments()": "{}", ".home": "\"home\"", ".ns": "\"ns\"", ".hours(24)": "\"24h\"", "Span(days: 7)": "\"7d\"",
        "Span(days: 0)": "\"0d\"",
    ]

    @Test("the modules' keys, with the defaults that their manifests name")
    func moduleKeys() throws {
        let shipped = try Self.everything()
        let pattern = try Regex(
            #"Key = Parameter\.optional\(\s*"(\w+)",[\s\S]*?default: (.+?)\s*\)\n"#,
            as: (Substring, Substring, Substring).self)
        var found = 0
        for module in try FileManager.default.contentsOfDirectory(atPath: Self.root.path + "/Plugins") {
            let sources = Self.root.path + "/Plugins/\(module)/Sources"
            for file in try FileManager.default.contentsOfDirectory(atPath: sources) where file.hasSuffix(".swift") {
                let text = try String(contentsOfFile: "\(sources)/\(file)", encoding: .utf8)
                for match in text.matches(of: pattern) {
                    let (key, value) = (String(match.output.1), String(match.output.2))
                    let documented = try #require(
                        shipped.object(module.lowercased())?[key], "[\(module.lowercased())] \(key)")
                    let literal = Self.written[value] ?? value
                    #expect(documented.jsonText == literal, "\(module) \(key)")
                    found += 1
                }
            }
        }
        #expect(found >= 14)
    }
}
