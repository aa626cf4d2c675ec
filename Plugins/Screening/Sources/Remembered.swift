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
        try reading.store.forEach(sql, [person.sql]) { row in
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
        _ answers: [(question: Question, answer: Answer)], of assessment: Assessment, _ person: Person,
        _ transaction: any Transaction
    ) throws -> [String] {
        try answers.filter(\.question.isRemembered).compactMap { question, answer in
            var day: CivilDate?
            if case .date(let counting)? = person.answer(to: question, answer) { day = counting }
            guard day != nil || answer == .flag(true) else { return nil }
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
        try transaction.store.execute(
            """
            INSERT INTO screening_remembered (person, question, remembered_at, because, day) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (person, question) DO UPDATE
            SET remembered_at = excluded.remembered_at, because = excluded.because, day = excluded.day
            WHERE excluded.day > screening_remembered.day
            """, person, question, transaction.now, because, day) > 0
    }

    /// What a reaction to a session has made true. A question that the file does not have (yet) is kept all the same.
    var whenReactionOpened: Reaction {
        Reaction(to: .reactionOpened) { try remember($0.sets, of: $0.person, because: $1.subject, $2) }
    }

    /// What a reaction has turned out to be when it was closed: an allergy.
    var whenReactionResolved: Reaction {
        Reaction(to: .reactionResolved) { try remember($0.sets, of: $0.person, because: $1.subject, $2) }
    }

    private func remember(
        _ questions: [String], of person: String, because: String, _ transaction: any Transaction
    ) throws {
        for question in questions where try remember(question, nil, of: person, because: because, transaction) {
            try transaction.record(
                Entry(
                    "screening.remembered", subject: "person/\(person)", person: person,
                    body: ["person": person, "question": question, "because": because, "at": transaction.now]))
        }
    }
}
