import MneedleKit
import Testing

@Suite("Vocabulary of entries")
struct VocabularyTests {
    private static let time = Instant("2026-11-20T12:00:00Z")!

    private static let session = SessionEntry(
        session: 7, person: "anna", device: "pen-1", areas: ["cheeks", "chin"], depthMM: 0.5, goal: .acneScars,
        setting: .clinic, timeZone: "Europe/Berlin", cartridge: "C-1", operatorName: "olga", started: time,
        ended: time.adding(hours: 0.5), isClockUncertain: true, reason: "pain", passes: 3, note: "a note",
        overridden: ["too-soon"], overrideReason: "seen by me", assessment: 4, knowledge: "00ff",
        flagged: ["open-reaction"], isLogged: true)

    private func survives<Body: EntryBody & Equatable>(_ body: Body) throws {
        #expect(try Body(body.object) == body)
        // Each member says something, so that none is forgotten in reading or in writing.
        #expect(body.object.members.map(\.name) == Body.members.map(\.name))
    }

    @Test("what is recorded of a declared kind is read as it was written")
    func roundTrip() throws {
        try survives(Self.session)
        let person = Person(
            person: "anna", name: "Anna", setting: .home, goal: .collagen, timeZone: "Europe/Berlin", fitzpatrick: 3,
            firstTime: true, unixUser: "anna", birthDate: CivilDate("1990-05-01"))
        var changed = person
        changed.goal = .maintenance
        try survives(PersonChange(before: person, after: changed, reason: "told wrongly"))
        try survives(
            DeviceDecision(
                device: "pen-1", twin: "pen-2", isSame: true, reason: "one label", by: "anna", at: Self.time))
        try survives(
            ReactionOpened(
                reaction: 3, person: "anna", symptom: "hives", action: "call", session: 7, sets: ["steel-allergy"]))
        try survives(
            ReactionResolved(
                reaction: 3, person: "anna", symptom: "hives", by: "olga", physician: "Dr. Roe",
                judgedOn: CivilDate("2026-11-20"), allergies: ["steel"], sets: ["steel-allergy"], resolved: Self.time,
                note: "a note"))
    }

    @Test(
        "a session without what every session has is not read as one",
        arguments: [
            "session", "person", "device", "areas", "started",
        ])
    func incomplete(name: String) {
        var object = Self.session.object
        object[name] = nil
        #expect(throws: ModuleError.self) { try SessionEntry(object) }
    }

    @Test(
        "a session whose goal, setting, depth or time zone cannot be read is read without it",
        arguments: ["goal", "setting", "depth_mm", "time_zone"])
    func unknown(name: String) throws {
        for damaged in [nil, Value.string("moon")] {
            var object = Self.session.object
            object[name] = damaged
            var expected = Self.session
            switch name {
            case "goal": expected.goal = nil
            case "setting": expected.setting = nil
            case "depth_mm": expected.depthMM = nil
            // Any word may name a zone.
            default: expected.timeZone = damaged == nil ? nil : "moon"
            }
            let read = try SessionEntry(object)
            #expect(read == expected)
            #expect(try SessionEntry(read.object) == read)
        }
    }

    @Test("an entry of a declared kind has its name and stands if the kind says so; another kind's has no such body")
    func kinds() throws {
        let finished = Entry(.sessionFinished, subject: "session/7", person: "anna", body: Self.session)
        #expect(finished.kind == "session.finished" && finished.stands)
        #expect(try EntryKind.sessionFinished.body(of: finished) == Self.session)
        #expect(try EntryKind.sessionStopped.body(of: finished) == nil)
        let started = Entry(.sessionStarted, subject: "session/7", person: "anna", body: Self.session)
        #expect(started.kind == "session.started" && !started.stands)
    }

    @Test("a person is there by its record's possession; where no module says so the records are asked, and are missed")
    func presence() throws {
        let records = Module(possessions: [
            Possession(of: "person") { argument, _ in argument == .text("anna") ? .person("anna") : .unknown }
        ])
        let workshop = try Workshop([("records", records)])
        try workshop.read { reading in
            #expect(try reading.modules.has("person", named: "anna") == true)
            #expect(try reading.modules.has("person", named: "nobody") == false)
            #expect(try reading.modules.has("device", named: "anna") == nil)
            try reading.requirePerson("anna")
            // Of one that is not there the records' own command says so, and there is none here.
            #expect(throws: ModuleError.self) { try reading.requirePerson("nobody") }
        }
        let alone = try Workshop()
        #expect(throws: ModuleError.self) { try alone.read { try $0.requirePerson("anna") } }
    }
}
