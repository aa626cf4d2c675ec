import MneedleKit
import MneedleTestKit
import Testing

@testable import Scheduling

@Suite("The knowledge files")
struct KnowledgeTests {
    @Test("a practice may set longer intervals")
    func edited() throws {
        #expect(try problems(in: "intervals.toml") { $0.replacing("days = 14", with: "days = 21") } == [])
    }

    @Test("two weeks cannot be shortened, weakened or lifted")
    func floor() throws {
        let shorter = try problems(in: "intervals.toml") { $0.replacing("days = 14", with: "days = 13") }
        #expect(shorter.contains { $0.contains("floor.days") })
        let firm = "code = \"too-soon\"\nseverity = \"defer\""
        for other in ["severity = \"caution\"", "severity = \"clearance\"", "home = \"none\"\nclinic = \"defer\""] {
            let found = try problems(in: "intervals.toml") {
                $0.replacing(firm, with: "code = \"too-soon\"\n\(other)")
            }
            #expect(found.contains { $0.contains("must be defer or contraindicated") })
        }
        let lifted = try problems(in: "intervals.toml") {
            $0.replacing(firm, with: firm + "\noverride = \"practitioner\"")
        }
        #expect(lifted.contains { $0.contains("override never") })
    }

    @Test("how many sessions a course has stands in one place, and is said with it")
    func course() throws {
        let diary = try Diary(at: "2026-10-20T12:00:00Z")
        try diary.end(1, "anna")
        #expect(try diary.reminder("course")?.string("title") == "1 of 4 to 6 sessions are done")
        let found = try problems(in: "reminders.toml") {
            $0.replacing("answer_ends = [\"window-overdue\"]", with: "answer_ends = [\"window-overdeu\"]")
        }
        #expect(found.contains { $0.contains("answer_ends") && $0.contains("'window-overdeu'") })
    }

    @Test("mistakes in the intervals are all reported at once")
    func intervals() throws {
        let found = try problems(in: "intervals.toml") {
            $0.replacing("best_weeks = 5", with: "best_weeks = 7")
                .replacing("goal = \"maintenance\"\n", with: "goal = \"acne-scars\"\n")
                .replacing("caution_days", with: "cautoin_days")
        }
        #expect(found.contains { $0.contains("must not fall") })
        #expect(found.contains { $0.contains("goal: 'acne-scars' is there twice") })
        #expect(found.contains { $0.contains("'maintenance' is missing") })
        #expect(found.contains { $0.contains("home.caution_days: missing") })
    }

    @Test("a key that nobody knows is a mistake", arguments: ["intervals.toml", "reminders.toml"])
    func unknown(file: String) throws {
        let found = try problems(in: file) { $0.replacing("sources = [\"S2\"", with: "hours = 3\nsources = [\"S2\"") }
        #expect(found.contains { $0.contains("hours: unknown key") })
    }

    @Test("mistakes in the reminders are all reported at once")
    func reminders() throws {
        let found = try problems(in: "reminders.toml") {
            $0.replacing("kind = \"window-best\"", with: "kind = \"window-opens\"")
                .replacing("anchor = \"closes\"\nhour = 9", with: "anchor = \"closes\"")
                .replacing("{opens}. A later", with: "{open}. A later")
                .replacing(
                    "on = [\"session.finished\", \"session.stopped\"]\nanchor = \"event\"\nafter = \"48h\"",
                    with: "on = [\"reminder.due\"]\nanchor = \"event\"\nafter = \"2 days\"")
        }
        let early = try problems(in: "reminders.toml") {
            $0.replacing("after = \"48h\"", with: "after = \"48h\"\nbefore = \"2h\"")
        }
        let first = try problems(in: "reminders.toml") {
            $0.replacing("after = \"48h\"", with: "after = \"48h\"\nonly_first = true")
        }
        let same = try problems(in: "reminders.toml") {
            $0.replacing("after = \"48h\"", with: "after = \"48h\"\nsame_as = \"before-sun\"")
                .replacing("same_as = \"before-medicines\"", with: "same_as = \"before-medicine\"")
        }
        #expect(same.contains { $0.contains("same_as: only for each session of a course") })
        #expect(same.contains { $0.contains("same_as: no reminder is of the kind 'before-medicine'") })
        #expect(first.contains { $0.contains("only_first: only for each session of a course") })
        #expect(early.contains { $0.contains("either 'before' or 'after'") })
        #expect(early.contains { $0.contains("only whole days") })
        #expect(early.contains { $0.contains("before what has just happened") })
        #expect(found.contains { $0.contains("'window-opens' is there twice") })
        #expect(found.contains { $0.contains("'closes' is a whole day") })
        #expect(found.contains { $0.contains("nothing fills in {open}; known here: {person}, {name}") })
        #expect(found.contains { $0.contains("'reminder.due' is an entry of this module") })
        #expect(found.contains { $0.contains("expected a duration") })
    }

    @Test("every rule has words, a reason and sources; the invented numbers are marked")
    func rules() throws {
        let rows = try Diary().bench.rows("scheduling.rules", as: .reader)
        #expect(
            rows.map { $0.string("rule") } == [
                "floor", "home", "beginner", "course", "collagen", "acne-scars", "maintenance",
            ])
        for row in rows { #expect(row.string("text") != nil && row.string("reason") != nil) }
        let marked = rows.filter { "\($0.list("sources") ?? [])".contains("practice default") }
        #expect(marked.map { $0.string("rule") } == ["beginner", "course", "collagen", "acne-scars", "maintenance"])
    }
}
