import MneedleKit

/// A "yes" that stays true: a raised scar is keloid history from then on, whatever is answered later.
struct Memory: Sendable {
    let at: Instant
    /// What it comes from: `reaction/3`, `assessment/17`.
    let because: String
    /// The latest day that was given, for a question that asks for one.
    var day: CivilDate?

    /// What counts as the answer, beside the one that is given now.
    func answer(to question: Question, _ given: Answer?) -> Answer? {
        switch (question.kind, day, given) {
        case (.yesNo, _, _): return .flag(true)
        // What happened may have happened again: it is asked anew, and the later day counts.
        case (.dateOrNever, let day?, .date(let other)?): return .date(max(day, other))
        case (.dateOrNever, let day?, .never?): return .date(day)
        case (.date, let day?, .date(let other)?): return .date(max(day, other))
        case (.date, let day?, nil): return .date(day)
        default: return given
        }
    }
}

extension Person {
    /// What counts as the answer where the record knows it too: of two birth dates the later.
    func answer(to question: Question, _ given: Answer?) -> Answer? {
        guard question.name == "born-on", let birthDate, case .date(let told)? = given else { return given }
        return .date(max(told, birthDate))
    }
}

extension Screening {
    /// What the person's past answers for good, by question.
    func rememberedAnswers(of person: String, _ reading: any Reading) throws -> [String: Memory] {
        var memories: [String: Memory] = [:]
        let sql = "SELECT question, remembered_at, because, day FROM screening_remembered WHERE person = ?"
        try reading.forEach(sql, [person.sql]) { row in
            guard let question = row.text("question"), let at = row.instant("remembered_at"),
                let because = row.text("because")
            else { throw ModuleError.internal("a row of screening_remembered cannot be read") }
            memories[question] = Memory(at: at, because: because, day: row.date("day"))
        }
        return memories
    }

    /// What all records that are this person answer for good; a record's own memory before its twin's, of days the latest.
    func rememberedOfTwins(of person: String, _ reading: any Reading) throws -> [String: Memory] {
        try reading.records(of: person).reduce(into: [:]) { all, record in
            all.merge(try rememberedAnswers(of: record, reading)) { own, twin in
                guard let day = own.day, let other = twin.day else { return own }
                return other > day ? twin : own
            }
        }
    }

    /// Keeps the yes, or the latest day, to questions that the knowledge file marks `remembered`.
    /// - Returns: The questions that are remembered from now on.
    func rememberAnswers(
        _ answers: Arguments, of assessment: Assessment, _ person: Person, _ transaction: any Transaction
    ) throws -> [String] {
        try knowledge.questions.filter(\.isRemembered).compactMap { question in
            var day = question.kind.isDate ? answers.date(question.name) : nil
            if let told = day, case .date(let counting)? = person.answer(to: question, .date(told)) { day = counting }
            guard day != nil || answers.boolean(question.name) == true else { return nil }
            let because = "assessment/\(assessment.id)"
            let isNew = try remember(question.name, day, of: assessment.person, because: because, transaction)
            return isNew ? question.name : nil
        }
    }

    /// - Returns: Whether it is new.
    private func remember(
        _ question: String, _ day: CivilDate?, of person: String, because: String, _ transaction: any Transaction
    ) throws -> Bool {
        // Days are text that sorts by time.
        try transaction.execute(
            """
            INSERT INTO screening_remembered (person, question, remembered_at, because, day) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (person, question) DO UPDATE
            SET remembered_at = excluded.remembered_at, because = excluded.because, day = excluded.day
            WHERE excluded.day > screening_remembered.day
            """, person, question, transaction.now, because, day) > 0
    }

    /// What a reaction to a session has made true. A question that the file does not have (yet) is kept all the same.
    var whenReactionOpened: Reaction { whenReaction("reaction.opened") }

    /// What a reaction has turned out to be when it was closed: an allergy.
    var whenReactionResolved: Reaction { whenReaction("reaction.resolved") }

