import MneedleDaemon
import MneedleFaults
import MneedleKit
import MneedleRandom

/// Draws what happens to a service: scenes from its use, whose requests come between one another, and anything else among them.
struct World {
    private var random: SeededGenerator
    private let table: CommandTable
    private var asked: [Ask] = []
    /// The scenes under way: the steps that are left of each.
    private var scenes: [[Step]] = []
    private var cartridges = 12
    /// The people who are treated in a clinic, unless somebody changes that.
    private var inClinic: [String] = []
    /// Whether the disk fails and the power goes in this plan.
    private let hasFaults: Bool

    /// - Parameters:
    ///   - table: The commands of the service.
    ///   - length: About how many steps the plan has.
    static func plan(_ seed: UInt64, _ table: CommandTable, length: Int) -> Plan {
        var world = World(seed, table)
        let people: People = world.chance(70) ? .household : .practice
        let logPages = [5, 30, 1000].randomElement(using: &world.random)!
        var steps = world.opening(people)
        while steps.count < length { steps += world.next() }
        return Plan(people: people, seed: seed, logPages: logPages, steps: steps)
    }

    private init(_ seed: UInt64, _ table: CommandTable) {
        random = SeededGenerator(seed: seed)
        self.table = table
        hasFaults = seed % 4 == 0
    }

    private mutating func chance(_ percent: Int) -> Bool { Vocabulary.chance(percent, &random) }
    private mutating func draw<T>(_ values: [T]) -> T { values.randomElement(using: &random)! }

    // MARK: Steps

