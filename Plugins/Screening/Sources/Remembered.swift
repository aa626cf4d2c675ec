import MneedleKit

/// A "yes" that stays true: a raised scar is keloid history from then on, whatever is answered later.
struct Memory: Sendable {
    let at: Instant
    /// What it comes from: `reaction/3`, `assessment/17`.
    let because: String
}

extension Screening {
    /// What the person's past answers for good, by question.
    func rememberedAnswers(of person: String, _ reading: any Reading) throws -> [String: Memory] {
        var memories: [String: Memory] = [:]
        let sql = "SELECT question, remembered_at, because FROM screening_remembered WHERE person = ?"
        try reading.forEach(sql, [person.sql]) { row in
            guard let question = row.text("question"), let at = row.instant("remembered_at"),
                let because = row.text("because")
            else { throw ModuleError.internal("a row of screening_remembered cannot be read") }
            memories[question] = Memory(at: at, because: because)
        }
        return memories
    }

    /// Keeps the yes to questions that the knowledge file marks `remembered`.
    /// - Returns: The questions that are remembered from now on.
    func rememberAnswers(
        _ answers: Arguments, of assessment: Assessment, _ transaction: any Transaction
    ) throws -> [String] {
        try knowledge.questions.filter { $0.isRemembered && answers.boolean($0.name) == true }.map(\.name).filter {
            try remember($0, of: assessment.person, because: "assessment/\(assessment.id)", transaction)
        }
    }

    /// - Returns: Whether it is new.
    private func remember(
        _ question: String, of person: String, because: String, _ transaction: any Transaction
    ) throws -> Bool {
        try transaction.execute(
            """
            INSERT INTO screening_remembered (person, question, remembered_at, because) VALUES (?, ?, ?, ?)
            ON CONFLICT (person, question) DO NOTHING
            """, person, question, transaction.now, because) > 0
    }

    /// What a reaction to a session has made true. A question that the file does not have (yet) is kept all the same.
    var whenReactionOpened: Reaction { whenReaction("reaction.opened") }

    /// What a reaction has turned out to be when it was closed: an allergy.
    var whenReactionResolved: Reaction { whenReaction("reaction.resolved") }

    private func whenReaction(_ kind: String) -> Reaction {
        Reaction(to: kind) { entry, _, transaction in
            guard let person = entry.person ?? entry.body.string("person") else { return }
            for question in entry.body.strings("sets")
            where try remember(question, of: person, because: entry.subject, transaction) {
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
            "remembered", "Lists the answers that stay yes for a person, whatever is answered later.", role: .reader,
            parameters: [.required("person", .slug, "Whose.")],
            reply: [
                ReplyMember("person", "whose"), ReplyMember("question", "the question that is answered yes"),
                ReplyMember("at", "since when"), ReplyMember("because", "what it comes from"),
            ],
            errors: [.notFound], concerns: .named("person", rows: ["person"]),
            example: "screening.remembered person=anna",
            .lists { request, reading, send in
                let person = try reading.person(request.arguments.requiredText("person")).person
                for (question, memory) in try rememberedAnswers(of: person, reading).sorted(by: { $0.key < $1.key }) {
                    try send(["person": person, "question": question, "at": memory.at, "because": memory.because])
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
                .required("by", .line(maximum: 200), "Who has judged it."),
                .optional("note", .text(), "Why it was wrong."),
            ],
            reply: [
                ReplyMember("person", "whose"), ReplyMember("question", "what is no longer remembered"),
                ReplyMember("because", "what it had come from"), ReplyMember("by", "who has judged it"),
                ReplyMember("note", "why"),
            ],
            errors: [.notFound],
            concerns: .named("person"),
            example:
                "screening.correct person=anna question=keloid-history by=\"Dr. Lee\" note=\"reported for the wrong person\"",
            .writes(forget))
    }

    @Sendable private func forget(_ request: Request, _ transaction: any Transaction) throws -> Object {
        let person = try transaction.person(request.arguments.requiredText("person")).person
        let question = try request.arguments.requiredText("question")
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
            "by": try request.arguments.requiredText("by"), "note": request.arguments.text("note"),
        ]
        try transaction.record(
            Entry("screening.corrected", subject: "person/\(person)", person: person, body: facts))
        return facts
    }
}
