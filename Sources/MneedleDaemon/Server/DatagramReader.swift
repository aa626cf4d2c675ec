import CMneedleSystem
import Foundation
import Glibc
import MneedleKit
import MneedleSystem

/// Reads a collector's datagrams on a thread of its own; each holds whole lines. Senders wait while there is no room.
final class DatagramReader: Sendable {
    private let descriptor: Int32
    private let largest: Int
    private let makeSource: @Sendable (Actor) -> LineSource
    private let actor: @Sendable (Peer) -> Actor?
    private let thread: ReadingThread

    /// - Parameters:
    ///   - actor: The actor for a sender; `nil` for one who may not write.
    ///   - makeSource: Called on the reader's thread for each new sender.
    init(
        descriptor: Int32, largest: Int, actor: @escaping @Sendable (Peer) -> Actor?,
        makeSource: @escaping @Sendable (Actor) -> LineSource
    ) throws {
        self.descriptor = descriptor
        self.largest = largest
        self.actor = actor
        self.makeSource = makeSource
        thread = try ReadingThread("datagrams")
        let error = mneedle_datagrams_name_senders(descriptor)
        guard error == 0 else {
            throw ModuleError.internal("cannot tell who sends datagrams: \(SystemError(-error))")
        }
    }

    func start() throws { try thread.start { [self] in run() } }

    /// Ends the thread, once the datagrams that it read are stored.
    func stop() {
        thread.stop()
        close(descriptor)
    }

    private func run() {
        // One source for each sender: one who breaks a rule of the store does not end another's.
        var sources: [uid_t: LineSource] = [:]
        defer { for source in sources.values { source.finish() } }
        var bytes = [UInt8](repeating: 0, count: largest)
        while true {
            if thread.wait(for: [descriptor]) == .stop { return }
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

    /// All groups of a datagram's sender: the kernel gives the user and one group, and the user's others are added.
    private static func groups(of uid: uid_t, _ gid: gid_t) -> [gid_t] {
        guard let name = Accounts.name(of: uid) else { return [gid] }
        var count: Int32 = 64
        var groups = [gid_t](repeating: 0, count: Int(count))
        return getgrouplist(name, gid, &groups, &count) < 0 ? [gid] : Array(groups.prefix(Int(count)))
    }
}
