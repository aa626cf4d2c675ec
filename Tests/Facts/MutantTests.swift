import Foundation
import MneedleKit
import Testing

/// Makes the knowledge worse, one thing at a time, and looks whether the table of facts notices.
/// A rule, limit or number that no row names shows here, so a new one needs a row.
@Suite("Mutants of the knowledge")
struct MutantTests {
    /// `modules` says what runs and nothing about people: the tests of guards hold it.
    static let kinds = ((try? FactTests.files.get()) ?? [:]).keys.filter { $0 != "modules" }.sorted()

    @Test("each rule removed, each severity lowered, each number halved and doubled is noticed", arguments: kinds)
    func noticed(file: String) throws {
        let unnoticed = try Self.judge(file).unnoticed
        for mutant in unnoticed { Issue.record("unnoticed: \(mutant)") }
    }

    @Test(
        "the changes that once passed every test are among the mutants, and noticed",
        arguments: [
            ("screening", "rule isotretinoin.when.within_months"),
            ("screening", "rule recent-procedure.when.within_days"),
            ("session", "depth.clinic.face_evaluated_mm"), ("steps", "step passes.passes"),
            ("screening", "rule rosacea removed"), ("screening", "rule rosacea lowered to defer at home"),
        ])
    func examples(file: String, change: String) throws {
        let object = try #require(try FactTests.files.get()[file])
        #expect(Mutation(file: file).mutants(of: object).contains { $0.change.hasPrefix(change) })
        #expect(try Self.judge(file).unnoticed.contains { $0.contains(change) } == false)
    }

    /// Writes how many are noticed, and each that is not, to the file that `MNEEDLE_MUTANTS` names (`make mutants`).
    @Test("the report of all mutants", .enabled(if: ProcessInfo.processInfo.environment["MNEEDLE_MUTANTS"] != nil))
    func report() throws {
        let path = try #require(ProcessInfo.processInfo.environment["MNEEDLE_MUTANTS"])
        var lines: [String] = []
        var (all, missed): (Int, [String]) = (0, [])
        for file in Self.kinds {
            let (count, unnoticed) = try Self.judge(file)
            all += count
            missed += unnoticed
            lines.append("\(file).toml: \(count - unnoticed.count) of \(count) noticed")
        }
        lines += missed.map { "unnoticed: \($0)" }
        lines.append("mutants: \(all - missed.count) of \(all) noticed")
        try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// A mutant changes one table, so only the claims about that table can notice it.
    static func judge(_ file: String) throws -> (count: Int, unnoticed: [String]) {
        let object = try #require(try FactTests.files.get()[file])
        let claims = Dictionary(grouping: FactTable.facts.flatMap(\.holds).filter { $0.file == file }, by: \.scope)
        let mutants = Mutation(file: file).mutants(of: object)
        let unnoticed = mutants.filter { mutant in
            !(claims[mutant.scope] ?? []).contains { $0.complaint(in: [file: mutant.object]) != nil }
        }
        return (mutants.count, unnoticed.map(\.name))
    }
}