    private mutating func next() -> [Step] {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<45:
            if scenes.count < 3, scenes.isEmpty || chance(10) { scenes.append(scene()) }
            scenes.removeAll(where: \.isEmpty)
            guard let index = scenes.indices.randomElement(using: &random) else { return [] }
            return [scenes[index].removeFirst()]
        case 45..<80: return [.ask([any()])]
        case 80..<86: return [.ask((0..<Int.random(in: 2...5, using: &random)).map { _ in any() })]
        case 86..<90: return asked.isEmpty ? [] : [.ask([draw(asked.suffix(40))])]
        case 90..<93: return [.pass(draw([5, 60, 600, 3600, 7200, 86_400]))]
        case 93: return [.sleep(draw([60, 3600, 86_400, 10 * 86_400]))]
        case 94: return clock()
        case 95: return [.restart]
        case 96..<98 where hasFaults:
            return [.cut(Int.random(in: 1...draw([8, 30, 100]), using: &random), luck: random.next())]
        case 98 where hasFaults: return fault()
        default: return [.ask([any()])]
        }
    }

    /// The clock is set, and mostly somebody sees to that.
    private mutating func clock() -> [Step] {
        let by = draw([-7200, -90, 5400, 3 * 86_400, -26 * 3600])
        if chance(50) { scenes.append([.ask([any()]), .set(-by)]) }
        if chance(50) { scenes.append([.ask([Ask(.root, "ledger.accept-clock note=\"it is right now\"")])]) }
        return [.set(by)]
    }

    private mutating func fault() -> [Step] {
        let fault = FaultyDisk.Fault(
            draw([.write, .write, .sync, .sync, .truncate, .read]), draw([.broken, .broken, .full]),
            number: Int.random(in: 1...10, using: &random), times: draw([1, 1, 2, .max]), isTorn: chance(50))
        return [.fault(fault), .ask([any()]), .ask([any(), any()]), .ask([any()]), .mend]
    }

    // MARK: Requests

    private static let rare: Set<String> = [
        "records.erase", "records.retire-device", "subscribe", "unsubscribe", "ledger.verify", "modules.retire-guard",
        "ledger.compare", "ledger.accept-clock", "records.decide-twin",
    ]

    /// Any request of anybody.
    private mutating func any() -> Ask {
        var verb = draw(table.ordered)
        // What only looks changes nothing; what ends everything comes seldom.
        while (World.rare.contains(verb.name) && !chance(8)) || (!verb.changes && !chance(40)) {
            verb = draw(table.ordered)
        }
        let peer: Peer = draw([.root, .root, .kim, .kim, .ada, .ada, .ada, .ben, .ben, .eve])
        return ask(peer, Vocabulary.line(verb.name, verb.parameters, &random))
    }

    /// A request, often with an idempotency key.
    private mutating func ask(_ peer: Peer, _ line: String) -> Ask {
        let verb = table[String(line.prefix { $0 != " " })]
        guard verb?.changes == true, chance(40) else {
            return Ask(peer, line, points: verb?.name == "telemetry.stream" ? Int.random(in: 1...9, using: &random) : 0)
        }
        let ask = Ask(peer, line + " idempotency_key=k\(asked.count)")
        asked.append(ask)
        return ask
    }

    // MARK: Scenes

    /// The people and devices that the other requests are about.
    private mutating func opening(_ people: People) -> [Step] {
        let added = Vocabulary.people.map { person in
            // A reader opens no record.
            let owner = Vocabulary.owners.first { $0.person == person }?.peer
            let setting = chance(40) ? "clinic" : "home"
            if setting == "clinic" { inClinic.append(person) }
            let own =
                "records.add-person person=\(person) name=\"\(person) M\" setting=\(setting) fitzpatrick=2"
                + (chance(20) ? " birth_date=1990-04-28" : "")
            if let owner, owner != .eve, people == .household { return ask(owner, own) }
            return ask(.root, own + " unix_user=\(owner?.rawValue ?? "-")")
        }
        let devices = [
            "device=pen-1 kind=pen cartridges=yes max_depth_mm=2.5",
            "device=pen-2 kind=pen cartridges=yes max_depth_mm=1",
            "device=roller-1 kind=roller needle_mm=0.3 material=titanium owner=zilpzalp",
            "device=roller-2 kind=roller needle_mm=0.3 material=titanium owner=neuntoeter",
            "device=steel-1 kind=stamp needle_mm=0.5 material=titanium",
        ].map { ask(.root, "records.add-device " + $0) }
        let operators = ask(.root, "records.add-operator operator=lee max_depth_mm=1.5")
        return (added + devices + [operators]).map { .ask([$0]) }
    }

    private mutating func scene() -> [Step] {
        let person = draw(Vocabulary.people)
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<10: return treatment(of: person, on: device(of: person)) + after()
        case 10, 11: return clinicDay()
        case 12..<16: return remindings(of: person, by: peer(of: person))
        case 16, 17: return symptom(of: person, by: peer(of: person))
        case 18: return erasing(of: person)
        default: return [.pass(draw([1, 5, 16, 30, 45]) * 86_400)]
        }
    }

    /// Whoever asks for a person: mostly their own user.
    private mutating func peer(of person: String) -> Peer {
        let owner = Vocabulary.owners.first { $0.person == person }?.peer ?? .root
        return chance(70) && owner != .eve ? owner : draw([.root, .kim])
    }

    private mutating func device(of person: String) -> String {
        switch person {
        case "zilpzalp": draw(["roller-1", "pen-1"])
        case "neuntoeter": draw(["roller-2", "pen-2"])
        default: draw(["pen-1", "pen-2", "steel-1"])
        }
    }

    /// Weeks in which the skin heals.
    private mutating func after() -> [Step] {
        chance(70) ? [.pass(3600), .pass(draw([2, 13, 15, 29, 40]) * 86_400)] : []
    }

    /// One after the other is treated with one handpiece; sometimes somebody takes the cartridge that is in it.
    private mutating func clinicDay() -> [Step] {
        let device = draw(["pen-1", "pen-2"])
        var steps: [Step] = []
        for person in inClinic.shuffled(using: &random).prefix(2) {
            steps += treatment(of: person, on: device, hasOldCartridge: !steps.isEmpty && chance(40))
        }
        return steps + after()
    }

    /// From the screening to the end of a session.
    private mutating func treatment(of person: String, on device: String, hasOldCartridge: Bool = false) -> [Step] {
        let (peer, isInClinic) = (peer(of: person), inClinic.contains(person))
        if !hasOldCartridge { cartridges += 1 }
        let cartridge = device.hasPrefix("pen") ? "cartridge=c-\(cartridges) " : ""
        let depth = device == "steel-1" || (isInClinic && device.hasPrefix("pen")) ? "0.5" : "0.3"
        let start =
            "session.start person=\(person) device=\(device) \(cartridge)areas=cheeks depth_mm=\(depth)"
            + (isInClinic || chance(20) ? " operator=lee" : "")
        var asks = [
            "screening.assess person=\(person) areas=cheeks \(Vocabulary.answers(&random, isWell: chance(85)))",
            "sterilization.soak device=\(device) agent=isopropyl-alcohol concentration_percent=70 minutes=10 "
                + "hands_washed=yes clean_surface=yes",
        ]
        if !cartridge.isEmpty, !hasOldCartridge {
            asks.append(
                "sterilization.open-cartridge \(cartridge)device=\(device) person=\(person) lot=A1 expires={day:90}")
        }
        var steps: [Step] = asks.map { .ask([ask(peer, $0)]) }
        steps.append(.pass(1800))
        steps.append(.ask([ask(peer, start)]))
        if chance(20) { steps.append(.ask([ask(draw([.root, peer]), start)])) }
        if chance(40) { steps.append(.ask([ask(peer, "telemetry.stream session={running:0}")])) }
        if chance(15) { steps += symptom(of: person, by: peer) }
        steps.append(.pass(draw([300, 1200])))
        let end =
            chance(80) ? "session.finish session={running:0} passes=3" : "session.stop session={running:0} reason=pain"
        steps.append(.ask([ask(chance(80) ? peer : .root, end)]))
        return steps
    }

    private mutating func remindings(of person: String, by peer: Peer) -> [Step] {
        let after = draw([60, 3600, 86_400, 20 * 86_400])
        return [
            .ask([ask(peer, "scheduling.remind person=\(person) at={in:\(after)} title=\"look at \(person)\"")]),
            .pass(draw([30, after, after + 60])),
            .ask([
                ask(
                    peer,
                    draw([
                        "scheduling.snooze reminder={reminder:0} for=2h", "scheduling.done reminder={reminder:0}",
                        "scheduling.dismiss reminder={reminder:1}",
                    ]))
            ]),
            .ask([ask(peer, "scheduling.accept person=\(person) sessions=3")]),
        ]
    }

    /// Somebody goes, and mostly comes back under the same name.
    private mutating func erasing(of person: String) -> [Step] {
        let gone: [Step] = [
            .ask([ask(.root, "records.erase person=\(person) reason=\"asked for\"")]), .pass(draw([60, 86_400])),
        ]
        return chance(70) ? gone + [.ask([ask(.root, "records.add-person person=\(person) fitzpatrick=2")])] : gone
    }

    private mutating func symptom(of person: String, by peer: Peer) -> [Step] {
        var steps: [Step] = [
            .ask([ask(peer, "aftercare.report person=\(person) symptom=\(draw(Vocabulary.symptoms)) severity=severe")])
        ]
        if chance(60) {
            steps.append(
                .ask([
                    ask(.root, "aftercare.resolve reaction={reaction:0} physician=Lee judged_on={day:0} allergy=none")
                ]))
        }
        return steps
    }
}

extension Verb {
    /// Whether it changes something.
    fileprivate var changes: Bool {
        switch command.handler {
        case .writes, .special: true
        default: false
        }
    }
}
