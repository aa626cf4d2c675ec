import Glibc
import MneedleBulkKit
import MneedleKit
import NIOCore
import Synchronization

/// Brings the lines of one bulk transfer to its receiver as they arrive, and has it store them on the writer, as many at a
/// time as have arrived since the last commit. Lives on the event loop.
// Sendable: touched on its event loop alone, which it checks; jobs' `done` is called there too.
final class BulkPipe: @unchecked Sendable {
    /// The sender of the lines, and the module that takes them.
    struct Sender: Sendable {
        /// The module of the receiver.
        var module: String
        /// The request that began the transfer, or the socket that the peer writes to.
        var request: String?
        var actor: Actor
        /// Whether a line with a single dot ends them, and requests follow.
        var hasTerminator = false
    }

    /// The receiver and the numbers of lines that it accepted and rejected, handed from one job of the writer to the next.
    // Sendable: written by the job that makes it and the one that stores, read when those are done.
    private final class Receiver: @unchecked Sendable {
        var receiver: (any BulkReceiver)?
        var count = BulkCount(accepted: 0, rejected: 0)
    }

    /// The news of a transfer: the receiver is there, a running total, or the end.
    enum Progress {
        case ready
        case durable(BulkCount)
        case finished(Object)
        case failed(ModuleError)
    }

    /// The most bytes by which all senders together, and one of them, may be ahead of the store.
    private static let (mostOfAll, mostOfOne) = (32 << 20, 4 << 20)
    /// The number of transfers.
    private static let senders = Atomic<Int>(0)

    /// The bytes by which one of so many senders may be ahead: an equal part, and room for a line that has not ended.
    static func share(of senders: Int, lineLimit: Int) -> Int {
        max(2 * lineLimit, min(mostOfOne, mostOfAll / max(1, senders)))
    }

    private let loop: any EventLoop
    private let receiver = Receiver()
    private let registry: ModuleRegistry
    private let sender: Sender
    private let limit: Int
    private let clock: any Clock
    private let hub: Hub
    private let submit: (Job) -> Void
    private let progress: (Progress, BulkPipe) -> Void
    /// The bytes that came before the receiver was ready, or a line whose end has not come yet.
    private var partial: [UInt8] = []
    private var isReady = false
    private var hasClosedEarly = false
    private var isSkippingLine = false
    /// Bytes that the receiver has taken and not stored yet.
    private var waiting = 0
    private var beingStored = 0
    private var isInFlight = false
    private var isFailed = false
    private(set) var isEnded = false
    private(set) var isOver = false
    /// The bytes after the terminator, which are requests again.
    private(set) var rest: [UInt8] = []

    /// Ties a sender to the service. ``open(_:)`` must be called next.
    /// - Parameters:
    ///   - submit: Hands jobs to the writer; without it they go there at once.
    ///   - progress: Called on the event loop.
    init(
        _ services: Services, _ hub: Hub, _ sender: Sender, submit: ((Job) -> Void)? = nil,
        progress: @escaping (Progress, BulkPipe) -> Void
    ) {
        loop = hub.loop
        registry = services.engine.registry
        clock = services.engine.clock
        limit = services.limits.maxLineBytes
        self.hub = hub
        self.sender = sender
        self.submit = submit ?? { [writer = services.writer] in writer.submit([$0]) }
        self.progress = progress
        BulkPipe.senders.wrappingAdd(1, ordering: .relaxed)
    }

    deinit { BulkPipe.senders.wrappingSubtract(1, ordering: .relaxed) }

    /// Whether the sender is so far ahead that it should wait.
    var isFull: Bool {
        let ahead = partial.count + waiting + beingStored
        return ahead > BulkPipe.share(of: BulkPipe.senders.load(ordering: .relaxed), lineLimit: limit)
    }

    /// Has the module make its receiver, on the writer. Bytes that come meanwhile are kept. The lines of a sender that leaves at
    /// once count all the same: the job holds the pipe.
    func open(_ begin: @escaping @Sendable (StoreTransaction) throws -> any BulkReceiver) {
        let receiver = receiver
        submit(
            Job(
                actor: sender.actor, module: sender.module, request: sender.request,
                run: { transaction in
                    receiver.receiver = try begin(transaction)
                    return [:]
                },
                done: { [self] result in
                    switch result {
                    case .success: start()
                    case .failure(let error): refuse(error)
                    }
                }))
    }

    /// The receiver is there: it takes the bytes that have come already.
    private func start() {
        loop.preconditionInEventLoop()
        isReady = true
        progress(.ready, self)
        let early = partial
        partial = []
        early.withUnsafeBytes { takeIn($0) }
        if hasClosedEarly { end() }
        pump()
    }

    /// There is no receiver: the bytes that have come were for none.
    private func refuse(_ error: ModuleError) {
        loop.preconditionInEventLoop()
        (isEnded, isOver) = (true, true)
        receiver.receiver = nil
        rest = partial
        partial = []
        progress(.failed(error), self)
    }

    func append(_ bytes: UnsafeRawBufferPointer) {
        loop.preconditionInEventLoop()
        if isReady || isOver { takeIn(bytes) } else { partial.append(contentsOf: bytes) }
        pump()
    }

