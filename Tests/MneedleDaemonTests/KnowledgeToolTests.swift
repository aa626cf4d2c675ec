import MneedleKit
import Testing

/// A module's findings in a test.
private enum SkinCode: String, FindingCode {
    case tooSoon = "too-soon"
    case wet

    var placeholders: [String] { self == .tooSoon ? ["days", "last", "until"] : ["mm"] }
    var firmness: Firmness { self == .tooSoon ? .blocks(in: [.home, .clinic]) : .none }
}

/// Two findings of which a program sees one code.
private enum NamedCode: String, FindingCode {
    case floor, minimum
    var code: String { "too-soon" }
    var placeholders: [String] { [] }
    var firmness: Firmness { self == .minimum ? .blocks(in: [.clinic], mayBeOverridden: true) : .none }
}

@Suite("What modules read knowledge with")
struct KnowledgeToolTests {
    private let problems = Problems()
    private var found: [String] { problems.found.map(\.description) }

    private func table(_ object: Object, lines: [String: Int] = [:]) -> Table {
        let sources = SourceCatalogue([Source(id: "S1", title: "a guide", evidence: "guideline")])
        return Table(object, file: "skin.toml", lines: lines, sources: sources, problems: problems)
    }

    private func finding(_ code: String, severity: String = "defer", message: String = "m", more: Object = [:])
        -> Object
    {
        var object: Object = [
            "code": code, "severity": severity, "message": message, "advice": "a", "sources": ["S1"],
        ]
        for member in more.members { object[member.name] = member.value }
        return object
    }

    private func catalogue(_ findings: [Object]) -> FindingCatalogue<SkinCode> {
        let lines = Dictionary(uniqueKeysWithValues: findings.indices.map { ("finding[\($0)]", 10 * ($0 + 1)) })
        let file = table(
            ["finding": Value.list(findings.map(Value.object))], lines: lines.merging(["finding": 10]) { $1 })
        defer { file.finish() }
        return FindingCatalogue(file, module: "skin")
    }

    // MARK: Findings

    @Test("a finding is filled in, with times by the person's clock, and rests on its own sources or on others")
    func filling() throws {
        let catalogue = catalogue([
            finding("too-soon", message: "{days} days since {last}; wait until {until}."),
            finding("wet", severity: "none"),
        ])
        #expect(found == [])
        let berlin = Zone(identifier: "Europe/Berlin") { _ in 3600 }
        let last = try #require(Instant("2026-11-20T23:30:00Z"))
        let values: [String: any CustomStringConvertible] = ["days": 3, "last": last]
        let day = try #require(CivilDate("2026-12-01"))
        let one = try catalogue.find(.tooSoon, .home, in: berlin, until: .date(day), values)
        #expect(one.map(\.message) == ["3 days since 2026-11-21 00:30 (Europe/Berlin); wait until 2026-12-01."])
        #expect(one.map(\.module) == ["skin"] && one.flatMap(\.sources).map(\.id) == ["S1"])
        let other = Source(id: "S2", title: "another", evidence: "trial")
        let two = try catalogue.find(
            .tooSoon, .home, in: .utc, until: .instant(last), sources: [other], values)
        #expect(two[0].message.hasSuffix("wait until 2026-11-20 23:30 (UTC).") && two[0].sources == [other])
        // What a practice has switched off is not found.
        #expect(try catalogue.find(.wet, .home, in: .utc, ["mm": 0.5]) == [])
    }

