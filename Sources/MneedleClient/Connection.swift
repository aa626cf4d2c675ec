import Glibc
import MneedleSystem
import MneedleWire

/// A connection to the daemon: blocking, for one thread at a time.
///
///     let connection = try Connection()
///     let next = try connection.request("scheduling.next", ["person": "anna"])
public final class Connection {
    /// The major version of the protocol that this client speaks.
    public static let protocolVersion = 1

    /// The socket's path.
    public let path: String
    /// The daemon's first line.
    public private(set) var greeting = Greeting([:])
    /// The socket's descriptor, for `poll(2)`. Events may also wait in memory: call ``nextEvent(within:)`` until there is none.
    public var descriptor: CInt { socket.number }
    /// The longest wait for the daemon's next line; `nil` waits for ever.
    public var timeout: Duration?
    /// Called about every second while a reply is waited for, with how long that has been so; with `nil` when it goes on after that.
    public var whileWaiting: (Duration?) -> Void

    private let socket: Descriptor
    var scanner = LineScanner(limit: 64 << 20)
    var events: [Event] = []
    /// Whether the daemon has closed its side; lines that came before may still be unread.
    private(set) var isEnded = false
    private var chunk = [UInt8](repeating: 0, count: 65_536)

    /// Connects to the first daemon found (see ``SocketPath``) and reads its greeting.
    public convenience init(timeout: Duration? = nil) throws(ClientError) {
        try self.init(firstOf: SocketPath.candidates(), timeout: timeout)
    }

    /// Connects to the daemon that listens at `path` and reads its greeting.
    public convenience init(path: String, timeout: Duration? = nil) throws(ClientError) {
        try self.init(firstOf: [path], timeout: timeout)
    }

    /// Connects to the first of `paths` where a daemon listens, and reads its greeting.
    public init(
        firstOf paths: [String], timeout: Duration? = nil, whileWaiting: @escaping (Duration?) -> Void = { _ in }
    ) throws(ClientError) {
        (socket, path) = try Self.open(firstOf: paths)
        (self.timeout, self.whileWaiting) = (timeout, whileWaiting)
        try readGreeting()
    }

    /// Sends a request without waiting for its reply; many may be sent before the first is read.
    public func send(_ request: RequestLine) throws(ClientError) {
        var writer = JSONWriter()
        request.write(to: &writer)
        writer.endLine()
        try write(writer.bytes)
    }

    /// Waits for the next line from the daemon, of any kind.
    public func receive() throws(ClientError) -> ReplyLine {
        let begin = ContinuousClock.now
        var hasWaited = false
        defer { if hasWaited { whileWaiting(nil) } }
        repeat {
            let rest = timeout.map { max(.zero, $0 - begin.duration(to: .now)) } ?? .seconds(1)
            if let line = try receive(within: min(rest, .seconds(1))) { return line }
            hasWaited = true
            whileWaiting(begin.duration(to: .now))
        } while timeout.map { begin.duration(to: .now) < $0 } ?? true
        throw ClientError(
            .timedOut, "the daemon did not answer in time",
            advice: "a command that changes something may still have been carried out: look before you repeat it")
    }

    /// Waits for the next line at most as long as `limit`; `nil` waits for ever.
    ///
    /// With `.zero` a program that waits for several things itself, and has sent requests with tags, takes what has come.
    /// - Returns: `nil` when none came in time.
    public func receive(within limit: Duration?) throws(ClientError) -> ReplyLine? {
        let deadline = limit.map { ContinuousClock.now + $0 }
        while true {
            if let line = try nextLine() { return line }
            if isEnded { throw ClientError(.closed, "the daemon closed the connection") }
            if wait(for: POLLIN, until: deadline) & POLLIN != 0 {
                read()
            } else if let deadline, deadline <= .now {
                return nil
            }
        }
    }

    // MARK: The greeting

    private func readGreeting() throws(ClientError) {
        switch try receive() {
        case .greeting(Self.protocolVersion, let json):
            greeting = Greeting(json)
        case .greeting(let major, let json):
            let version = json["version"]?.string ?? "of unknown version"
            throw ClientError(
                .incompatible,
                "the daemon at \(path) (\(version)) speaks protocol \(major), this client \(Self.protocolVersion)",
                advice: "install the same version of both and restart the daemon")
        case .err(_, let code, let details):
            throw .refused(code, details)
        default:
            throw foreign()
        }
    }

    private func foreign() -> ClientError {
        ClientError(.incompatible, "what answers at \(path) does not speak the mneedle protocol")
    }

    // MARK: Bytes

    /// The next line that has arrived completely.
    func nextLine() throws(ClientError) -> ReplyLine? {
        switch scanner.next() {
        case .needMore:
            return nil
        case .tooLong:
            throw ClientError(.incompatible, "the daemon sent a line longer than \(scanner.limit) bytes")
        case .line(let range):
            do {
                return try scanner.withLine(range) { line throws(LineError) in try ReplyLine.parse(line) }
            } catch {
                throw foreign()
            }
        }
    }

    /// Reads the bytes that have arrived.
    func read() {
        let count = chunk.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, CInt(MSG_DONTWAIT)) }
        if count > 0 {
            chunk.withUnsafeBytes { scanner.append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
            isEnded = true
        }
    }

    /// Sends everything, and meanwhile reads from the daemon, so that neither waits for the other.
    ///
    /// A daemon that is gone is noticed by the next ``receive()``, after its last line, which may say why.
    func write(_ bytes: [UInt8]) throws(ClientError) {
        var rest = bytes[...]
        var deadline = timeout.map { ContinuousClock.now + $0 }
        while !rest.isEmpty && !isEnded {
            let ready = wait(for: POLLIN | POLLOUT, until: deadline)
            if ready & POLLIN != 0 { read() }
            if ready & POLLOUT != 0 {
                let flags = CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)
                let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, flags) }
                if count < 0 && (errno == EPIPE || errno == ECONNRESET) { return }
                rest = rest.dropFirst(max(count, 0))
                deadline = timeout.map { ContinuousClock.now + $0 }
            } else if let deadline, deadline <= .now {
                throw ClientError(.timedOut, "the daemon does not take what is sent to it")
            }
        }
    }

    /// Waits until the socket is ready; returns the events for which it is. An end or an error counts as readable.
    private func wait(for wanted: CInt, until deadline: ContinuousClock.Instant?) -> CInt {
        var entry = pollfd(fd: descriptor, events: Int16(wanted), revents: 0)
        let left = deadline.map { max(ContinuousClock.now.duration(to: $0), Duration.zero) }
        guard poll(&entry, 1, left.map(\.milliseconds) ?? -1) > 0 else { return 0 }
        let failed = entry.revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0
        return CInt(entry.revents) & wanted | (failed ? POLLIN : 0)
    }
}
