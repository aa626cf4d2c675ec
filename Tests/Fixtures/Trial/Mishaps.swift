import Foundation
import MneedleBulkKit
import MneedleKit
import Synchronization

/// What no module should do, and what the host has to stand.
let mishaps = [
    Command(
        "throw", "Throws an error of the protocol, or one that is none.", role: .reader, takes: code, gives: Done.self,
        errors: [.blocked], example: "trial.throw code=busy",
        reads: { _, code in
            guard let code = code.flatMap(ModuleError.Code.init) else { throw Oddity() }
            throw code == .blocked ? .blocked([finding]) : ModuleError(code, "told to", members: ["told": true])
        }),
    Command(
        "trap", "Ends the process.", role: .reader, gives: Done.self, example: "trial.trap",
        reads: { _ in fatalError("told to trap") }),
    Command(
        "trap-writing", "Ends the process in a change.", role: .operator, takes: Given.name, gives: Done.self,
        example: "trial.trap-writing name=a",
        writes: { transaction, name in
            try transaction.store.execute("INSERT INTO trial_items (name, text) VALUES (?, '')", name)
            fatalError("told to trap")
        }),
    Command(
        "overflow", "Uses up the stack.", role: .reader, gives: Count.self, example: "trial.overflow",
        reads: { _ in Count(count: Int64(descend(1))) }),
    Command(
        "grind", "Asks the store for something that has no end.", role: .reader, gives: Count.self,
        example: "trial.grind", reads: { Count(count: try $0.store.row(endless)?.integer("n")) }),
    Command(
        "take-for-an-answer", "Takes an error of the store for an answer.", role: .reader, gives: Count.self,
        example: "trial.take-for-an-answer",
        reads: { Count(count: (try? $0.store.row(endless)) == nil ? 0 : 1) }),
    Command(
        "wait", "Waits until somebody writes to a pipe.", role: .reader, takes: Given.pipe, gives: Done.self,
        example: "trial.wait pipe=/p",
        reads: { _, pipe in
            wait(for: pipe)
            return Done()
        }),
]

private let code = Parameter.optional("code", .text(), "Which.")
private let refuse = Parameter.optional("refuse", .boolean, "Whether not to take any.", default: false)

/// What `trial.stream` answers at its end.
private struct Streamed: Reply {
    var count: BulkCount
    var bytes: Int

    static let members: [Member<Streamed>] = [
        Member("accepted", "good lines", \.count.accepted), Member("rejected", "bad lines", \.count.rejected),
        Member("bytes", "of the good ones", \.bytes),
    ]
}

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
    role: .operator, takes: refuse, gives: Streamed.self, errors: [.conflict], example: "trial.stream",
    receives: { _, refuses in
        if refuses { throw ModuleError.conflict("told to refuse", state: "told") }
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

    func store(_ transaction: any BulkTransaction) throws -> BulkCount {
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
                try transaction.store.execute(
                    "INSERT INTO trial_items (name, text) VALUES (?, ?)", text.dropFirst(6).prefix(40).description, "")
            } else {
                count.rejected += 1
            }
        }
        return count
    }

    func finish(_ transaction: any BulkTransaction) throws -> Object {
        let reply = Streamed(count: count, bytes: bytes).object
        try transaction.record(Entry("trial.streamed", subject: "trial/stream", body: reply))
        return reply
    }
}
