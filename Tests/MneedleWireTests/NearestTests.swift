import MneedleWire
import Testing

struct NearestTests {
    private let verbs = ["ping", "status", "session.start", "session.stop", "screening.assess", "scheduling.next"]

    @Test(
        "a mistyped word finds what was meant",
        arguments: [
            ("screning.assess", ["screening.assess"]), ("statsu", ["status"]), ("pnig", ["ping"]),
            ("session.strt", ["session.start", "session.stop"]), ("sched", ["scheduling.next"]), ("xyzzy", []),
            ("", []),
        ])
    func suggestions(_ word: String, _ expected: [String]) {
        #expect(nearest(word, in: verbs) == expected)
    }

    @Test("no more are given than asked for")
    func count() {
        #expect(nearest("aa", in: ["ab", "ac", "ad", "ae"], count: 2) == ["ab", "ac"])
        #expect(nearest(String(repeating: "a", count: 10_000), in: verbs).isEmpty)
    }
}
