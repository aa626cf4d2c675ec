import Glibc
import MneedleKit

let changes = [
    Command(
        "add", "Adds an item.", role: .operator,
        parameters: [
            .required("name", .slug, "Its name, which no other has."), .optional("text", .text(), "What it says."),
        ],
        reply: [ReplyMember("id", "its number"), ReplyMember("name", "its name")], errors: [.conflict],
        example: "trial.add name=a",
        .writes { request, transaction in
            let name = try request.arguments.requiredText("name")
            return try add(name, request.arguments.text("text") ?? "", transaction)
        }),
    Command(
        "burst", "Adds ledger entries of a size.", role: .operator,
        parameters: [
            .required("count", .integer(1...100_000), "How many."),
            .required("bytes", .integer(1...100_000), "How large."),
        ],
        example: "trial.burst count=3 bytes=10",
        .writes { request, transaction in
            let text = String(repeating: "x", count: Int(try request.arguments.requiredInteger("bytes")))
            for index in 0..<(try request.arguments.requiredInteger("count")) {
                try transaction.record(Entry("trial.burst", subject: "trial/\(index)", body: ["text": text]))
            }
            return [:]
        }),
    Command(
        "shout", "Tells something live that is not kept.", role: .operator,
        parameters: [.required("text", .text(), "What.")], example: "trial.shout text=hello",
        .writes { request, transaction in
            transaction.publishLive(topic: "trial.shout", ["text": try request.arguments.requiredText("text")])
            return [:]
        }),
    Command(
        "add-then-throw", "Adds an item, then fails.", role: .operator,
        parameters: [.required("name", .slug, "Its name.")], example: "trial.add-then-throw name=a",
        .writes { request, transaction in
            _ = try add(try request.arguments.requiredText("name"), "", transaction)
            throw ModuleError.conflict("changed its mind", state: "told")
        }),
    Command(
        "add-then-wait", "Adds an item, then waits until somebody writes to a pipe.", role: .operator,
        parameters: [.required("name", .slug, "Its name."), .required("pipe", .text(), "Path of the pipe.")],
        example: "trial.add-then-wait name=a pipe=/p",
        .writes { request, transaction in
            let reply = try add(try request.arguments.requiredText("name"), "", transaction)
            wait(for: try request.arguments.requiredText("pipe"))
            return reply
        }),
]

private func add(_ name: String, _ text: String, _ transaction: any Transaction) throws -> Object {
    let id = try transaction.insert("INSERT INTO trial_items (name, text) VALUES (?, ?)", name, text)
    let item: Object = ["id": id, "name": name]
    try transaction.record(Entry("trial.added", subject: "trial/\(id)", body: item))
    return item
}

/// Blocks until the named pipe has been opened for writing and closed again.
///
/// With the system's own calls: Foundation would not wait.
func wait(for pipe: String) {
    let descriptor = open(pipe, O_RDONLY | O_CLOEXEC)
    if descriptor >= 0 { close(descriptor) }
}

let readings = [
    Command(
        "items", "Lists the items.", role: .reader, example: "trial.items",
        .lists { _, reading, sink in
            try reading.forEach("SELECT id, name FROM trial_items ORDER BY id", []) {
                try sink(["id": $0.integer("id"), "name": $0.text("name")])
            }
            return [:]
        }),
    Command(
        "count", "Counts the items.", role: .reader, example: "trial.count",
        .reads { _, reading in ["count": try reading.row("SELECT COUNT(*) AS n FROM trial_items")?.integer("n")] }),
    Command(
        "list", "Lists as many rows as you like.", role: .reader,
        parameters: [
            .required("count", .integer(0...1_000_000_000), "How many."),
            .optional("bytes", .integer(1...100_000), "How large each is.", default: 10),
            .optional("pipe", .text(), "A pipe to wait for in the middle."),
        ],
        example: "trial.list count=3",
        .lists { request, _, sink in
            let count = try request.arguments.requiredInteger("count")
            let text = String(repeating: "x", count: Int(try request.arguments.requiredInteger("bytes")))
            for index in 0..<count {
                if index == count / 2, let pipe = request.arguments.text("pipe") { wait(for: pipe) }
                try sink(["n": index, "text": text])
            }
            return ["count": count]
        }),
    Command(
        "echo", "Answers what it was given, after typing.", role: .reader,
        parameters: [
            .optional("slug", .slug, "A name."), .optional("text", .text(maximum: 20), "A text."),
            .optional("count", .integer(-5...100), "A whole number."),
            .optional("depth_mm", .number(0...3), "A number."),
            .optional("flag", .boolean, "A flag."), .optional("day", .date, "A date."),
            .optional("used_on", .dateOr(["never"]), "A date or never."), .optional("at", .time, "A time."),
            .optional("length", .duration, "A duration."),
            .optional("setting", .choice(["home", "clinic"]), "A choice."),
            .optional("areas", .list(.choice(["chin", "nose"])), "Choices."),
            .optional("counts", .list(.integer(0...9)), "Whole numbers."),
            .optional("words", .list(.text(maximum: 20)), "Texts."),
            .optional(
                "answers",
                .object([
                    .optional("pregnant", .boolean, "A flag."),
                    .optional("retinoid-last-used", .dateOr(["never"]), "A date."),
                    .optional("amount", .number(0...10), "A number."), .required("name", .text(maximum: 20), "A text."),
                ]), "Answers."),
        ],
        example: "trial.echo count=1", .reads { request, _ in request.arguments.value.asObject }),
]

extension Value {
    fileprivate var asObject: Object { if case .object(let object) = self { object } else { [:] } }
}
