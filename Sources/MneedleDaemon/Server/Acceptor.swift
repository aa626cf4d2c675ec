import CMneedleSystem
import Foundation
import Glibc
import MneedleKit
import NIOCore

/// Lets clients of one listening socket in, on a thread of its own that sleeps while nobody comes.
///
/// Who has no role is refused here, before anything is allocated for him, so that strangers who connect as fast as they
/// can neither fill the queue of those who wait nor take the event loop's time. The others get a place on the event loop
/// or are told there why not. Without a descriptor left, whoever waits is told so and closed, and nothing spins.
final class Acceptor: Sendable {
    /// The decision about a peer that connects.
    enum Welcome {
        /// A stranger is told this and closed.
        case refused([UInt8])
        case known(Actor)
    }

    /// How to treat those who connect.
    struct Door: Sendable {
        /// On the acceptor's thread.
        var welcome: @Sendable (Peer?) -> Welcome
        /// On the event loop: the client's descriptor and who it is. Owns the descriptor from then on.
        var enter: @Sendable (Int32, Actor) -> Void
        /// Strangers who were refused.
        var strangers: @Sendable (Int) -> Void
    }

    private let descriptor: Int32
    private let loop: any EventLoop
    private let door: Door
    private let thread: ReadingThread

    /// So many are let in at once.
    private static let batchSize = 16
    /// How long a full table of descriptors or full memory is given before the next attempt.
    private static let pause: Int32 = 100

    init(descriptor: Int32, loop: any EventLoop, door: Door) throws {
        self.descriptor = descriptor
        self.loop = loop
        self.door = door
        thread = try ReadingThread("acceptor")
        // A client that goes while it is being let in must not keep the thread.
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    func start() { thread.start { [self] in run() } }

    /// Ends the thread and closes the socket.
    func close() async {
        // The thread may be waiting for the event loop.
        await offEventLoop { [self] in
            thread.stop()
            Glibc.close(descriptor)
        }
    }

    private func run() {
        var spare = Acceptor.makeSpare()
        defer { if spare >= 0 { Glibc.close(spare) } }
        var refused = RefusedStrangers()
        while thread.wait(for: [descriptor]) == .ready {
            var known: [(Int32, Actor)] = []
            var strangers = 0
            while known.count < Acceptor.batchSize, strangers < Acceptor.batchSize {
                let client = mneedle_accept(descriptor)
                guard client >= 0 else {
                    if Acceptor.isExhausted(-client) { relieve(&spare) }
                    break
                }
                let peer = Peer(socket: client)
                switch refused.welcome(peer, door.welcome) {
                case .known(let actor): known.append((client, actor))
                case .refused(let words):
                    Acceptor.refuse(client, words)
                    strangers += 1
                }
            }
            if strangers > 0 { door.strangers(strangers) }
            guard !known.isEmpty else { continue }
            // Waits for the loop: whoever connects faster than it can take them waits in the kernel's queue.
            let entering = known
            try? loop.submit { [door] in for (client, actor) in entering { door.enter(client, actor) } }.wait()
        }
    }

    /// Tells a client why it is not served, and closes.
    static func refuse(_ client: Int32, _ words: [UInt8]) {
        _ = words.withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) }
        Glibc.close(client)
    }

    private static func isExhausted(_ error: Int32) -> Bool { [EMFILE, ENFILE, ENOMEM, ENOBUFS].contains(error) }

    private static func makeSpare() -> Int32 { open("/dev/null", O_RDONLY | O_CLOEXEC) }

    /// No descriptor is left: the spare one takes those who wait, to tell them. Then it is given a moment.
    private func relieve(_ spare: inout Int32) {
        var reply = ReplyBuffer()
        reply.error(
            nil,
            ModuleError(
                .busy, "the service has no descriptor left for another connection; close one or try again",
                members: ["limit": 0, "retry_after": Span(milliseconds: 1000)]))
        for _ in 0..<Acceptor.batchSize {
            if spare >= 0 { Glibc.close(spare) }
            let client = mneedle_accept(descriptor)
            if client >= 0 { Acceptor.refuse(client, reply.bytes) }
            spare = Acceptor.makeSpare()
            if client < 0 { break }
        }
        _ = thread.wait(for: [], milliseconds: Acceptor.pause)
    }
}

/// Strangers who were refused just now: who comes again at once gets the same answer without another look at users and
/// groups. A new group counts within a second.
private struct RefusedStrangers {
    private var known: [Peer: (words: [UInt8], until: NIODeadline)] = [:]
    private static let most = 64

    mutating func welcome(_ peer: Peer?, _ judge: (Peer?) -> Acceptor.Welcome) -> Acceptor.Welcome {
        guard let peer else { return judge(nil) }
        let now = NIODeadline.now()
        if let refusal = known[peer], refusal.until > now { return .refused(refusal.words) }
        let welcome = judge(peer)
        if case .refused(let words) = welcome {
            if known.count >= RefusedStrangers.most { known.removeAll() }
            known[peer] = (words, now + .seconds(1))
        } else {
            known[peer] = nil
        }
        return welcome
    }
}
