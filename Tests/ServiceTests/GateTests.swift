import Foundation
import MneedleTestKit
import MneedleWire
import Testing

/// What a hurried person or a careless practitioner tries, typed on a running daemon, and what has to stop it.
@Suite("Nobody gets past the gate")
struct GateTests {
    /// Requests of which the last must not be let through.
    struct Way: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// The code of a finding that blocks, or the argument that is refused, or the error's code.
        let stopped: String
        /// All but the last are taken, but for those that begin with `?`, which may be refused.
        let requests: [String]

        init(_ description: String, by stopped: String, _ requests: String...) {
            testDescription = description
            self.stopped = stopped
            self.requests = requests
        }
    }

    // MARK: What is typed

    private static func screen(
        _ others: (String, String)..., person: String = "anna", areas: String = "cheeks"
    ) -> String {
        let answers = Healthy.text(but: others.map { (question: $0.0, answer: $0.1) })
        return "screening.assess person=\(person) areas=\(areas) \(answers)"
    }

    /// A day so many days from today.
    private static func day(_ days: Double) -> String {
        String(Date().addingTimeInterval(days * 86_400).ISO8601Format().prefix(10))
    }

    private static func soak(_ device: String) -> String {
        "sterilization.soak device=\(device) agent=isopropyl-alcohol concentration_percent=70 minutes=10 hands_washed=yes clean_surface=yes"
    }

    private static func roller(_ device: String, mm: String = "0.3", _ others: String = "owner=anna") -> String {
        "records.add-device device=\(device) kind=roller needle_mm=\(mm) material=titanium \(others)"
    }

    private static func plan(
        verb: String = "start", person: String = "anna", device: String = "roller", areas: String = "cheeks",
        mm: String = "0.3", _ others: String = ""
    ) -> String { "session.\(verb) person=\(person) device=\(device) areas=\(areas) depth_mm=\(mm) \(others)" }

    private static let second = "records.add-person person=bea first_time=no fitzpatrick=3"
    private static let fixedHead =
        "records.add-device device=pen kind=pen owner=anna max_depth_mm=2.5 material=titanium cartridges=no cartridges_reason=\"its head is fixed\""
    private static let pregnant = [
        ("pregnancy-or-nursing", "yes"), ("pregnant", "yes"), ("breastfeeding", "no"),
    ]
    private static let reason = "override_reason=\"I know what I do here\""

    private static func clear(_ finding: String = "pregnancy", by: String = "Dr. Lee", until: String = day(60))
        -> String
    {
        "records.clear person=anna finding=\(finding) by=\"\(by)\" until=\(until)"
    }

    private static func cream(_ percent: String, wide: String = "no", covered: String = "no") -> String {
        screen(
            ("topical-anaesthetic", "yes"), ("anaesthetic-percent", percent), ("anaesthetic-wide-area", wide),
            ("anaesthetic-covered", covered), ("patch-tested", "yes"))
    }

    // MARK: The table

    private static let devices = [
        Way(
            "a roller of 1.5 mm planned at 0.3", by: "depth-is-needle-length", screen(), roller("long", mm: "1.5"),
            soak("long"), plan(device: "long")),
        Way(
            "a roller of 1.5 mm planned as it is", by: "depth-over-limit", screen(), roller("long", mm: "1.5"),
            soak("long"), plan(device: "long", mm: "1.5")),
        Way("a roller without length", by: "needle_mm", "records.add-device device=long kind=roller"),
        Way(
            "a roller that is made shorter on paper", by: "reason", roller("long", mm: "1.5"),
            "records.change-device device=long needle_mm=0.3 reason=typo"),
        Way(
            "a pen of which nobody knows how deep it goes", by: "depth-range-unknown", screen(),
            "records.add-device device=pen kind=pen owner=anna material=titanium cartridges=no cartridges_reason=\"its head is fixed\"",
            soak("pen"), plan(device: "pen", mm: "0.25")),
        Way(
            "one letter as the reason for no cartridges", by: "cartridges_reason",
            "records.add-device device=pen kind=pen cartridges=no cartridges_reason=x"),
        Way(
            "the limit of the scalp taken for the cheeks too", by: "depth-over-limit",
            screen(("hair-loss", "no"), areas: "scalp,cheeks"),
            roller("head", mm: "0.6", "owner=anna areas=scalp,cheeks"),
            soak("head"), plan(device: "head", areas: "scalp,cheeks", mm: "0.6")),
        Way(
            "a pen under the eyes at home", by: "area-not-allowed", screen(areas: "under-eyes"), fixedHead, soak("pen"),
            plan(device: "pen", areas: "under-eyes", mm: "0.25")),
        Way(
            "a pen without cartridge", by: "cartridge-missing", screen(),
            "records.add-device device=pen kind=pen owner=anna max_depth_mm=2.5 material=titanium", soak("pen"),
            plan(device: "pen", mm: "0.25")),
        Way(
            "blanks as the reason for no cartridges", by: "cartridges_reason",
            "records.add-device device=pen kind=pen cartridges=no cartridges_reason=\"  \""),
        Way(
            "a pen's head used again", by: "head-used-up", screen(), fixedHead, soak("pen"),
            plan(device: "pen", mm: "0.25"), "session.stop session=1 reason=other", soak("pen"),
            plan(device: "pen", mm: "0.25")),
        Way(
            "a pen's head used again after cartridges for a while", by: "head-used-up", screen(), fixedHead,
            soak("pen"), plan(device: "pen", mm: "0.25"), "session.stop session=1 reason=other",
            "records.change-device device=pen cartridges=yes",
            "records.change-device device=pen cartridges=no cartridges_reason=\"its head is fixed\"",
            plan(device: "pen", mm: "0.25")),
        Way("another's device", by: "device-of-another", second, screen(person: "bea"), plan(person: "bea")),
        Way(
            "a device without owner that somebody else used first", by: "device-of-first-user", second, screen(),
            screen(person: "bea"), roller("shared", ""), soak("shared"), plan(device: "shared"),
            "session.finish session=1 passes=1", "?" + soak("shared"), plan(person: "bea", device: "shared")),
        Way(
            "another serial number to get rid of the twin", by: "conflict", screen(),
            roller("one", "owner=anna serial=7"),
            roller("two", "owner=anna serial=7"), "records.change-device device=two serial=8"),
    ]

    private static let answers = [
        Way("no screening", by: "not-screened", plan()),
        Way("a cold sore", by: "cold-sore", screen(("cold-sore", "yes")), plan()),
        Way(
            "a cold sore told for the chin only", by: "cold-sore", screen(),
            "screening.assess person=anna areas=chin answers.cold-sore=yes", plan()),
        Way("14 years old", by: "age", screen(("born-on", day(-14 * 366))), plan()),
        Way("14 years old, then older", by: "age", screen(("born-on", day(-14 * 366))), screen(), plan()),
        Way(
            "14 years old by the record", by: "age",
            "records.change-person person=anna birth_date=\(day(-14 * 366))", screen(), plan()),
        Way(
            "14 years old by the record, which is changed after the assessment", by: "age",
            "records.change-person person=anna birth_date=\(day(-14 * 366))", screen(),
            "records.change-person person=anna birth_date=1990-04-28 reason=\"the year was mistyped\"", screen(), plan()
        ),
        Way(
            "a birth date that is changed without a reason", by: "reason",
            "records.change-person person=anna birth_date=\(day(-14 * 366))",
            "records.change-person person=anna birth_date=1990-04-28"),
        Way(
            "experience that is claimed without a reason", by: "reason", "records.add-person person=bea",
            "records.change-person person=bea first_time=no"),
        Way(
            "the record says 14 only after the assessment", by: "age", screen(),
            "records.change-person person=anna birth_date=\(day(-14 * 366))", plan()),
        Way("born today", by: "age", screen(("born-on", day(0))), plan()),
        Way("born in the future", by: "answers.born-on", screen(("born-on", day(40)))),
        Way("150 years old", by: "answers.born-on", screen(("born-on", "1876-01-01"))),
        Way(
            "half of the answers", by: "not-screened",
            "screening.assess person=anna areas=cheeks answers.cold-sore=no answers.born-on=1990-04-28", plan()),
        Way(
            "one answer, when the complete assessment was for something else", by: "not-screened",
            screen(areas: "chin"), "screening.assess person=anna areas=cheeks answers.cold-sore=no", plan()),
        Way(
            "an assessment that was incomplete for more than is planned", by: "not-screened",
            screen(areas: "cheeks,scalp"),
            plan()),
        Way(
            "any of these: yes, and nothing more said, after a complete assessment", by: "unknown", screen(),
            "screening.assess person=anna areas=cheeks answers.vitamin-a=yes", plan()),
        Way(
            "a yes that leaves it open, told for another area and setting", by: "unknown", screen(),
            "screening.assess person=anna areas=chin setting=clinic answers.skin-condition=yes", plan()),
        Way(
            "a numbing cream of which nothing is said, after a complete assessment", by: "unknown", screen(),
            "screening.assess person=anna areas=cheeks answers.topical-anaesthetic=yes", plan()),
        Way("the answer behind a no", by: "isotretinoin", screen(("isotretinoin-last-used", day(-4))), plan()),
        Way(
            "needled elsewhere yesterday, then never", by: "recently-needled", screen(("needled-on", day(-1))),
            screen(),
            plan()),
        Way(
            "keloids, then none", by: "keloid-history",
            screen(
                ("skin-history", "yes"), ("keloid-history", "yes"), ("herpes-history", "no"),
                ("pigment-disorder", "no"),
                ("inflamed-skin-elsewhere", "no")), screen(), plan()),
        Way("a cream of 5 %", by: "numbing-cream", cream("5"), plan()),
        Way("a cream on a wide area", by: "numbing-cream", cream("4", wide: "yes"), plan()),
        Way("a wrapped cream", by: "numbing-cream", cream("4", covered: "yes"), plan()),
        Way("an assessment for a clinic, at home", by: "not-screened", screen() + " setting=clinic", plan()),
    ]

    private static let people = [
        Way(
            "the setting changed to clinic just before", by: "not-screened", screen(),
            "records.change-person person=anna setting=clinic", plan()),
        Way(
            "the setting changed, screened anew, and nobody who is trained", by: "operator-not-qualified",
            "records.change-person person=anna setting=clinic", screen(), plan()),
        Way(
            "another goal the day after", by: "too-soon", screen(), plan(), "session.stop session=1 reason=other",
            plan("goal=maintenance")),
        Way(
            "a second record of one person", by: "person-twin",
            "records.change-person person=anna name=\"Anna Meier\" birth_date=1990-04-28",
            second + " name=annameier birth_date=1990-04-28", screen(person: "bea"),
            roller("own", "owner=bea"), soak("own"), plan(person: "bea", device: "own")),
        Way(
            "another birth date to get rid of the twin", by: "conflict",
            "records.change-person person=anna name=\"Anna Meier\" birth_date=1990-04-28",
            second + " name=\"Anna Meier\" birth_date=1990-04-28",
            "records.change-person person=bea birth_date=1990-04-29 reason=\"the day was mistyped\""),
        Way(
            "another name to get rid of the twin", by: "conflict",
            "records.change-person person=anna name=\"Anna Meier\" birth_date=1990-04-28",
            second + " name=\"Anna Meier\" birth_date=1990-04-28", "records.change-person person=anna name=Ann"),
        Way(
            "a second session while one runs", by: "session-running", screen(), roller("other"), soak("other"), plan(),
            plan(device: "other")),
        Way(
            "a start stopped for pain, and again", by: "open-reaction", screen(), roller("other"), soak("other"),
            plan(),
            "session.stop session=1 reason=pain", plan(device: "other")),
        Way(
            "nine passes at home", by: "too-soon", screen(), roller("other"), soak("other"), plan(),
            "session.finish session=1 passes=9", plan(device: "other")),
    ]

    private static let physicians =
        [
            "anna", "Anna", "Meier", "Anna Meier", "Dr. Meier, Anna", "Frau Anna Meier", "A. Meier", "annameier",
            "Anna Meier (self)",
            "me",
        ]
        .map {
            Way(
                "cleared by oneself as \($0)", by: "by", "records.change-person person=anna name=\"Anna Meier\"",
                clear(by: $0))
        } + [
            Way(
                "blanks as the reason why two records are two people", by: "reason",
                "records.change-person person=anna name=Anna birth_date=1990-04-28",
                second + " name=Anna birth_date=1990-04-28",
                "records.decide-twin person=bea twin=anna same=no reason=\"  \""),
            Way(
                "a reaction resolved by oneself", by: "physician",
                "records.change-person person=anna name=\"Anna Meier\"",
                "aftercare.report person=anna symptom=pus",
                "aftercare.resolve reaction=1 physician=\"Frau Anna Meier\" judged_on=\(day(0))"),
            Way(
                "a reaction resolved by nobody", by: "physician", "aftercare.report person=anna symptom=pus",
                "aftercare.resolve reaction=1 physician=\" \" judged_on=\(day(0))"),
            Way(
                "a reaction resolved by me", by: "physician", "aftercare.report person=anna symptom=pus",
                "aftercare.resolve reaction=1 physician=me judged_on=\(day(0))"),
            Way("a finding that is not there", by: "finding", clear("nonsense")),
            Way("a finding that nobody lifts", by: "finding", clear("cold-sore")),
            Way("what is not known, cleared", by: "finding", clear("unknown")),
            Way("no screening, cleared", by: "finding", clear("not-screened")),
            Way("a clearance that is over", by: "until", clear(until: day(-2))),
            Way("a clearance for 13 months", by: "until", clear(until: day(13 * 31))),
            Way("a pregnancy's for 11 months", by: "until", clear(until: day(11 * 31))),
            Way(
                "a pregnancy with a pen of which no label is known, cleared", by: "pregnancy", fixedHead, soak("pen"),
                screen(pregnant[0], pregnant[1], pregnant[2]), clear(), plan(device: "pen", mm: "0.25")),
            Way(
                "an override at home", by: "override", screen(("cold-sore", "yes")),
                plan("override=cold-sore \(reason)")),
            Way(
                "an override of a clearance", by: "override", "records.change-person person=anna setting=clinic",
                screen(pregnant[0], pregnant[1], pregnant[2]), plan("override=pregnancy \(reason)")),
            Way(
                "an override of a contraindication", by: "override", "records.change-person person=anna setting=clinic",
                screen(("cold-sore", "yes")), plan("override=cold-sore \(reason)")),
            Way(
                "blanks as the reason of an override", by: "override_reason", screen(("cold-sore", "yes")),
                plan("override=cold-sore override_reason=\"              \"")),
            Way("an override of nothing that blocks", by: "override", plan("override=home-use \(reason)")),
        ]

    // MARK: The tries

    /// Anna at home with a clean roller of 0.3 mm.
    private func home() throws -> (DaemonProcess, RawClient) {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        _ = try client.ok("records.add-person person=anna first_time=no fitzpatrick=3")
        _ = try client.ok(Self.roller("roller"))
        _ = try client.ok(Self.soak("roller"))
        return (daemon, client)
    }

    @Test("an honest person gets through it")
    func honest() throws {
        let (_, client) = try home()
        _ = try client.ok(Self.screen())
        #expect(try client.ok(Self.plan(verb: "check"))["allowed"]?.bool == true)
        #expect(try client.ok(Self.plan())["session"]?.integer == 1)
    }

    @Test("every way around it is closed", arguments: devices + answers + people + physicians)
    func closed(way: Way) throws {
        let (_, client) = try home()
        for request in way.requests.dropLast() {
            if request.hasPrefix("?") {
                _ = try client.ask(String(request.dropFirst()))
            } else {
                _ = try client.ok(request)
            }
        }
        let last = try #require(way.requests.last)
        let refused = try client.refused(last)
        #expect(Self.reasons(refused).contains(way.stopped), "\(refused)")
        guard refused.code == "blocked" else { return }
        // What is asked before says the same.
        let asked = try client.ok(last.replacing("session.start", with: "session.check"))
        #expect(asked["allowed"]?.bool == false && TreatmentTests.codes(asked["findings"]).contains(way.stopped))
    }

    /// What stopped a request.
    private static func reasons(_ refused: (code: String, members: JSON)) -> Set<String> {
        let blocking = (refused.members["findings"]?.elements ?? []).filter {
            ["defer", "clearance", "contraindicated"].contains($0["severity"]?.string)
        }
        return Set(blocking.compactMap { $0["code"]?.string })
            .union([refused.code, refused.members["argument"]?.string].compactMap { $0 })
    }

    @Test("a daemon that is started anew forgets nothing that blocks, and a refused start leaves its key free")
    func restarted() throws {
        let (daemon, first) = try home()
        let start = Self.plan("idempotency_key=again")
        _ = try first.ok(Self.screen(("needled-on", Self.day(-1))))
        _ = try first.ok(Self.screen())
        #expect(Self.reasons(try first.refused(start)).contains("recently-needled"))
        daemon.killNow()
        try daemon.start()
        let second = try daemon.connect()
        #expect(Self.reasons(try second.refused(start)).contains("recently-needled"))
        _ = try second.ok(
            "screening.correct person=anna question=needled-on by=\"Dr. Lee\" reason=\"it was somebody else\"")
        let session = try #require(second.ok(start)["session"]?.integer)
        _ = try second.ok("session.stop session=\(session) reason=other")
        daemon.terminate()
        try daemon.start()
        let third = try daemon.connect()
        // The same key tells of the session that was, and starts none.
        #expect(try third.ok(start)["session"]?.integer == session)
        #expect(Self.reasons(try third.refused(Self.plan())).isSuperset(of: ["too-soon", "cleaning-due"]))
    }

    @Test("of starts at once from many connections, with one device or several, one begins")
    func atOnce() throws {
        let (daemon, client) = try home()
        _ = try client.ok(Self.screen())
        for device in ["two", "three"] {
            _ = try client.ok(Self.roller(device))
            _ = try client.ok(Self.soak(device))
        }
        let plans = ["roller", "two", "three", "roller", "two", "three"].map { Self.plan(device: $0) }
        let connections = try plans.map { _ in try daemon.connect() }
        for (connection, plan) in zip(connections, plans) { try connection.send(plan + "\n") }
        let replies = try connections.map { try $0.line() }
        #expect(replies.count { $0.hasPrefix("OK ") } == 1, "\(replies)")
        #expect(replies.count { $0.hasPrefix("ERR blocked ") && $0.contains("session-running") } == 5, "\(replies)")
    }
}
