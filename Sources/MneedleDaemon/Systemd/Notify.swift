import CSystemd
import Glibc
import MneedleSystem
import Synchronization

/// Tells systemd the state of the service; does nothing where there is no systemd.
enum Notify {
    /// Announces that files are being read again; ends with ``ready(_:)``, whether they were good or not.
    static func reloading() {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        send(
            "RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1000)\nSTATUS=Reading configuration and knowledge again"
        )
    }
    static func ready(_ status: String) { send("READY=1\nSTATUS=\(status)") }
    /// Tells the reason of the end, for `systemctl status`.
    static func failed(_ reason: String) { send("STATUS=\(reason.split(separator: "\n").joined(separator: " "))") }
    /// Tells the present state. Returns at once: a systemd that does not listen holds up a thread of its own and not the writer.
    /// Of several states that have to wait, the newest is told.
    static func status(_ status: String) {
        let isFirst = waiting.withLock { waiting in
            waiting.status = status
            defer { waiting.isBeingTold = true }
            return !waiting.isBeingTold
        }
        guard isFirst, isHeard else { return }
        do {
            try NamedThread("status").start { while let status = nextStatus() { send("STATUS=\(status)") } }
        } catch {
            // The next state is told in its place.
            waiting.withLock { $0.isBeingTold = false }
        }
    }

    private static let waiting = Mutex<(status: String?, isBeingTold: Bool)>((nil, false))

    private static func nextStatus() -> String? {
        waiting.withLock { waiting in
            defer { waiting.status = nil }
            if waiting.status == nil { waiting.isBeingTold = false }
            return waiting.status
        }
    }
    static func stopping() { send("STOPPING=1\nSTATUS=Finishing what was asked") }
    static func watchdog() { send("WATCHDOG=1") }

    /// Gives a listening socket to systemd to keep while the service restarts, if the unit has a `FileDescriptorStoreMax=`.
    /// It comes back among the inherited ones.
    static func keep(_ socket: Int32, as name: String) {
        withUnsafePointer(to: socket) {
            _ = sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=\(name)", $0, 1)
        }
    }

    private static func send(_ state: String) { sd_notify(0, state) }

    /// Whether there is a systemd to tell anything.
    static var isHeard: Bool { getenv("NOTIFY_SOCKET") != nil }

    /// The interval at which systemd expects the watchdog's message, in microseconds; `nil` when it expects none.
    static var watchdogInterval: UInt64? {
        var interval: UInt64 = 0
        return sd_watchdog_enabled(0, &interval) > 0 ? interval : nil
    }

    /// The listening sockets that systemd hands over, by the names of their units (`FileDescriptorName=`).
    static func inheritedSockets() -> [String: Int32] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &names)
        guard count > 0, let names else { return [:] }
        var sockets: [String: Int32] = [:]
        for index in 0..<Int(count) {
            let name = names[index].map { String(cString: $0) } ?? ""
            free(names[index])
            // A single unnamed socket is the control socket. Both sockets of a unit have the unit's name.
            let isDatagram = sd_is_socket(3 + Int32(index), AF_UNIX, Int32(SOCK_DGRAM.rawValue), -1) > 0
            let known = name == "unknown" || name.isEmpty ? "control" : name
            sockets[isDatagram && !known.hasSuffix("-datagram") ? known + "-datagram" : known] = 3 + Int32(index)
        }
        free(names)
        return sockets
    }
}
