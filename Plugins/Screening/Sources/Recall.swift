import MneedleKit

/// An answer that stays true, as `screening.remembered` lists it.
private struct RememberedAnswer: Reply {
    var person: String
    var question: String
    var memory: Memory

    static let members: [Member<RememberedAnswer>] = [
        Member("person", "whose", \.person), Member("question", "the question", \.question),
        Member("day", "the latest day that was answered; absent for a yes", \.memory.day),
        Member("at", "since when", \.memory.at), Member("because", "what it comes from", \.memory.because),
    ]
}

/// The reply of `screening.correct`, and the body of its entry.
private struct Corrected: Reply {
    var person: String
    var question: String
    var because: String
    var by: String
    var reason: String

    static let members: [Member<Corrected>] = [
        Member("person", "whose", \.person), Member("question", "what is no longer remembered", \.question),
        Member("because", "what it had come from", \.because), Member("by", "who has judged it", \.by),
        Member("reason", "why", \.reason),
    ]
}

/// The reply of `screening.last-needled`.
private struct LastNeedled: Reply {
    var person: String
    var day: CivilDate?
    var at: Instant?

    static let members: [Member<LastNeedled>] = [
        Member("person", "whose", \.person),
        Member("needled_on", "the latest day that was told; absent for none", \.day),
        Member("at", "when that day began where the person lives", \.at),
    ]
}

extension Screening {
    var remembered: Command {
        Command(
            "remembered", "Lists the answers that stay true for a person, whatever is answered later.", role: .reader,
            takes: Screening.whose, gives: RememberedAnswer.self, errors: [.notFound],
            concerns: .named("person", rows: ["person"]), example: "screening.remembered person=anna",
            lists: { reading, send, name in
                let person = try reading.person(name).person
                for (question, memory) in try rememberedAnswers(of: person, reading).sorted(by: { $0.key < $1.key }) {
                    try send(RememberedAnswer(person: person, question: question, memory: memory))
                }
            })
    }

    private static let question = Parameter.required(
        "question", .slug, "What was remembered; see screening.remembered.")
    private static let by = Parameter.required(
        "by", .line(maximum: 200), "The physician who has judged it.")
    private var reason: Parameter<String> {
        .required(
            "reason", .line(maximum: 500), "Why it was wrong, in at least \(knowledge.reasons.letters) letters.")
    }

    var correct: Command {
        Command(
            "correct", "Takes back an answer that was remembered by mistake, for example for the wrong person.",
            role: .practitioner, takes: Screening.whose, Screening.question, Screening.by, reason,
            gives: Corrected.self, errors: [.notFound], concerns: .named("person"),
            example:
                "screening.correct person=anna question=keloid-history by=\"Dr. Lee\" reason=\"reported for the wrong person\"",
            writes: { transaction, name, question, by, why in
                let record = try transaction.person(name)
                let by = try record.requirePhysician(Screening.by.name, by)
                let why = try knowledge.reasons.require(reason.name, why)
                let corrected = Corrected(
                    person: record.person, question: question,
                    because: try forget(question, of: record.person, transaction).because, by: by, reason: why)
                try transaction.record(
                    Entry(
                        "screening.corrected", subject: "person/\(record.person)", person: record.person,
                        body: corrected.object))
                return corrected
            })
    }

    /// - Returns: The answer that was remembered until now.
    private func forget(_ question: String, of person: String, _ transaction: any Transaction) throws -> Memory {
        let memories = try rememberedAnswers(of: person, transaction)
        guard let memory = memories[question] else {
            throw ModuleError.notFound(
                "remembered answer", question, suggestions: suggestions(for: question, in: memories.keys.sorted()),
                next: "screening.remembered person=\(person) lists them")
        }
        try transaction.store.execute(
            "DELETE FROM screening_remembered WHERE person = ? AND question = ?", person, question)
        return memory
    }

    /// The command for the module that knows how long skin has to rest: it judges this day like that of a session.
    var lastNeedled: Command {
        Command(
            "last-needled", "Says when the skin was last needled elsewhere, as the person has told.", role: .reader,
            takes: Screening.whose, gives: LastNeedled.self, errors: [.notFound], concerns: .named("person"),
            example: "screening.last-needled person=anna",
            reads: { reading, name in
                let person = try reading.person(name)
                let day = try rememberedAnswers(of: person.person, reading)["needled-on"]?.day
                return LastNeedled(
                    person: person.person, day: day, at: day.map { reading.zone(of: person).instant(of: $0) })
            })
    }
}
