import MneedleKit

/// A person who may treat in a clinic, as the record is kept and as it is shown.
private struct OperatorRecord: Reply {
    let name: String
    let maxDepthMM: Double
    let trainedUntil: CivilDate?

    static let members: [Member<OperatorRecord>] = [
        Member("operator", "the name given", \.name),
        Member("max_depth_mm", "the greatest depth the training covers", \.maxDepthMM),
        Member("trained_until", "the last day on which the training counts", \.trainedUntil),
    ]
}

extension OperatorRecord {
    init(row: Row) throws {
        guard let name = row.text("operator"), let depth = row.number("max_depth_mm") else {
            throw ModuleError.internal("a row of records_operators cannot be read")
        }
        self.init(name: name, maxDepthMM: depth, trainedUntil: row.date("trained_until"))
    }
}

extension Records {
    private static let newOperator = Parameter.required("operator", .slug, "A short name for the operator.")
    private static let maxDepth = Parameter.required(
        "max_depth_mm", .number(0.05...5), "The greatest depth that the training covers.")
    private static let trainedUntil = Parameter.optional(
        "trained_until", .date, "The last day on which the training counts; left out for no end.")

    var addOperator: Command {
        Command(
            "add-operator", "Registers who may treat in a clinic, or renews the training.", role: .admin,
            takes: Records.newOperator, Records.maxDepth, Records.trainedUntil, gives: OperatorRecord.self,
            concerns: .nobody, example: "records.add-operator operator=kim max_depth_mm=1.5 trained_until=2027-06-30",
            writes: { transaction, name, depth, until in
                try transaction.store.execute(
                    """
                    INSERT INTO records_operators (operator, max_depth_mm, trained_until) VALUES (?, ?, ?)
                    ON CONFLICT (operator) DO UPDATE SET max_depth_mm = excluded.max_depth_mm, trained_until = excluded.trained_until
                    """, name, depth, until)
                let record = OperatorRecord(name: name, maxDepthMM: depth, trainedUntil: until)
                try transaction.record(Entry("operator.added", subject: "operator/\(name)", body: record.object))
                return record
            })
    }

    private static let whichOperator = Parameter.required("operator", .slug, "Which operator.")

    var showOperator: Command {
        Command(
            "show-operator", "Shows an operator's training.", role: .reader, takes: Records.whichOperator,
            gives: OperatorRecord.self, errors: [.notFound], concerns: .nobody,
            example: "records.show-operator operator=kim",
            reads: { reading, name in
                guard let row = try reading.store.row("SELECT * FROM records_operators WHERE operator = ?", name) else {
                    let names = try reading.store.rows("SELECT operator FROM records_operators").compactMap {
                        $0.text("operator")
                    }
                    throw ModuleError.notFound(
                        "operator", name, suggestions: suggestions(for: name, in: names),
                        next: "an admin registers one with records.add-operator")
                }
                return try OperatorRecord(row: row)
            })
    }

    var listOperators: Command {
        Command(
            "list-operators", "Lists the operators by name.", role: .reader, gives: OperatorRecord.self,
            concerns: .nobody, example: "records.list-operators",
            lists: { reading, send in
                try reading.store.forEach("SELECT * FROM records_operators ORDER BY operator", []) {
                    try send(OperatorRecord(row: $0))
                }
            })
    }
}
