import Glibc
import MneedleBulkKit
import MneedleKit

/// What a command takes; more than one takes some.
enum Given {
    static let name = Parameter.required("name", .slug, "An item's name, which no other has.")
    static let pipe = Parameter.required("pipe", .text(), "Path of a pipe.")
    static let text = Parameter.required("text", .text(), "What.")
}

/// What adding answers.
struct Item: Reply {
    var id: Int64?
    var name: String?

    static let members: [Member<Item>] = [Member("id", "its number", \.id), Member("name", "its name", \.name)]
}

/// What counting answers.
struct Count: Reply {
    var count: Int64?

    static let members: [Member<Count>] = [Member("count", "how many", \.count)]
}

private let itemText = Parameter.optional("text", .text(), "What it says.")
private let howMany = Parameter.required("count", .integer(1...100_000), "How many.")
private let howLarge = Parameter.required("bytes", .integer(1...100_000), "How large.")

let changes = [
    Command(
        "add", "Adds an item.", role: .operator, takes: Given.name, itemText, gives: Item.self, errors: [.conflict],
        example: "trial.add name=a", writes: { try add($1, $2 ?? "", $0) }),
    Command(
        "burst", "Adds ledger entries of a size.", role: .operator, takes: howMany, howLarge, gives: Done.self,
        example: "trial.burst count=3 bytes=10",
        writes: { transaction, count, bytes in
            let text = String(repeating: "x", count: Int(bytes))
            for index in 0..<count {
                try transaction.record(Entry("trial.burst", subject: "trial/\(index)", body: ["text": text]))
            }
            return Done()
        }),
    Command(
        "shout", "Tells something live that is not kept.", role: .operator, takes: Given.text, gives: Done.self,
        example: "trial.shout text=hello",
        writes: { transaction, text in
            (transaction as? any BulkTransaction)?.publishLive(topic: "trial.shout", ["text": text])
            return Done()
        }),
    Command(
        "add-then-throw", "Adds an item, then fails.", role: .operator, takes: Given.name, gives: Item.self,
        example: "trial.add-then-throw name=a",
        writes: { transaction, name in
            _ = try add(name, "", transaction)
            throw ModuleError.conflict("changed its mind", state: "told")
        }),
    Command(
        "add-then-wait", "Adds an item, then waits until somebody writes to a pipe.", role: .operator,
        takes: Given.name, Given.pipe, gives: Item.self, example: "trial.add-then-wait name=a pipe=/p",
        writes: { transaction, name, pipe in
            let item = try add(name, "", transaction)
            wait(for: pipe)
            return item
        }),
]

private func add(_ name: String, _ text: String, _ transaction: any Transaction) throws -> Item {
    let id = try transaction.store.insert("INSERT INTO trial_items (name, text) VALUES (?, ?)", name, text)
    let item = Item(id: id, name: name)
    try transaction.record(Entry("trial.added", subject: "trial/\(id)", body: item.object))
    return item
}

/// Blocks until the named pipe has been opened for writing and closed again.
///
/// With the system's own calls: Foundation would not wait.
func wait(for pipe: String) {
    let descriptor = open(pipe, O_RDONLY | O_CLOEXEC)
    if descriptor >= 0 { close(descriptor) }
}

/// A row of `trial.list`.
private struct Numbered: Reply {
    var number: Int64
    var text: String

    static let members: [Member<Numbered>] = [Member("n", "its place", \.number), Member("text", "fills it", \.text)]
}

private let rows = Parameter.required("count", .integer(0...1_000_000_000), "How many.")
private let rowBytes = Parameter.optional("bytes", .integer(1...100_000), "How large each is.", default: 10)
private let rowPipe = Parameter.optional("pipe", .text(), "A pipe to wait for in the middle.")

let readings = [
    Command(
        "items", "Lists the items.", role: .reader, gives: Item.self, example: "trial.items",
        lists: { reading, send in
            try reading.store.forEach("SELECT id, name FROM trial_items ORDER BY id", []) {
                try send(Item(id: $0.integer("id"), name: $0.text("name")))
            }
        }),
    Command(
        "count", "Counts the items.", role: .reader, gives: Count.self, example: "trial.count",
        reads: { Count(count: try $0.store.row("SELECT COUNT(*) AS n FROM trial_items")?.integer("n")) }),
    Command(
        "list", "Lists as many rows as you like.", role: .reader, takes: rows, rowBytes, rowPipe,
        gives: Numbered.self, example: "trial.list count=3",
        lists: { _, send, count, bytes, pipe in
            let text = String(repeating: "x", count: Int(bytes))
            for index in 0..<count {
                if index == count / 2, let pipe { wait(for: pipe) }
                try send(Numbered(number: index, text: text))
            }
        }),
    Command(
        "echo", "Answers what it was given, after typing.", role: .reader, takes: .all(Echo.parameters),
        gives: Echo.self, example: "trial.echo count=1", reads: { Echo(given: $1) }),
]

/// One of each type, and back again.
private struct Echo: Reply {
    var given: Arguments

    static let parameters: [AnyParameter] = [
        .optional("slug", .slug, "A name."), .optional("text", .text(maximum: 20), "A text."),
        .optional("count", .integer(-5...100), "A whole number."), .optional("depth_mm", .number(0...3), "A number."),
        .optional("flag", .boolean, "A flag."), .optional("day", .date, "A date."),
        .optional("used_on", .dateOr(["never"]), "A date or never."), .optional("at", .time, "A time."),
        .optional("length", .duration, "A duration."), .optional("setting", .choice(["home", "clinic"]), "A choice."),
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
    ]

    static let members: [Member<Echo>] = parameters.map { parameter in
        Member(parameter.name, parameter.summary) { $0.given[parameter.name]?.value }
    }
}
