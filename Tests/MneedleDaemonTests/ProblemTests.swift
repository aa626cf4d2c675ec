import Foundation
import MneedleKit
import MneedleTestKit
import Testing

@testable import MneedleDaemon

@Suite("What is wrong in a file is told with its line")
struct ProblemTests {
    /// A file of so many lines of comment and then this text.
    private func problems(after lines: Int, _ text: String, _ read: (String, Problems) -> Void) throws -> [String] {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("problem-\(UUID().uuidString).toml")
        try (String(repeating: "# …\n", count: lines) + text).write(to: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: path) }
        let problems = Problems()
        read(path.path, problems)
        return problems.found.map { $0.description.replacing(path.lastPathComponent, with: "file.toml") }
    }

    @Test("a key of the configuration, one that is missing, a section and a text that is no TOML")
    func configuration() throws {
        func found(_ text: String) throws -> [String] {
            try problems(after: 40, text) { path, problems in
                _ = Settings(Places(config: path), environment: [:], problems: problems)
            }
        }
        let unknown = try found("limits.max_line_byte = 9999\n[log]\nlevel = 3\n")
        #expect(unknown.contains { $0.hasPrefix("file.toml:41: limits.max_line_byte: unknown key") }, "\(unknown)")
        #expect(unknown.contains { $0.hasPrefix("file.toml:43: log.level: expected one of") }, "\(unknown)")
        #expect(try found("metrics = 3\n").contains { $0.hasPrefix("file.toml:41: metrics: remove this section") })
        #expect(
            try found("a = 1\n[limits\n") == [
                "file.toml:42:8: expected ']' after the table's name, got the end of the line"
            ])
    }

    @Test("a file that cannot be read is told in the system's words")
    func unreadable() {
        let problems = Problems()
        // Nothing is mapped at the beginning of a process.
        #expect(TOMLFile.load("/proc/self/mem", problems: problems) == nil)
        #expect(problems.found.map(\.description) == ["mem: cannot be read: Input/output error (/proc/self/mem)"])
    }

    @Test("a fact of the knowledge, in a list of tables and in a table on one line; what is missing, at its table")
    func knowledge() throws {
        let text = """
            [[rule]]
            code = "one"
            [[rule]]
            code = 2
            when = { all = [
              { answer = "x", is = "yes" },
            ] }
            """
        let found = try problems(after: 37, text) { path, problems in
            guard let file = TOMLFile.load(path, problems: problems) else { return }
            let table = file.table(problems)
            for rule in table.tables("rule") {
                _ = (rule.string("code"), rule.string("advice", default: ""), rule.optionalString("sources"))
                if !rule.has("severity") { rule.report("severity", "missing") }
                for part in rule.table("when")?.tables("all") ?? [] { _ = (part.string("answer"), part.bool("is")) }
            }
            table.report("rule", "there are few")
            _ = table.section("words").string("none")
            table.finish()
        }
        #expect(
            found == [
                "file.toml:38: rule[0].severity: missing",
                "file.toml:41: rule[1].code: expected a string of 1 to 8192 bytes, got 2",
                "file.toml:40: rule[1].severity: missing",
                "file.toml:43: rule[1].when.all[0].is: expected true or false, got \"yes\"",
                "file.toml:38: rule: there are few", "file.toml: words: missing",
            ])
    }
}
