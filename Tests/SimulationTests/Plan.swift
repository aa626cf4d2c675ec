import MneedleDaemon

/// What is done to one service from its making on. A seed makes the same plan as long as `World` is the same; its text is the
/// same plan for ever.
struct Plan: CustomStringConvertible {
    var people: People
    /// Decides the ids of people.
    var seed: UInt64
    /// From how many pages of log they are brought into the database.
    var logPages: Int
    var steps: [Step]

    var description: String {
        (["\(people.rawValue) \(seed) \(logPages)"] + steps.map(\.description)).joined(separator: "\n") + "\n"
    }

    /// A text that does not say what was meant.
    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads the text of a plan. Lines that begin with `#` are for people; `&` joins a request to those before it.
    init(text: String) throws {
        var lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        let head = lines.isEmpty ? [] : lines.removeFirst().split(separator: " ")
        guard head.count == 3, let people = People(rawValue: String(head[0])), let seed = UInt64(head[1]),
            let logPages = Int(head[2])
        else { throw Unreadable(description: "expected 'household|practice SEED PAGES', got '\(head)'") }
        self.init(people: people, seed: seed, logPages: logPages, steps: [])
        for line in lines {
            if line.hasPrefix("& "), let ask = Ask(text: line.dropFirst(2)), case .ask(let asks)? = steps.last {
                steps[steps.count - 1] = .ask(asks + [ask])
            } else if let step = Step(line) {
                steps.append(step)
            } else {
                throw Unreadable(description: "expected a step, got '\(line)'")
            }
        }
    }

    init(people: People, seed: UInt64, logPages: Int, steps: [Step]) {
        (self.people, self.seed, self.logPages, self.steps) = (people, seed, logPages, steps)
    }

    // MARK: Shortening

    /// The shortest plan found that still fails, for people: it leaves out halves, quarters and so on, then single requests.
    func shortest(within time: Duration = .seconds(60), fails: (Plan) -> Bool) -> Plan {
        var best = self
        let end = ContinuousClock.now + time
        func isBetter(_ plan: Plan) -> Bool {
            guard ContinuousClock.now < end, fails(plan) else { return false }
            best = plan
            return true
        }
        var size = max(1, best.steps.count / 2)
        while ContinuousClock.now < end {
            var hasShortened = false
            var end = best.steps.count
            while end > 0 {
                let start = max(0, end - size)
                var plan = best
                plan.steps.removeSubrange(start..<min(end, plan.steps.count))
                if isBetter(plan) { hasShortened = true }
                end = start
            }
            if size > 1 { size /= 2 } else if !hasShortened { break }
        }
        for index in best.steps.indices.reversed() {
            guard case .ask(let asks) = best.steps[index], asks.count > 1 else { continue }
            for one in asks.indices.reversed() {
                guard case .ask(var fewer) = best.steps[index], fewer.count > 1, one < fewer.count else { continue }
                fewer.remove(at: one)
                var plan = best
                plan.steps[index] = .ask(fewer)
                _ = isBetter(plan)
            }
        }
        return best
    }
}