    @Test("the command that resolves a finding is filled in, and names what a person has to give")
    func remedies() throws {
        let remedy = "records.change-person person={last} days={days} limit=3 note=a-{days} goal=…"
        let catalogue = catalogue([finding("too-soon", more: ["remedy": remedy]), finding("wet")])
        #expect(found == [])
        let one = try catalogue.find(.tooSoon, .home, in: .utc, ["days": 3, "last": "anna"])
        #expect(
            one.first?.remedy
                == Remedy(
                    "records.change-person", ["person": "anna", "days": 3, "limit": 3, "note": "a-3"], asks: ["goal"]))
        #expect(try catalogue.find(.wet, .home, in: .utc).first?.remedy == nil)
    }

    @Test(
        "what is no command, or is filled in by nothing, is no remedy",
        arguments: [
            ("records", "expected a command with arguments"), ("person=anna", "expected a command with arguments"),
            ("records.change-person anna", "expected a command with arguments"), ("records.show-person =x", "expected"),
            ("records.show-person person={depth}", "nothing fills in {depth}"),
        ])
    func noRemedy(words: String, complaint: String) {
        _ = catalogue([finding("too-soon", more: ["remedy": words]), finding("wet")])
        #expect(found.count == 1 && found[0].contains("finding[0].remedy: \(complaint)"), "\(found)")
    }

    @Test("a code that is missing, unknown or there twice, and a name that nothing fills in, are told with their lines")
    func mistakes() {
        _ = catalogue([
            finding("wet", message: "{depth} mm"), finding("wet", message: "{mm} mm"), finding("dry"),
        ])
        #expect(
            found == [
                "skin.toml:10: finding[0].message: nothing fills in {depth}; known here: {mm}",
                "skin.toml:20: finding[1].code: 'wet' is there twice",
                "skin.toml:30: finding[2].code: no finding 'dry' here; known: too-soon, wet",
                "skin.toml:10: finding: 'too-soon' is missing",
            ])
    }

    @Test(
        "a finding that has to be firm cannot be weakened",
        arguments: [
            ("caution", [:]), ("clearance", [:]), ("none", [:]), ("defer", ["override": "practitioner"]),
        ] as [(String, Object)])
    func firm(severity: String, more: Object) {
        _ = catalogue([finding("too-soon", severity: severity, more: more), finding("wet")])
        #expect(
            found == [
                "skin.toml:10: finding[0].severity: 'too-soon' must be defer or contraindicated in both settings, and override never"
            ])
    }

    @Test("findings that share a code have tables of their own names")
    func named() throws {
        let file = table([
            "finding": [
                "floor": finding("too-soon", severity: "info"),
                "minimum": finding("too-soon", more: ["override": "practitioner"]),
            ] as Object
        ])
        let catalogue = FindingCatalogue<NamedCode>(file, module: "skin")
        file.finish()
        #expect(found == [])
        #expect(try catalogue.find(.floor, .home, in: .utc).map(\.code) == ["too-soon"])
        _ = FindingCatalogue<NamedCode>(
            table(["finding": ["floor": finding("early"), "minimum": finding("too-soon", severity: "info")] as Object]),
            module: "skin")
        #expect(
            found == [
                "skin.toml: finding.floor.code: must be 'too-soon'",
                "skin.toml: finding.minimum.severity: 'minimum' must be defer or contraindicated in a clinic",
            ])
    }

    // MARK: Tables

    @Test("a section that is missing is told once, and nothing more of it")
    func section() {
        let file = table(["words": 3])
        #expect(file.section("depth").number("max_mm", in: 1...2) == 1)
        #expect(file.section("words").string("none") == "")
        file.finish()
        #expect(found == ["skin.toml: depth: missing", "skin.toml: words: expected a table, got 3"])
    }

    @Test("names are written as requests are compared with them, and stand once")
    func names() {
        let agents: [Object] = [
            ["agent": "iso", "aliases": ["rubbing-alcohol"]],
            ["agent": "spirit", "aliases": ["Rubbing_alcohol", "iso"]],
        ]
        let file = table(
            ["agent": Value.list(agents.map(Value.object))], lines: ["agent[1]": 7, "agent[1].aliases": 9])
        let read = file.list("agent", names: { [$0.name] + $0.aliases.map(normalised) }) { $0.names("agent") }
        #expect(read.map(\.name) == ["iso", "spirit"] && normalised(" Gravity  STEAM_cycle ") == "gravity-steam-cycle")
        #expect(
            found == [
                "skin.toml:9: agent[1].aliases: write 'Rubbing_alcohol' as 'rubbing-alcohol'",
                "skin.toml:7: agent[1].agent: 'rubbing-alcohol' is there twice",
                "skin.toml:7: agent[1].agent: 'iso' is there twice",
            ])
    }

    @Test("an area has what its table says, and of the rest what holds anywhere")
    func areas() {
        let file = table([
            "area": [
                "cheeks": [
                    "text": "cheeks", "face": true, "orbital_rim": false, "zone_max_mm": 1, "sources": ["S1"],
                ] as Object,
                "lid": [
                    "text": "the lid", "needling": false, "home_kinds": ["stamp"], "advised_max_mm": 9,
                    "sources": ["S1"],
                ] as Object,
            ] as Object
        ])
        let catalogue = AreaCatalogue(file)
        file.finish()
        #expect(catalogue.names == ["cheeks", "lid"] && catalogue.needled == ["cheeks"])
        #expect(catalogue["cheeks"]?.isFace == true && catalogue["cheeks"]?.zoneMaxMM == 1)
        #expect(catalogue["cheeks"]?.homeKinds == nil && catalogue["cheeks"]?.hasRollerCaution == true)
        #expect(catalogue["lid"]?.homeKinds == [.stamp] && catalogue["elbow"] == nil)
        #expect(found == ["skin.toml: area.lid.advised_max_mm: expected a number from 0.05 to 5.0, got 9"])
    }

    @Test("an area that may be needled says how deep, and one at the orbital rim with what at home")
    func limitsOfAreas() {
        let file = table(
            [
                "area": [
                    "chin": ["text": "chin", "face": true, "orbital_rim": false, "sources": ["S1"]] as Object,
                    "rim": [
                        "text": "rim", "face": true, "orbital_rim": true, "clinic_max_mm": 0.3, "sources": ["S1"],
                    ] as Object,
                    "lid": ["text": "lid", "orbital_rim": true, "needling": false, "sources": ["S1"]] as Object,
                ] as Object
            ])
        _ = AreaCatalogue(file)
        file.finish()
        #expect(
            found == [
                "skin.toml: area.chin.zone_max_mm: missing: give 'zone_max_mm' or 'clinic_max_mm', in mm, "
                    + "or 'needling = false' where nothing is needled",
                "skin.toml: area.rim.home_kinds: missing: name the kinds of device that are meant for the orbital rim at home",
            ])
    }

    @Test("an area that may be needled says whether it is of the face and at the orbital rim; nothing is taken for no")
    func placesOfAreas() {
        let file = table(
            [
                "area": [
                    "brow": ["text": "brow", "zone_max_mm": 0.3, "sources": ["S1"]] as Object,
                    "lid": ["text": "lid", "needling": false, "sources": ["S1"]] as Object,
                ] as Object
            ])
        _ = AreaCatalogue(file)
        file.finish()
        #expect(
            found == [
                "skin.toml: area.brow.face: missing: say 'true' or 'false', or 'needling = false' where nothing is needled",
                "skin.toml: area.brow.orbital_rim: missing: say 'true' or 'false', or 'needling = false' where nothing is "
                    + "needled",
            ])
    }

    @Test("lengths of time and numbers in words")
    func words() {
        #expect(Span(days: 1).words == "1 day" && Span.hours(72).words == "72 hours")
        #expect(Span(days: 2, milliseconds: 5_460_000).words == "2 days and 1 hour and 31 minutes")
        #expect(shortText(5) == "5" && shortText(4.5) == "4.5" && shortText(1e12) == "1000000000000.0")
    }
}
