import CMneedleSystem
import Foundation
import Glibc
import MneedleKit

/// Reads a collector's datagrams on a thread of its own; each holds whole lines. Senders wait while there is no room.
final class DatagramReader: Sendable {
    private let descriptor: Int32
    private let largest: Int
    private let makeSource: @Sendable (Actor) -> LineSource
    private let actor: @Sendable (Peer) -> Actor?
    private let stopping: Int32
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - actor: Who a sender is here; `nil` for one who may not write.
    ///   - makeSource: Called on the reader's thread for each new sender.
    init(
        descriptor: Int32, largest: Int, actor: @escaping @Sendable (Peer) -> Actor?,
        makeSource: @escaping @Sendable (Actor) -> LineSource
    ) throws {
        self.descriptor = descriptor
        self.largest = largest
        self.actor = actor
        self.makeSource = makeSource
        stopping = mneedle_event_create()
        guard stopping >= 0, mneedle_datagrams_name_senders(descriptor) == 0 else {
            throw ModuleError.internal("cannot read datagrams: \(String(cString: strerror(errno)))")
        }
    }

    func start() {
        let thread = Thread { [self] in run() }
        thread.name = "datagrams"
        thread.stackSize = 1 << 18
        thread.start()
    }

    /// Ends the thread, once what it read is stored.
    func stop() {
        var one: UInt64 = 1
        _ = write(stopping, &one, 8)
        ended.wait()
        close(stopping)
        close(descriptor)
    }

    private func run() {
        // One a sender: whoever breaks a rule of the store ends nobody else's.
        var sources: [uid_t: LineSource] = [:]
        defer {
            for source in sources.values { source.finish() }
            ended.signal()
        }
        var bytes = [UInt8](repeating: 0, count: largest)
        while true {
            var all = [stopping, descriptor].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            while poll(&all, 2, -1) < 0 && errno == EINTR {}
            guard all[0].revents == 0 else { return }
            var (uid, gid): (uid_t, gid_t) = (0, 0)
            let length = mneedle_datagram_receive(descriptor, &bytes, bytes.count, &uid, &gid)
            guard length > 0 else { continue }
            guard let actor = actor(Peer(uid: uid, groups: DatagramReader.groups(of: uid, gid))) else { continue }
            let source = sources[uid] ?? makeSource(actor)
            sources[uid] = source
            // The last line may come without its LF: the datagram ends it.
            let hasEnd = bytes[length - 1] == 10
            if !source.feed(Array(bytes[..<length]) + (hasEnd ? [] : [10])) { sources[uid] = nil }
        }
    }

    /// A datagram tells its sender's user and one group; the others are those that the user has.
    private static func groups(of uid: uid_t, _ gid: gid_t) -> [gid_t] {
        guard let name = getpwuid(uid)?.pointee.pw_name else { return [gid] }
        var count: Int32 = 64
        var groups = [gid_t](repeating: 0, count: Int(count))
        return getgrouplist(name, gid, &groups, &count) < 0 ? [gid] : Array(groups.prefix(Int(count)))
    }
}
