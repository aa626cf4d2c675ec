import MneedleKit
import Testing

/// The daemon, its modules and mneedlectl suggest by one function: these are its answers for all of them.
@Suite("Suggestions")
struct SuggestionTests {
    private let verbs = ["ping", "status", "session.start", "session.stop", "screening.assess", "scheduling.next"]

    @Test(
        "a mistyped command finds what was meant",
        arguments: [
            ("screning.assess", ["screening.assess"]), ("statsu", ["status"]), ("pnig", ["ping"]),
            ("session.strt", ["session.start", "session.stop"]), ("sched", ["scheduling.next"]), ("xyzzy", []),
            ("", []),
        ])
    func commands(_ name: String, _ expected: [String]) {
        #expect(suggestions(for: name, in: verbs) == expected)
    }

    @Test(
        "a mistyped name finds those that differ in a third of their letters at most, the nearest first",
        arguments: [
            ("ana", ["anna", "hanna"]), ("hana", ["hanna", "anna"]), ("naa", ["anna"]), ("bne", ["ben"]), ("jan", []),
            ("an", ["anna"]),
        ])
    func names(_ name: String, _ expected: [String]) {
        #expect(suggestions(for: name, in: ["anna", "hanna", "ben"]) == expected)
    }

    @Test("no more than three are given, and none for what is too long to be mistyped")
    func bounds() {
        #expect(suggestions(for: "aa", in: ["ae", "ad", "ac", "ab"]) == ["ab", "ac", "ad"])
        #expect(suggestions(for: String(repeating: "a", count: 10_000), in: verbs + ["aaa"]).isEmpty)
    }
}
