import MneedleFaults
import MneedleRandom

/// What happens to one store from its making on: lives that each end in a power cut. A plan is the same for a seed for ever.
struct PowerPlan: CustomStringConvertible {
    enum Step: CustomStringConvertible {
        case group([Change])
        /// A group while somebody reads an older state, so that the log cannot begin anew.
        case groupBesideReader([Change])
        case restart
        case fault(FaultyDisk.Fault)
        case mend

        var description: String {
            switch self {
            case .group(let changes): "group \(changes)"
            case .groupBesideReader(let changes): "group beside a reader \(changes)"
            case .restart: "restart"
            case .fault(let fault): "\(fault)"
            case .mend: "mend"
            }
        }

        /// The same with fewer changes.
        var shorter: [Step] {
            switch self {
            case .group(let changes): changes.indices.map { .group(changes.without($0)) }
            case .groupBesideReader(let changes): changes.indices.map { .groupBesideReader(changes.without($0)) }
            case .restart, .fault, .mend: []
            }
        }
    }

    struct Life: CustomStringConvertible {
        /// How many pages the log may have.
        var log: Int
        var steps: [Step]
        /// The power goes in the middle of this change of the disk, or at the end of the steps.
        var cut: Int
        var luck: UInt64

        var description: String {
            "log of \(log) pages; power goes at change \(cut), luck \(luck)\n"
                + steps.map { "    \($0)\n" }.joined()
        }
    }

    var lives: [Life]

    var description: String { lives.enumerated().map { "life \($0 + 1): \($1)" }.joined() }

    /// - Parameter hasFaults: Whether calls fail as well.
    init(seed: UInt64, lives count: Int, hasFaults: Bool) {
        var (generator, asked) = (SeededGenerator(seed: seed), [Change]())
        lives = (0..<count).map { PowerPlan.life($0, hasFaults, &generator, &asked) }
    }

    private static func life(
        _ number: Int, _ hasFaults: Bool, _ random: inout SeededGenerator, _ asked: inout [Change]
    ) -> Life {
        let steps: [Step] = (0..<Int.random(in: 1...8, using: &random)).flatMap { _ -> [Step] in
            let group = group(&random, &asked)
            switch Int.random(in: 0..<20, using: &random) {
            case 0: return [.restart]
            case 1...3: return [.groupBesideReader(group)]
            case 4...6 where hasFaults:
                return [.fault(fault(&random)), .group(group), .group(self.group(&random, &asked)), .mend]
            case 7 where hasFaults: return [.fault(fault(&random)), .restart, .mend]
            default: return [.group(group)]
            }
        }
        // The first life makes the store, which is many changes of the disk.
        let changes = number == 0 ? 1...300 : 1...[10, 40, 120].randomElement(using: &random)!
        return Life(
            log: [3, 8, 30, 4000].randomElement(using: &random)!, steps: steps,
            cut: Int.random(in: changes, using: &random), luck: random.next())
    }

    private static func group(_ random: inout SeededGenerator, _ asked: inout [Change]) -> [Change] {
        let size = [1, 1, 2, 4, 12].randomElement(using: &random)!
        return (0..<size).map { _ in
            // Some ask again for what they have asked before: with the same key it is done once.
            if let before = asked.randomElement(using: &random), Int.random(in: 0..<6, using: &random) == 0 {
                return before
            }
            let kinds: [Change.Kind] = [.device, .device, .note, .note, .large, .failing]
            let change = Change(id: asked.count + 1, kind: kinds.randomElement(using: &random)!)
            asked.append(change)
            return change
        }
    }

    private static func fault(_ random: inout SeededGenerator) -> FaultyDisk.Fault {
        FaultyDisk.Fault(
            [.write, .write, .sync, .sync, .sync, .truncate, .deletion].randomElement(using: &random)!,
            [.broken, .broken, .full].randomElement(using: &random)!, number: Int.random(in: 1...12, using: &random),
            times: [1, 1, 2, .max].randomElement(using: &random)!, isTorn: Bool.random(using: &random))
    }

    // MARK: Running

    /// Runs everything on a new store, and looks at it after each power cut.
    /// - Throws: ``FaultyStore/Violation``, with the number of the life in which it shows.
    func run() throws {
        let store = try FaultyStore()
        for (number, life) in lives.enumerated() {
            do {
                try PowerPlan.run(life, on: store)
                try store.crash(luck: life.luck)
            } catch {
                throw FaultyStore.Violation("life \(number + 1): \(error)")
            }
        }
        do {
            try store.open()
            try store.judge()
        } catch {
            throw FaultyStore.Violation("at the end: \(error)")
        }
    }

    /// What is wrong when it has run.
    var violation: String? {
        do {
            try run()
            return nil
        } catch { return "\(error)" }
    }

    private static func run(_ life: Life, on store: FaultyStore) throws {
        store.disk.cutPower(after: life.cut)
        store.logPages = life.log
        guard try start(store), !store.disk.isWithoutPower else { return }
        try store.judge()
        for step in life.steps where !store.disk.isWithoutPower {
            switch step {
            case .group(let changes): try store.ask(changes)
            case .groupBesideReader(let changes): try store.askBesideReader(changes)
            case .fault(let fault): store.disk.fail(fault)
            case .mend: store.disk.mend()
            case .restart:
                try? store.close()
                guard try start(store) else { return }
            }
        }
    }

    /// Whether it has started. It must, unless the power goes or a call fails meanwhile.
    private static func start(_ store: FaultyStore) throws -> Bool {
        do {
            try store.open()
            return true
        } catch {
            if store.disk.isWithoutPower { return false }
            guard store.disk.failures > 0 else { throw error }
            store.disk.mend()
        }
        do {
            try store.open()
            return true
        } catch {
            guard store.disk.isWithoutPower else { throw error }
            return false
        }
    }

    // MARK: Shortening

    /// The shortest plan found that fails, for people: lives, steps and changes are left out one after the other.
    func shortest(atMost tries: Int = 400) -> PowerPlan {
        var (best, left) = (self, tries)
        var isShorter = true
        while isShorter, left > 0 {
            isShorter = false
            for plan in best.shorter where left > 0 {
                left -= 1
                guard plan.violation != nil else { continue }
                (best, isShorter) = (plan, true)
                break
            }
        }
        return best
    }

    private var shorter: [PowerPlan] {
        var plans: [PowerPlan] = []
        func add(_ change: (inout PowerPlan) -> Void) {
            var plan = self
            change(&plan)
            plans.append(plan)
        }
        for life in lives.indices.reversed() { add { $0.lives.remove(at: life) } }
        for (life, steps) in lives.map(\.steps).enumerated() {
            for step in steps.indices.reversed() { add { $0.lives[life].steps.remove(at: step) } }
            for (step, shorter) in steps.map(\.shorter).enumerated() {
                for shorter in shorter { add { $0.lives[life].steps[step] = shorter } }
            }
        }
        return plans
    }
}

extension Array {
    fileprivate func without(_ index: Int) -> [Element] {
        var rest = self
        rest.remove(at: index)
        return rest
    }
}
