import CMneedleSystem
import Foundation
import Glibc
import MneedleKit
import NIOCore

/// Lets clients of one listening socket in, on a thread of its own that sleeps while nobody comes.
///
/// A peer without a role, or one that connects too often, is refused here, before anything is allocated for it, so that
/// those who connect as fast as they can neither fill the queue of the others nor take the event loop's time. The others
/// get a place on the event loop or are told there why not. When no descriptor is left, waiting clients are told so and
/// closed, and nothing spins.
final class Acceptor: Sendable {
    /// The decision about a peer that connects.
    enum Welcome {
        /// A stranger is told this and closed.
        case refused([UInt8])
        case known(Actor)
    }

    /// The treatment of peers that connect.
    struct Door: Sendable {
        /// Decides about a peer, on the acceptor's thread.
        var welcome: @Sendable (Peer?) -> Welcome
        /// Takes the client's descriptor and its user, on the event loop. Owns the descriptor from then on.
        var enter: @Sendable (Int32, Actor) -> Void
        /// The number of times that a user may connect in a second.
        var pace: @Sendable () -> Int
        /// The words for a user who connects more often.
        var tooOften: @Sendable (Int) -> [UInt8]
        /// Takes the numbers of strangers and of users too often here that were refused.
        var turnedAway: @Sendable (_ strangers: Int, _ tooOften: Int) -> Void
    }

    private let descriptor: Int32
    private let loop: any EventLoop
    private let door: Door
    private let thread: ReadingThread

    /// The number of clients that are let in at once.
    private static let batchSize = 16
    /// The pause before the next attempt when descriptors or memory are used up, in milliseconds.
    private static let pause: Int32 = 100

    init(descriptor: Int32, loop: any EventLoop, door: Door) throws {
        self.descriptor = descriptor
        self.loop = loop
        self.door = door
        thread = try ReadingThread("acceptor")
        // A client that goes while it is being let in must not keep the thread.
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    func start() throws { try thread.start { [self] in run() } }

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
        var paces = Pace()
        while thread.wait(for: [descriptor]) == .ready {
            var known: [(Int32, Actor)] = []
            var (strangers, tooOften) = (0, 0)
            let pace = door.pace()
            while known.count < Acceptor.batchSize, strangers + tooOften < Acceptor.batchSize {
                let client = mneedle_accept(descriptor)
                guard client >= 0 else {
                    if Acceptor.isExhausted(-client) { relieve(&spare) }
                    break
                }
                let peer = Peer(socket: client)
                guard peer.map({ paces.admits($0.uid, perSecond: pace, at: .now()) }) ?? true else {
                    Acceptor.refuse(client, door.tooOften(pace))
                    tooOften += 1
                    continue
                }
                switch refused.welcome(peer, door.welcome) {
                case .known(let actor):
                    known.append((client, actor))
                    paces.note(actor.uid, isAdministrator: actor.role == .admin)
                case .refused(let words):
                    Acceptor.refuse(client, words)
                    strangers += 1
                }
            }
            if strangers + tooOften > 0 { door.turnedAway(strangers, tooOften) }
            guard !known.isEmpty else { continue }
            // Waits for the loop: clients that connect faster than it can take them wait in the kernel's queue.
            let entering = known
            try? loop.submit { [door] in for (client, actor) in entering { door.enter(client, actor) } }.wait()
        }
    }

    /// Tells a client why it is not served, and closes its connection.
    static func refuse(_ client: Int32, _ words: [UInt8]) {
        _ = words.withUnsafeBytes { send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) }
        Glibc.close(client)
    }

    private static func isExhausted(_ error: Int32) -> Bool { [EMFILE, ENFILE, ENOMEM, ENOBUFS].contains(error) }

    private static func makeSpare() -> Int32 { open("/dev/null", O_RDONLY | O_CLOEXEC) }

    /// Handles a lack of descriptors: the spare one is used to tell waiting clients. A pause follows.
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

/// Strangers who were refused just now: one who comes again at once gets the same answer without another look at users
/// and groups. A new group counts within a second.
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
