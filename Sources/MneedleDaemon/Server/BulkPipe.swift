import Glibc
import MneedleKit
import NIOCore

/// Brings the lines of one bulk transfer to the writer, as many at a time as have arrived since the last commit.
/// Lives on the event loop; only the receiver itself is called on the writer.
// Sendable: touched on its event loop alone, where jobs' `done` is called too.
final class BulkPipe: @unchecked Sendable {
    /// The receiver, handed to the writer's jobs.
    // Sendable: made, called and dropped by jobs, which the writer runs one after the other.
    final class Receiver: @unchecked Sendable {
        var receiver: (any BulkReceiver)?
        var count = BulkCount(accepted: 0, rejected: 0)
    }

    /// What became of a piece: a running total, or the end.
    enum Progress {
        case durable(BulkCount)
        case finished(Object)
        case failed(ModuleError)
    }

    private static let mostBuffered = 4 << 20

    let receiver: Receiver
    private let module: String
    private let actor: Actor
    private let limit: Int
    private let hasTerminator: Bool
    private let submit: (Job) -> Void
    private let progress: (Progress) -> Void
    private var buffer: [UInt8] = []
    private var isSkippingLine = false
    private var isInFlight = false
    private var isFailed = false
    private(set) var isEnded = false
    private(set) var isOver = false
    /// What came after the terminator: requests again.
    private(set) var rest: [UInt8] = []

    init(
        receiver: Receiver, module: String, actor: Actor, limit: Int, hasTerminator: Bool,
        submit: @escaping (Job) -> Void, progress: @escaping (Progress) -> Void
    ) {
        self.receiver = receiver
        self.module = module
        self.actor = actor
        self.limit = limit
        self.hasTerminator = hasTerminator
        self.submit = submit
        self.progress = progress
    }

    /// Whether the sender is ahead by so much that it should wait.
    var isFull: Bool { buffer.count > BulkPipe.mostBuffered }

    func append(_ bytes: UnsafeRawBufferPointer) {
        guard !isEnded else {
            rest.append(contentsOf: bytes)
            return
        }
        var bytes = bytes
        if isSkippingLine {
            guard let end = bytes.firstIndex(of: 10) else { return }
            isSkippingLine = false
            bytes = UnsafeRawBufferPointer(rebasing: bytes[(end + 1)...])
        }
        buffer.append(contentsOf: bytes)
        pump()
    }

    /// The sender has closed: what is complete counts.
    func end() {
        guard !isEnded else { return }
        // While a piece is being stored nobody has looked at what came meanwhile.
        lookAtNews()
        if !isEnded {
            isEnded = true
            // A last line without LF was cut off somewhere; it is not a point.
            buffer.removeSubrange(completeEnd...)
        }
        pump()
    }

    private var completeEnd: Int { (buffer.lastIndex(of: 10) ?? -1) + 1 }

    private func pump() {
        guard !isInFlight, !isOver else { return }
        lookAtNews()
        let end = isEnded ? buffer.count : completeEnd
        if isFailed {
            buffer.removeSubrange(..<end)
            isOver = isEnded
        } else if end > 0 || isEnded {
            let lines = Array(buffer[..<end])
            buffer.removeSubrange(..<end)
            send(lines)
        }
    }

    /// Finds the end of the transfer before it judges lines: those behind it are requests.
    private func lookAtNews() {
        guard !isEnded else { return }
        if hasTerminator { takeTerminator() }
        cutOverlongLines()
    }

    /// Looks for the line that holds a single dot.
    private func takeTerminator() {
        var start = 0
        while start < buffer.count {
            let line = buffer[start...]
            if line.starts(with: [46, 10]) || line.starts(with: [46, 13, 10]) {
                isEnded = true
                rest = Array(line.dropFirst(line[start + 1] == 10 ? 2 : 3))
                buffer.removeSubrange(start...)
                return
            }
            guard let next = nextDotLine(after: start) else { return }
            start = next
        }
    }

    /// The next line start that is followed by a dot.
    private func nextDotLine(after start: Int) -> Int? {
        buffer.withUnsafeBytes { bytes in
            var position = start
            while position < bytes.count - 1,
                let found = memchr(bytes.baseAddress! + position, 10, bytes.count - 1 - position)
            {
                position = UnsafeRawPointer(found) - bytes.baseAddress! + 1
                if bytes[position] == UInt8(ascii: ".") { return position }
            }
            return nil
        }
    }

    /// A line over the limit is not kept; the receiver gets one that it rejects in its place. Judged by its length
    /// alone, so that it does not matter in what pieces it arrives.
    private func cutOverlongLines() {
        var start = 0
        while buffer.count - start >= limit {
            if let end = buffer[start..<start + limit].lastIndex(of: 10) {
                start = end + 1
            } else if let end = buffer[(start + limit)...].firstIndex(of: 10) {
                buffer.replaceSubrange(start...end, with: BulkPipe.rejected)
                start += BulkPipe.rejected.count
            } else {
                buffer.replaceSubrange(start..., with: BulkPipe.rejected)
                isSkippingLine = true
                return
            }
        }
    }

    private static let rejected = Array("!\n".utf8)

    private func send(_ lines: [UInt8]) {
        isInFlight = true
        let isLast = isEnded
        let receiver = receiver
        submit(
            Job(
                actor: actor, module: module, isExclusive: true,
                run: { transaction in
                    guard let target = receiver.receiver else { return [:] }
                    if !lines.isEmpty {
                        receiver.count = try lines.withUnsafeBytes { try target.receive($0, transaction) }
                    }
                    return isLast ? try target.finish(transaction) : [:]
                },
                done: { [self] in settle($0, wasLast: isLast, hadLines: !lines.isEmpty) }))
    }

    private func settle(_ result: Result<Object, ModuleError>, wasLast: Bool, hadLines: Bool) {
        isInFlight = false
        switch result {
        case .success(let reply):
            if hadLines { progress(.durable(receiver.count)) }
            if wasLast {
                isOver = true
                progress(.finished(reply))
            }
        case .failure(let error):
            // The sender goes on until it reads the error: its lines are dropped up to the terminator.
            isFailed = true
            receiver.receiver = nil
            isOver = isEnded
            progress(.failed(error))
        }
        pump()
    }
}
