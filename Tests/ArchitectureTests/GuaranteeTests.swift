import Foundation
import Testing

/// `Documentation/guarantees.md` names the test that attacks each promise.
@Suite("Guarantees")
struct GuaranteeTests {
    /// The rows of the tables of promises and what each names: tests as `Suite/test`, scripts by their path.
    private static func rows(_ text: String) -> [(row: String, names: [String])] {
        text.split(separator: "\n").filter { $0.hasPrefix("| ") && $0.contains("`") }.map { row in
            (String(row), row.matches(of: #/`(\w+Tests/\w+|Tests/[\w/.-]+)`/#).map { String($0.output.1) })
        }
    }

    /// The tests of all suites as `Suite/test`.
    private static func tests() throws -> Set<String> {
        var found: Set<String> = []
        let files = try ArchitectureTests.swiftFiles("Tests") + ArchitectureTests.swiftFiles("Plugins")
        for file in files where file.path.hasSuffix("Tests.swift") {
            for suite in file.text.matches(of: #/(?:struct|class|actor) (\w+Tests)\b/#) {
                for test in file.text.matches(of: #/@Test[\s\S]*?\bfunc (\w+)/#) {
                    found.insert("\(suite.output.1)/\(test.output.1)")
                }
            }
        }
        return found
    }

    /// The names that stand for nothing.
    private static func strangers(_ rows: [(row: String, names: [String])]) throws -> [String] {
        let tests = try tests()
        return rows.flatMap(\.names).filter { name in
            name.hasPrefix("Tests/")
                ? !FileManager.default.isExecutableFile(atPath: ArchitectureTests.root + "/" + name)
                : !tests.contains(name)
        }
    }

    @Test("every promise names tests that attack it, and all of them exist")
    func attacksExist() throws {
        let text = try String(
            contentsOfFile: ArchitectureTests.root + "/Documentation/guarantees.md", encoding: .utf8)
        let promises = Self.rows(String(text.prefix(upTo: try #require(text.range(of: "\n## ")).lowerBound)))
        #expect(promises.count > 10)
        for promise in promises { #expect(!promise.names.isEmpty, "\(promise.row)") }
        #expect(try Self.strangers(Self.rows(text)).isEmpty)
    }

    @Test("that rule finds a test and a script that do not exist")
    func theRuleBites() throws {
        let rows = Self.rows(
            "| **a** | `GuaranteeTests/theRuleBites`, `GuaranteeTests/gone`, `Tests/run`, `Tests/gone` |")
        #expect(try Self.strangers(rows) == ["GuaranteeTests/gone", "Tests/gone"])
    }
}