    private func whenReaction(_ kind: String) -> Reaction {
        Reaction(to: kind) { entry, _, transaction in
            guard let person = entry.person ?? entry.body.string("person") else { return }
            for question in entry.body.strings("sets")
            where try remember(question, nil, of: person, because: entry.subject, transaction) {
                try transaction.record(
                    Entry(
                        "screening.remembered", subject: "person/\(person)", person: person,
                        body: ["person": person, "question": question, "because": entry.subject, "at": transaction.now])
                )
            }
        }
    }

    var remembered: Command {
        Command(
            "remembered", "Lists the answers that stay true for a person, whatever is answered later.", role: .reader,
            parameters: [.required("person", .slug, "Whose.")],
            reply: [
                ReplyMember("person", "whose"), ReplyMember("question", "the question"),
                ReplyMember("day", "the latest day that was answered; absent for a yes"),
                ReplyMember("at", "since when"), ReplyMember("because", "what it comes from"),
            ],
            errors: [.notFound], concerns: .named("person", rows: ["person"]),
            example: "screening.remembered person=anna",
            .lists { request, reading, send in
                let person = try reading.person(request.arguments.requiredText("person")).person
                for (question, memory) in try rememberedAnswers(of: person, reading).sorted(by: { $0.key < $1.key }) {
                    try send([
                        "person": person, "question": question, "day": memory.day, "at": memory.at,
                        "because": memory.because,
                    ])
                }
                return [:]
            })
    }

    var correct: Command {
        Command(
            "correct", "Takes back an answer that was remembered by mistake, for example for the wrong person.",
            role: .practitioner,
            parameters: [
                .required("person", .slug, "Whose."),
                .required("question", .slug, "What was remembered; see screening.remembered."),
                .required("by", .line(maximum: 200), "The physician who has judged it."),
                .required(
                    "reason", .line(maximum: 500), "Why it was wrong, in at least \(knowledge.reasons.letters) letters."
                ),
            ],
            reply: [
                ReplyMember("person", "whose"), ReplyMember("question", "what is no longer remembered"),
                ReplyMember("because", "what it had come from"), ReplyMember("by", "who has judged it"),
                ReplyMember("reason", "why"),
            ],
            errors: [.notFound],
            concerns: .named("person"),
            example:
                "screening.correct person=anna question=keloid-history by=\"Dr. Lee\" reason=\"reported for the wrong person\"",
            .writes(forget))
    }

    @Sendable private func forget(_ request: Request, _ transaction: any Transaction) throws -> Object {
        let record = try transaction.person(request.arguments.requiredText("person"))
        let person = record.person
        let question = try request.arguments.requiredText("question")
        let by = try record.requirePhysician("by", request.arguments.requiredText("by"))
        let reason = try knowledge.reasons.require("reason", request.arguments.requiredText("reason"))
        let memories = try rememberedAnswers(of: person, transaction)
        guard let memory = memories[question] else {
            throw ModuleError.notFound(
                "remembered answer", question, suggestions: suggestions(for: question, in: memories.keys.sorted()),
                next: "screening.remembered person=\(person) lists them")
        }
        try transaction.execute(
            "DELETE FROM screening_remembered WHERE person = ? AND question = ?", person, question)
        let facts: Object = [
            "person": person, "question": question, "because": memory.because,
            "by": by, "reason": reason,
        ]
        try transaction.record(
            Entry("screening.corrected", subject: "person/\(person)", person: person, body: facts))
        return facts
    }

    /// For the module that knows how long skin has to rest: it judges this day like that of a session.
    var lastNeedled: Command {
        Command(
            "last-needled", "Says when the skin was last needled elsewhere, as the person has told.", role: .reader,
            parameters: [.required("person", .slug, "Whose.")],
            reply: [
                ReplyMember("person", "whose"),
                ReplyMember("needled_on", "the latest day that was told; absent for none"),
                ReplyMember("at", "when that day began where the person lives"),
            ],
            errors: [.notFound], concerns: .named("person"), example: "screening.last-needled person=anna",
            .reads { request, reading in
                let person = try reading.person(request.arguments.requiredText("person"))
                let day = try rememberedAnswers(of: person.person, reading)["needled-on"]?.day
                let at = day.map { reading.zone(of: person).instant(of: $0) }
                return ["person": person.person, "needled_on": day, "at": at]
            })
    }
}
