import Crypto
import Foundation
import MneedleKit
import MneedleTestKit
import Testing

@testable import MneedleDaemon

@Suite("What says something about a person")
struct SealingTests {
    private static let tables = ProtectedTables([
        Migration(
            1, "visits",
            [
                .table(
                    "visits_visit",
                    [
                        .id, .person(), .text("room"), .text("note").optional().sealed(), .text("symptom").matched(),
                        .time("at"), .real("depth_mm").sealed(),
                    ]),
                .table("visits_person", [.person().primaryKey(), .text("unix_user").optional().looked()]),
                .table("visits_room", [.text("room").primaryKey(), .integer("beds")]),
            ])
    ])

    private static func places(_ sql: String) throws -> [StatementPlan.Place] { try StatementPlan(sql, tables).places }

    private static let note = StatementPlan.Place.sealed(.sealed, column: "visits_visit.note", .place(0))

    @Test("a statement tells where each of its values goes")
    func plans() throws {
        let symptom = StatementPlan.Place.sealed(.matched, column: "visits_visit.symptom", .place(0))
        #expect(
            try Self.places("INSERT INTO visits_visit (person, room, note, symptom, at) VALUES (?, ?, ?, ?, ?)")
                == [.person(makes: true), .plain, Self.note, symptom, .plain])
        #expect(
            try Self.places("SELECT * FROM visits_visit WHERE person = ? AND symptom = ? AND at > ? LIMIT ?")
                == [.person(makes: false), symptom, .plain, .plain])
        #expect(
            try Self.places(
                "SELECT id FROM visits_visit v JOIN visits_person p ON p.person = v.person WHERE v.person IN (?, ?)")
                == [.person(makes: false), .person(makes: false)])
        #expect(
            try Self.places("SELECT id FROM visits_visit WHERE COALESCE(?, person) = person") == [.person(makes: false)]
        )
        #expect(
            try Self.places("SELECT person FROM visits_person WHERE unix_user = ?")
                == [.sealed(.looked, column: "visits_person.unix_user", .nobody)])
        #expect(
            try Self.places("UPDATE visits_visit SET note = ?, room = ? WHERE person = ? AND at = ?")
                == [.sealed(.sealed, column: "visits_visit.note", .place(2)), .plain, .person(makes: false), .plain])
        #expect(
            try Self.places("UPDATE visits_visit SET room = ?, note = ? WHERE id = ?")
                == [
                    .plain,
                    .sealed(
                        .sealed, column: "visits_visit.note",
                        .rows(query: "SELECT DISTINCT person AS person FROM visits_visit WHERE id = ?", from: 2)),
                    .plain,
                ])
        for plain in [
            "SELECT * FROM visits_room WHERE room = ?", "SELECT note FROM visits_visit WHERE id = ?",
            "DELETE FROM visits_visit WHERE at < ?",
        ] {
            #expect(try StatementPlan(plain, Self.tables).isPlain, "\(plain)")
        }
    }

    @Test(
        "a statement that compares or sorts what is sealed, or does not say whose it is, is refused",
        arguments: [
            "SELECT * FROM visits_visit WHERE note = ?", "SELECT * FROM visits_visit WHERE depth_mm > ?",
            "SELECT * FROM visits_visit ORDER BY note", "SELECT MAX(depth_mm) AS depth FROM visits_visit",
            "SELECT COUNT(*) AS n FROM visits_visit GROUP BY note",
            "SELECT * FROM visits_visit WHERE lower(note) LIKE lower(?)",
            "SELECT * FROM visits_visit WHERE symptom = ?", "SELECT * FROM visits_visit WHERE symptom < ?",
            "INSERT INTO visits_visit (person, note) VALUES (?, lower(?))", "UPDATE visits_visit SET note = ?",
            "INSERT INTO visits_visit (person, note) SELECT person, ? FROM visits_person",
            "UPDATE visits_visit SET room = ?, person = ? WHERE id = ?",
            "INSERT INTO visits_visit (person, room) VALUES (?, ?) ON CONFLICT (room) DO UPDATE SET person = excluded.person",
        ])
    func refuses(sql: String) {
        #expect(throws: StatementPlan.Refused.self) { try StatementPlan(sql, Self.tables) }
    }

    // MARK: Values

    private static let values: [SQLValue] = [
        .integer(.min), .integer(7), .real(0.25), .real(-.infinity), .text(""), .text("Jörg"), .blob([]),
        .blob([0, 255]),
    ]

    @Test(
        "a value is what it was when its key opens it, and says nothing without it",
        arguments: [SealedValue.Form.sealed, .matched])
    func opens(form: SealedValue.Form) throws {
        let (id, keys) = (PersonID.random(), SealedValue.Keys(SymmetricKey(size: .bits256)))
        for value in Self.values {
            guard case .blob(let bytes) = try SealedValue.seal(value, of: id, keys, as: form, in: "a.b") else {
                Issue.record("\(value)")
                continue
            }
            #expect(SealedValue.open(bytes, form, keys) == value)
            #expect(SealedValue.look(bytes)?.id == id && SealedValue.look(bytes)?.form == form)
            for index in bytes.indices {
                var altered = bytes
                altered[index] ^= 1
                #expect(SealedValue.look(altered).map { SealedValue.open(altered, $0.form, keys) } ?? nil != value)
            }
            #expect(SealedValue.open(bytes, form, SealedValue.Keys(SymmetricKey(size: .bits256))) == nil)
        }
        #expect(try SealedValue.seal(.null, of: id, keys, as: form, in: "a.b") == .null)
    }

    @Test("what is matched is the same twice in one column of one person, and nowhere else; what is sealed never is")
    func matches() throws {
        let (one, other) = (
            SealedValue.Keys(SymmetricKey(size: .bits256)), SealedValue.Keys(SymmetricKey(size: .bits256))
        )
        let id = PersonID.random()
        func matched(_ text: String, _ keys: SealedValue.Keys, _ place: String) throws -> SQLValue {
            try SealedValue.seal(.text(text), of: id, keys, as: .matched, in: place)
        }
        #expect(try matched("a", one, "t.c") == matched("a", one, "t.c"))
        #expect(try matched("a", one, "t.c") != matched("b", one, "t.c"))
        #expect(try matched("a", one, "t.c") != matched("a", one, "t.d"))
        #expect(try matched("a", one, "t.c") != matched("a", other, "t.c"))
        let sealed = try (0..<2).map { _ in try SealedValue.seal(.text("a"), of: id, one, as: .sealed, in: "t.c") }
        #expect(sealed[0] != sealed[1])
    }

    // MARK: Keys

    @Test("keys and names are there again after a restart, and not with another master key or an altered line")
    func keyFile() throws {
        let folder = try TemporaryFolder()
        func keys(credentials: String? = nil) throws -> PersonKeys {
            try PersonKeys(KeyFile(folder: folder.path, credentials: credentials))
        }
        let first = try keys()
        let (anna, bea) = (try first.makeID(of: "anna"), try first.makeID(of: "bea"))
        let sealed = try first.seal(.text("a note"), of: anna, as: .sealed, in: "t.c")
        guard case .blob(let bytes) = sealed else { throw CancellationError() }
        let again = try keys()
        #expect(again.id(of: "anna") == anna && again.name(of: bea) == "bea" && again.open(bytes) == .text("a note"))
        #expect(again.id(of: "cleo") == nil)
        let path = folder.path + "/person-keys"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(!text.contains("anna") && text.contains(anna.hex))
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        let credentials = try TemporaryFolder()
        try Data((String(repeating: "ab", count: 32) + "\n").utf8).write(
            to: URL(fileURLWithPath: credentials.path + "/mneedle-master-key"))
        #expect(throws: HeadNote.Refused.self) { try keys(credentials: credentials.path) }
        // Erased, and nothing of it is left but that it was.
        try again.erase([anna])
        #expect(again.open(bytes) == .null && again.name(of: anna) == anna.pseudonym && again.id(of: "anna") == nil)
        #expect(try keys().open(bytes) == .null && keys().hasErased(anna) && keys().id(of: "anna") == nil)
        #expect(try keys().makeID(of: "anna") != anna)
        #expect(throws: ModuleError.self) { try again.seal(.text("x"), of: anna, as: .sealed, in: "t.c") }
        try text.replacingOccurrences(of: bea.hex, with: anna.hex).write(
            toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: HeadNote.Refused.self) { try keys() }
    }

    @Test("what people are looked for by is found by its value, and not to be had from a row")
    func looked() throws {
        let keys = SealedValue.Keys(SymmetricKey(size: .bits256))
        let place = "t.c"
        let code = try SealedValue.seal(.text("olderwort"), of: .nobody, keys, as: .looked, in: place)
        #expect(try code == SealedValue.seal(.text("olderwort"), of: .nobody, keys, as: .looked, in: place))
        #expect(try code != SealedValue.seal(.text("olderworm"), of: .nobody, keys, as: .looked, in: place))
        guard case .blob(let bytes) = code else { throw CancellationError() }
        #expect(SealedValue.open(bytes, .looked, keys) == .null)
    }

    @Test("the commitment of an entry's facts is the SHA-256 of what a receipt gives, and differs for the same facts")
    func commitment() throws {
        let (id, keys) = (PersonID.random(), SealedValue.Keys(SymmetricKey(size: .bits256)))
        let facts = LedgerFacts(subject: "person/anna", body: #"{"goal":"collagen"}"#)
        let sealed = try SealedValue.seal(facts, of: id, keys)
        #expect(SealedValue.open(facts: sealed, keys) == facts)
        #expect(String(decoding: facts.text, as: UTF8.self).hasSuffix("\nperson/anna\n{\"goal\":\"collagen\"}"))
        #expect(SealedValue.commitment(in: sealed).map(Array.init) == Array(SHA256.hash(data: facts.text)))
        let again = try SealedValue.seal(LedgerFacts(subject: facts.subject, body: facts.body), of: id, keys)
        #expect(SealedValue.commitment(in: again) != SealedValue.commitment(in: sealed))
        for index in sealed.indices {
            var altered = sealed
            altered[index] ^= 1
            #expect(SealedValue.open(facts: altered, keys) == nil)
        }
        #expect(LedgerFacts.shown("person/anna") == "person" && LedgerFacts.shown("session/12") == "session/12")
        #expect(LedgerFacts.shown("device/12a") == "device" && LedgerFacts.shown("clock") == "clock")
    }

    @Test("a line that was half written when the power failed is nobody's, and the next person is added whole")
    func halfALine() throws {
        let folder = try TemporaryFolder()
        func keys() throws -> PersonKeys { try PersonKeys(KeyFile(folder: folder.path, credentials: nil)) }
        let anna = try keys().makeID(of: "anna")
        let path = folder.path + "/person-keys"
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data("0123456789abcdef0123456789abcdef QUJD".utf8))
        try file.close()
        let again = try keys()
        #expect(again.id(of: "anna") == anna)
        let bea = try again.makeID(of: "bea")
        let cleo = try again.makeID(of: "cleo")
        let last = try keys()
        #expect(last.id(of: "anna") == anna && last.id(of: "bea") == bea && last.id(of: "cleo") == cleo)
    }

    @Test("people's keys without their master key are refused, and no new one is made")
    func withoutMaster() throws {
        let folder = try TemporaryFolder()
        _ = try PersonKeys(KeyFile(folder: folder.path, credentials: nil)).makeID(of: "anna")
        let master = folder.path + "/master-key"
        try FileManager.default.removeItem(atPath: master)
        #expect(throws: HeadNote.Refused.self) { try KeyFile(folder: folder.path, credentials: nil) }
        #expect(!FileManager.default.fileExists(atPath: master))
    }

    @Test("a person who was kept by a commit of which nobody could know is no obstacle to the next one")
    func keptAllTheSame() throws {
        let workshop = try Workshop()
        let id = try workshop.engine.sealing.keys.makeID(of: "anna")
        try workshop.engine.store.execute(["INSERT INTO mneedle_people (id) VALUES (x'\(id.hex)')"])
        let outcome = try workshop.run(
            workshop.job { transaction in
                ["seq": try transaction.record(Entry("test.written", subject: "person/anna", person: "anna"))]
            })
        guard case .success? = outcome.results.first else {
            Issue.record("\(outcome.results)")
            return
        }
    }
}
