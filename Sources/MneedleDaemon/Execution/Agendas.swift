import MneedleKit

/// What there is to do: the standing of people and the agendas of all modules, as one list.
extension StoreReading {
    package func findings(for plan: SessionPlan, at moment: Instant) -> [Finding] {
        let present = now
        now = moment
        defer { now = present }
        var plan = plan
        plan.at = moment
        return findings(for: plan)
    }

    package func agenda(of person: String?) throws -> [AgendaItem] {
        var all = ownMatters()
        let people: [Person]
        do {
            people = try person.map { [try self.person($0)] } ?? visiblePeople()
        } catch {
            // Whom it is about is not known, so nothing is told of anybody.
            if person != nil { throw error }
            return all + [AgendaItem(.open, .agendaUnavailable("records", describe(error)))]
        }
        let standings = people.map { (person: $0.person, standing: standing(of: $0)) }
        let free = standings.filter { $0.standing.blocking.isEmpty }.map(\.person)
        let scope = AgendaScope(people: people, isOfOne: person != nil, free: Set(free))
        for (person, standing) in standings { all += items(standing, of: person) }
        all += items(of: scope)
        return all.enumerated()
            .sorted { ($0.element.kind, $0.offset) < ($1.element.kind, $1.offset) }
            .map { $0.element }
    }

    private func visiblePeople() throws -> [Person] {
        try list("records.list-people", seesEverybody ? [:] : ["unix_user": actor.user]).map(Person.init)
    }

    /// What keeps the service from judging about anybody.
    private func ownMatters() -> [AgendaItem] {
        serviceFindings().filter(\.blocks).map { AgendaItem(.open, $0) }
    }

    private func items(_ standing: Standing, of person: String) -> [AgendaItem] {
        standing.blocking.filter { $0.module != Verb.host }.map { AgendaItem($0.agendaKind, person: person, $0) }
    }

    private func items(of scope: AgendaScope) -> [AgendaItem] {
        registry.agenda.flatMap { module, agenda -> [AgendaItem] in
            do {
                return try within(module) {
                    let items = try agenda.items(scope, self)
                    try requireSound()
                    return items
                }
            } catch {
                registry.report(module, "the agenda '\(agenda.summary)' failed", error)
                return [AgendaItem(.open, .agendaUnavailable(module, describe(error)))]
            }
        }
    }
}

extension Finding {
    /// The place on an agenda of a finding against all sessions of a person.
    fileprivate var agendaKind: AgendaItem.Kind {
        if until != nil { return .waiting }
        return remedy == nil && severity == .contraindicated ? .never : .open
    }

    /// What is not known is told: a list that leaves it out would look complete.
    fileprivate static func agendaUnavailable(_ module: String, _ reason: String) -> Finding {
        Finding(
            code: "agenda-unavailable", severity: .caution,
            message: "Module '\(module)' cannot say what there is to do: \(reason).",
            advice: "Ask whoever runs the service to look at 'modules.list'.", sources: [], module: Verb.host)
    }
}

/// The command that tells what there is to do.
enum AgendaCommands {
    private static let person = Parameter.optional("person", .slug, "Whom it is about; everybody if left out.")

    static var today: Command {
        Command(
            "today",
            "Lists what there is to do and to know now: what runs, is open, due or expires, with the way to settle it.",
            role: .reader, takes: person, gives: AgendaItem.self, errors: [.notFound],
            concerns: .named(
                "person",
                rows: [
                    Concern.Name("person", names: "person", isOptional: true),
                    Concern.Name("device", names: "device", isOptional: true),
                ]), example: "today person=anna",
            lists: { reading, send, person in for item in try reading.safety.agenda(of: person) { try send(item) } })
    }
}