    /// Ends the input after the sender has closed: complete lines count.
    func end() {
        loop.preconditionInEventLoop()
        guard isReady else {
            hasClosedEarly = true
            return
        }
        guard !isEnded else { return }
        isEnded = true
        // A last line without LF was cut off somewhere; it is not a point.
        partial = []
        pump()
    }

    // MARK: Lines

    private func takeIn(_ bytes: UnsafeRawBufferPointer) {
        var bytes = bytes
        if isEnded { return rest.append(contentsOf: bytes) }
        if isSkippingLine {
            guard let end = BulkPipe.lineEnd(bytes, from: 0) else { return }
            isSkippingLine = false
            bytes = UnsafeRawBufferPointer(rebasing: bytes[(end + 1)...])
        }
        if !partial.isEmpty {
            let end = BulkPipe.lineEnd(bytes, from: 0).map { $0 + 1 } ?? bytes.count
            partial.append(contentsOf: bytes[..<end])
            bytes = UnsafeRawBufferPointer(rebasing: bytes[end...])
            let line = partial
            partial = []
            line.withUnsafeBytes { takeLines($0) }
            if isEnded { return rest.append(contentsOf: bytes) }
        }
        takeLines(bytes)
    }

    /// Hands complete lines on, keeps the beginning of the last one, and stops at the terminator.
    private func takeLines(_ bytes: UnsafeRawBufferPointer) {
        var (start, runStart) = (0, 0)
        while let end = BulkPipe.lineEnd(bytes, from: start) {
            if sender.hasTerminator, BulkPipe.isTerminator(bytes[start..<end]) {
                hand(bytes[runStart..<start])
                isEnded = true
                rest.append(contentsOf: bytes[(end + 1)...])
                return
            }
            if end - start >= limit {
                // The line is judged by its length alone, so that the size of the pieces does not matter.
                hand(bytes[runStart..<start])
                handOverlong()
                runStart = end + 1
            }
            start = end + 1
        }
        hand(bytes[runStart..<start])
        guard bytes.count - start < limit else {
            isSkippingLine = true
            return handOverlong()
        }
        partial.append(contentsOf: bytes[start...])
    }

    private static func lineEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let found = memchr(bytes.baseAddress! + start, 10, bytes.count - start) else {
            return nil
        }
        return UnsafeRawPointer(found) - bytes.baseAddress!
    }

    /// Whether a line holds a single dot.
    private static func isTerminator(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
        line.first == UInt8(ascii: ".") && (line.count == 1 || (line.count == 2 && line.last == 13))
    }

    /// Hands on a line that the receiver rejects, in place of one over the limit, which is not kept.
    private func handOverlong() { BulkPipe.rejected.withUnsafeBytes { hand($0[...]) } }

    private static let rejected = Array("!\n".utf8)

    private func hand(_ lines: Slice<UnsafeRawBufferPointer>) {
        guard !lines.isEmpty, !isFailed else { return }
        waiting += lines.count
        registry.crashNotes.watched {
            registry.crashNotes.begin(sender.request, of: sender.actor.uid)
            registry.crashNotes.enter(sender.module)
            defer { registry.crashNotes.enter("") }
            receiver.receiver?.take(UnsafeRawBufferPointer(rebasing: lines), at: clock.now(), tellOwn)
        }
    }

    /// Tells an event on one of the module's own topics; others are dropped and logged.
    private func tellOwn(_ topic: String, _ body: Object) {
        do {
            try registry.ownership.check(topic, of: sender.module)
            try Sizes.check(body, atMost: Sizes.body, "the body of '\(topic)'")
            hub.tellLive(topic, body)
        } catch {
            registry.report(sender.module, "a live event is dropped", error)
        }
    }

    // MARK: Storing

    private func pump() {
        guard isReady, !isInFlight, !isOver else { return }
        if isFailed {
            isOver = isEnded
        } else if waiting > 0 || isEnded {
            store()
        }
    }

    private func store() {
        isInFlight = true
        let (isLast, hasLines) = (isEnded, waiting > 0)
        (beingStored, waiting) = (waiting, 0)
        let receiver = receiver
        submit(
            Job(
                actor: sender.actor, module: sender.module, request: sender.request, runsOnce: true,
                run: { transaction in
                    guard let target = receiver.receiver else { return [:] }
                    if hasLines { receiver.count = try target.store(transaction) }
                    return isLast ? try target.finish(transaction) : [:]
                },
                done: { [self] in settle($0, wasLast: isLast, hadLines: hasLines) }))
    }

    private func settle(_ result: Result<Object, ModuleError>, wasLast: Bool, hadLines: Bool) {
        loop.preconditionInEventLoop()
        isInFlight = false
        beingStored = 0
        switch result {
        case .success(let reply):
            if hadLines { progress(.durable(receiver.count), self) }
            if wasLast {
                isOver = true
                progress(.finished(reply), self)
            }
        case .failure(let error):
            // The sender goes on until it reads the error: its lines are dropped up to the terminator.
            isFailed = true
            waiting = 0
            receiver.receiver = nil
            isOver = isEnded
            progress(.failed(error), self)
        }
        pump()
    }
}
