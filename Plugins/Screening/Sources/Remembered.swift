import MneedleKit

/// A "yes" that stays true: a raised scar is keloid history from then on, whatever is answered later.
struct Memory: Sendable {
    let at: Instant
    /// The subject that the answer comes from: `reaction/3`, `assessment/17`.
    let because: String
    /// The latest day that was given, for a question that asks for one.
    var day: CivilDate?

    /// The answer that counts, by this memory and the answer that is given now.
    func answer(to question: Question, _ given: Answer?) -> Answer? {
        switch (question.kind, day, given) {
        case (.yesNo, _, _): return .flag(true)
        // An event may have happened again: the question is asked anew, and the later day counts.
        case (.dateOrNever, let day?, .date(let other)?): return .date(max(day, other))
        case (.dateOrNever, let day?, .never?): return .date(day)
        case (.date, let day?, .date(let other)?): return .date(max(day, other))
        case (.date, let day?, nil): return .date(day)
        default: return given
        }
    }
}

extension Person {
    /// The answer that counts where the person's record has it too: of two birth dates the later.
    func answer(to question: Question, _ given: Answer?) -> Answer? {
        guard question.name == "born-on", let birthDate, case .date(let told)? = given else { return given }
        return .date(max(told, birthDate))
    }
}

extension Screening {
    /// The remembered answers of one record, by question.
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

    /// The remembered answers of all records that are this person, by question: of two days the later, otherwise a record's
    /// own before its twin's.
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

    /// - Returns: Whether the answer, or its later day, is new.
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

    /// Remembers the answers that a reaction to a session has made true. A question that the file does not have (yet) is kept
    /// all the same.
    var whenReactionOpened: Reaction {
        Reaction(to: .reactionOpened) { try remember($0.sets, of: $0.person, because: $1.subject, $2) }
    }

    /// Remembers the allergies that a reaction has turned out to be when it was closed.
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
