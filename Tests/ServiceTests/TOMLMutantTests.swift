import Foundation
import MneedleRandom
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Files of TOML with mistakes in them")
struct TOMLMutantTests {
    /// What is easily typed wrong, and what the grammar turns on.
    private static let pieces = [
        "[", "]", "[[", "]]", "{", "}", "\"", "'", "\"\"\"", "'''", "=", ".", ",", "#", "\\", "\n", "\r\n", "\r", " ",
        "\t",
        "é", "\u{0}", "\u{7f}", "[é]]", "[{a", "1979-05-27", "07:32:00", "2026-02-30", "1e9", "0x1F", "1_0", "01", "-",
        "+",
        "\\u00e9", "\\U0001F600", "\\q", "inf", "true", "a.b", "a = 1\n", "[a]\n", "[[a]]\n", "a = {b = 1, c.d = []}\n",
    ].map { Array($0.utf8) }

    /// Parts of the files that ship, each some lines long so that a mistake says something, with one to four mistakes.
    private static func mutants(_ count: Int) throws -> [[UInt8]] {
        let root = URL(fileURLWithPath: Bench.projectKnowledge).deletingLastPathComponent()
        let files = try ["", "knowledge/"].flatMap { folder in
            try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path)
                .filter { $0.hasSuffix(".toml") }.sorted().map { root.appendingPathComponent(folder + $0) }
        }
        let lines = try files.map {
            try Array(Data(contentsOf: $0)).split(separator: 10, omittingEmptySubsequences: false)
        }
        try #require(lines.count >= 13)
        var generator = SeededGenerator(seed: 16)
        return (0..<count).map { number in
            let file = lines[number % lines.count]
            let start = Int.random(in: 0..<file.count, using: &generator)
            let length = Int.random(in: 1...25, using: &generator)
            var text = Array(file[start..<min(file.count, start + length)].joined(separator: [10]))
            for _ in 0..<Int.random(in: 1...4, using: &generator) { mutate(&text, &generator) }
            return text
        }
    }

    private static func mutate(_ text: inout [UInt8], _ generator: inout SeededGenerator) {
        let at = Int.random(in: 0...text.count, using: &generator)
        let end = min(text.count, at + Int.random(in: 1...8, using: &generator))
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: text.removeSubrange(at..<end)
        case 1: text.insert(contentsOf: text[at..<end], at: at)
        case 2 where at < text.count: text[at] = UInt8.random(in: 0...255, using: &generator)
        case 3: text.replaceSubrange(at..<end, with: pieces.randomElement(using: &generator) ?? [])
        default: text.insert(contentsOf: pieces.randomElement(using: &generator) ?? [], at: at)
        }
    }

    @Test("10 000 of them are read as Python's own reader reads them, or refused as it refuses them; nothing ends")
    func mutants() throws {
        let mutants = try Self.mutants(10_000)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("toml-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try mutants.map { Data($0).base64EncodedString() + "\n" }.joined()
            .write(toFile: folder + "/mutants", atomically: false, encoding: .utf8)
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("read_toml.py")
        let answers = try MetricsTests.lines(
            ["/usr/bin/python3", script.path, folder + "/mutants"], output: folder + "/answers")
        try #require(answers.count == mutants.count)
        var (read, refused) = (0, 0)
        for (mutant, answer) in zip(mutants, answers) {
            let text = String(decoding: mutant, as: UTF8.self)
            switch Result(catching: { () throws(TOMLError) in try TOML.parse(mutant) }) {
            case .success(let document):
                read += 1
                #expect(answer != "-" && answer != "?", "taken, but it is no TOML: \(text)")
                if answer.hasPrefix("{") {
                    #expect(Self.isSame(document.root, try JSON.parse(answer)), "\(text)\n\(answer)")
                }
            case .failure(let error):
                refused += 1
                #expect(answer == "-" || answer == "?", "refused (\(error)), but it is TOML: \(text)")
                #expect(error.line >= 1 && error.line <= mutant.count { $0 == 10 } + 1 && error.column >= 1)
            }
        }
        #expect(read > 1000 && refused > 3000, "\(read) read, \(refused) refused")
    }

    /// Whether both say the same, where Python's dates and times stand for any text.
    private static func isSame(_ own: JSON, _ other: JSON) -> Bool {
        switch (own, other) {
        case (.string, .object([JSON.Member("time", true)])): true
        case (.object(let own), .object(let other)):
            own.count == other.count
                && own.allSatisfy { member in
                    other.first { $0.name == member.name }.map { isSame(member.value, $0.value) } ?? false
                }
        case (.array(let own), .array(let other)):
            own.count == other.count && zip(own, other).allSatisfy(isSame)
        case (.number, _), (.integer, _): own.number == other.number
        default: own == other
        }
    }
}
