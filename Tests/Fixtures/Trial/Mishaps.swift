import Foundation
import MneedleKit
import Synchronization

/// What no module should do, and what the host has to stand.
let mishaps = [
    Command(
        "throw", "Throws an error of the protocol, or one that is none.", role: .reader,
        parameters: [.optional("code", .text(), "Which.")], errors: [.blocked], example: "trial.throw code=busy",
        .reads { request, _ in
            guard let code = request.arguments.text("code").flatMap(ModuleError.Code.init) else { throw Oddity() }
            throw code == .blocked ? .blocked([finding]) : ModuleError(code, "told to", members: ["told": true])
        }),
    Command(
        "trap", "Ends the process.", role: .reader, example: "trial.trap",
        .reads { _, _ in fatalError("told to trap") }),
    Command(
        "trap-writing", "Ends the process in a change.", role: .operator,
        parameters: [.required("name", .slug, "An item to add before.")], example: "trial.trap-writing name=a",
        .writes { request, transaction in
            try transaction.execute(
                "INSERT INTO trial_items (name, text) VALUES (?, '')", request.arguments.text("name"))
            fatalError("told to trap")
        }),
    Command(
        "overflow", "Uses up the stack.", role: .reader, example: "trial.overflow",
        .reads { _, _ in ["depth": descend(1)] }),
    Command(
        "grind", "Asks the store for something that has no end.", role: .reader, example: "trial.grind",
        .reads { _, reading in
            let row = try reading.row(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) AS n FROM n")
            return ["n": row?.integer("n")]
        }),
    Command(
        "take-for-an-answer", "Takes an error of the store for an answer.", role: .reader,
        example: "trial.take-for-an-answer",
        .reads { _, reading in
            let row = try? reading.row(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) AS n FROM n")
            return ["found": row != nil]
        }),
    Command(
        "wait", "Waits until somebody writes to a pipe.", role: .reader,
        parameters: [.required("pipe", .text(), "Path of the pipe.")], example: "trial.wait pipe=/p",
        .reads { request, _ in
            wait(for: try request.arguments.requiredText("pipe"))
            return [:]
        }),
]

private struct Oddity: Error {}

private let finding = Finding(
    code: "told", severity: .blocking, message: "Told to forbid it.", advice: "Do not tell.", sources: [],
    module: "trial")

@inline(never)
private func descend(_ depth: Int) -> Int {
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { room in
        room[0] = UInt8(truncatingIfNeeded: depth)
        return descend(depth + 1) + Int(room[0])
    }
}

let stream = Command(
    "stream", "Takes lines: 'point …' is good, 'fail' ends it with an error, 'trap' the process; the rest is bad.",
    role: .operator,
    parameters: [.optional("refuse", .boolean, "Whether not to take any.")],
    reply: [ReplyMember("accepted", "good lines"), ReplyMember("rejected", "bad lines")],
    errors: [.conflict], example: "trial.stream",
    .receives { request, _ in
        if request.arguments.boolean("refuse") == true { throw ModuleError.conflict("told to refuse", state: "told") }
        return Lines()
    })

/// Stores the good lines as items, counts the bad ones.
// Sendable: `count` and `bytes` belong to the writer.
final class Lines: BulkReceiver, @unchecked Sendable {
    private let taken = Mutex<[UInt8]>([])
    private var count = BulkCount(accepted: 0, rejected: 0)
    private var bytes = 0

    func take(_ lines: UnsafeRawBufferPointer, at now: Instant, _ tell: (String, Object) -> Void) {
        taken.withLock { $0 += lines }
        if lines.starts(with: "trap\n".utf8) { fatalError("told to trap") }
        if lines.starts(with: "forge\n".utf8) {
            for topic in ["session.started", "trial.told {}\nEVENT 9 session.started", "Trial"] { tell(topic, [:]) }
            tell("trial.told", [:])
        }
    }

    func store(_ transaction: any Transaction) throws -> BulkCount {
        let lines = taken.withLock { taken in
            defer { taken = [] }
            return taken
        }
        for line in lines.split(separator: 10) {
            let text = String(decoding: line, as: UTF8.self)
            if text == "fail" { throw ModuleError.conflict("told to fail", state: "told") }
            if text.hasPrefix("point ") {
                count.accepted += 1
                bytes += line.count
                try transaction.execute(
                    "INSERT INTO trial_items (name, text) VALUES (?, ?)", text.dropFirst(6).prefix(40).description, "")
            } else {
                count.rejected += 1
            }
        }
        return count
    }

    func finish(_ transaction: any Transaction) throws -> Object {
        let reply: Object = ["accepted": count.accepted, "rejected": count.rejected, "bytes": bytes]
        try transaction.record(Entry("trial.streamed", subject: "trial/stream", body: reply))
        return reply
    }
}
