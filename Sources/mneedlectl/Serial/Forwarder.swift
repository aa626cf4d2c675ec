import Glibc
import MneedleClient
import MneedleSystem

/// Reads a device's serial port whenever it is there, and sends its lines to the daemon's telemetry socket.
struct Forwarder {
    private let tool: Tool
    private let order: ForwardOrder
    private let sockets: [String]
    private var line: [UInt8] = []
    /// Whether the rest of a line is left out, because its beginning is lost or it is too long.
    private var isSkipping = false
    /// The number of lines that could not be read since the port was opened.
    private var bad = 0

    init(tool: Tool, order: ForwardOrder) {
        self.tool = tool
        self.order = order
        sockets = SocketPath.candidates(explicit: tool.options.socket).map { path in
            path[...(path.lastIndex(of: "/") ?? path.startIndex)] + "telemetry.sock"
        }
    }

    /// Forwards until interrupted.
    /// - Throws: An error that does not pass by itself.
    mutating func run() throws(Failure) -> Never {
        var complaint: CInt = 0
        // A port that opens and closes at once is tried again after a pause.
        var pause: CInt = 0
        while true {
            let folder = try watch()
            if pause > 0 { poll(nil, 0, pause) }
            let port: SerialPort
            do throws(SystemError) {
                port = try SerialPort(order.path, speed: order.speed)
            } catch {
                if error.number != complaint, error.number != ENOENT {
                    tool.output.note("serial port '\(order.path)' cannot be opened: \(error)")
                }
                complaint = error.number
                // The port's folder tells when it appears or may be read; nothing tells when another program releases it.
                waitUntilReadable([folder.descriptor.number], milliseconds: error.number == EBUSY ? 10_000 : -1)
                pause = 0
                continue
            }
            complaint = 0
            tool.output.note("serial port '\(order.path)' is open")
            let hasSpoken = try forward(port)
            tool.output.note("serial port '\(order.path)' is gone" + (bad > 0 ? "; lines that were none: \(bad)" : ""))
            pause = hasSpoken ? 0 : min(max(pause * 2, 500), 30_000)
        }
    }

    private func watch() throws(Failure) -> FolderWatch {
        do {
            return try FolderWatch(for: order.path)
        } catch {
            throw Failure(
                code: "unwatchable", message: "the folder of '\(order.path)' cannot be watched: \(error)", details: [],
                next: "raise fs.inotify.max_user_instances, or end other programs that watch folders",
                exitCode: .refused)
        }
    }

    /// Forwards until the port is gone, through restarts of the daemon.
    /// - Returns: Whether anything came.
    private mutating func forward(_ port: SerialPort) throws(Failure) -> Bool {
        (line, isSkipping, bad) = ([], false, 0)
        var hasSpoken = false
        var sink: LineSink?
        var pause: CInt = 1
        while true {
            do throws(ClientError) {
                let current: LineSink
                if let sink {
                    current = sink
                } else {
                    current = try LineSink(firstOf: sockets)
                    sink = current
                }
                let ready = waitUntilReadable([port.descriptor.number, current.descriptor])
                if ready[1] { throw ClientError(.closed, "the daemon closed the connection to \(current.path)") }
                guard let bytes = Self.read(port) else { return hasSpoken }
                let points = points(in: bytes)
                if !points.isEmpty { try current.send(points) }
                if !bytes.isEmpty { (hasSpoken, pause) = (true, 1) }
            } catch {
                guard error.kind == .closed || error.kind == .noDaemon else { throw Failure(error) }
                sink = nil
                tool.output.note("\(error.message); what comes meanwhile is lost; tried again in \(pause) s")
                if Self.isGone(port, within: pause * 1000) { return hasSpoken }
                pause = min(pause * 2, 60)
                // A point without a time would get the time of the daemon's return, and a part of a line another value.
                port.forget()
                (line, isSkipping) = ([], true)
            }
        }
    }

    /// The complete lines that end in these bytes, as line protocol.
    private mutating func points(in bytes: [UInt8]) -> [UInt8] {
        var points: [UInt8] = []
        for byte in bytes {
            if byte != UInt8(ascii: "\n") {
                if line.count == Self.longestLine { isSkipping = true }
                if !isSkipping { line.append(byte) }
                continue
            }
            // A terminal that translates line ends may put in another CR.
            while line.last == UInt8(ascii: "\r") { line.removeLast() }
            if isSkipping {
                isSkipping = false
            } else {
                do throws(DeviceLines.Bad) {
                    if let point = try order.lines.point(line) { points += point + [byte] }
                } catch {
                    bad += 1
                    if bad == 1 { tool.output.note("a line of '\(order.path)' is left out: \(error.reason)") }
                }
            }
            line.removeAll(keepingCapacity: true)
        }
        return points
    }

    private static let longestLine = 65_536

    /// The bytes that have come; empty where there are none, `nil` when the port is gone.
    private static func read(_ port: SerialPort) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = Glibc.read(port.descriptor.number, &bytes, bytes.count)
        if count < 0, errno == EAGAIN || errno == EINTR { return [] }
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    /// Waits for that time; returns early when the port is gone.
    private static func isGone(_ port: SerialPort, within milliseconds: CInt) -> Bool {
        var entry = pollfd(fd: port.descriptor.number, events: 0, revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }
}
