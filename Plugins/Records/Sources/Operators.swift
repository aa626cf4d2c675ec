import MneedleKit

extension Records {
    private static let reply = [
        ReplyMember("operator", "the name given"),
        ReplyMember("max_depth_mm", "the greatest depth the training covers"),
        ReplyMember("trained_until", "the last day on which the training counts"),
    ]

    var addOperator: Command {
        Command(
            "add-operator", "Registers who may treat in a clinic, or renews the training.", role: .admin,
            parameters: [
                .required("operator", .slug, "A short name for the operator."),
                .required("max_depth_mm", .number(0.05...5), "The greatest depth that the training covers."),
                .optional("trained_until", .date, "The last day on which the training counts; left out for no end."),
            ],
            reply: Records.reply,
            concerns: .nobody, example: "records.add-operator operator=kim max_depth_mm=1.5 trained_until=2027-06-30",
            .writes { request, transaction in
                let name = try request.arguments.requiredText("operator")
                let depth = try request.arguments.requiredNumber("max_depth_mm")
                let until = request.arguments.date("trained_until")
                try transaction.execute(
                    """
                    INSERT INTO records_operators (operator, max_depth_mm, trained_until) VALUES (?, ?, ?)
                    ON CONFLICT (operator) DO UPDATE SET max_depth_mm = excluded.max_depth_mm, trained_until = excluded.trained_until
                    """, name, depth, until)
                let body: Object = ["operator": name, "max_depth_mm": depth, "trained_until": until]
                try transaction.record(Entry("operator.added", subject: "operator/\(name)", body: body))
                return body
            })
    }

    var showOperator: Command {
        Command(
            "show-operator", "Shows an operator's training.", role: .reader,
            parameters: [.required("operator", .slug, "Which operator.")], reply: Records.reply, errors: [.notFound],
            concerns: .nobody, example: "records.show-operator operator=kim",
            .reads { request, reading in
                let name = try request.arguments.requiredText("operator")
                guard let row = try reading.row("SELECT * FROM records_operators WHERE operator = ?", name) else {
                    let names = try reading.rows("SELECT operator FROM records_operators").compactMap {
                        $0.text("operator")
                    }
                    throw ModuleError.notFound(
                        "operator", name, suggestions: suggestions(for: name, in: names),
                        next: "an admin registers one with records.add-operator")
                }
                return Records.operatorObject(row)
            })
    }

    var listOperators: Command {
        Command(
            "list-operators", "Lists the operators by name.", role: .reader, reply: Records.reply,
            concerns: .nobody, example: "records.list-operators",
            .lists { _, reading, sink in
                try reading.forEach("SELECT * FROM records_operators ORDER BY operator", []) {
                    try sink(Records.operatorObject($0))
                }
                return [:]
            })
    }

    private static func operatorObject(_ row: Row) -> Object {
        [
            "operator": row.text("operator"), "max_depth_mm": row.number("max_depth_mm"),
            "trained_until": row.date("trained_until"),
        ]
    }
}
