import CMneedleSystem
import Foundation
import Glibc
import Logging
import MneedleKit

/// Reads one serial port on a thread of its own, and waits for the device whenever it is not there.
final class SerialReader: Sendable {
    private let path: String
    private let baud: Int
    private let logger: Logger
    private let makeSource: @Sendable () -> LineSource
    private let thread: ReadingThread

    /// - Parameter makeSource: Called on the reader's thread each time that the port is opened.
    init(_ port: SerialPort, logger: Logger, makeSource: @escaping @Sendable () -> LineSource) throws {
        path = port.path
        baud = port.baud
        self.logger = logger
        self.makeSource = makeSource
        thread = try ReadingThread()
    }

    func start() { thread.start("serial") { [self] in run() } }

    /// Ends the thread, once what it read is stored.
    func stop() { thread.stop() }

    private func run() {
        var complaint: Int32 = 0
        // A port that opens and closes at once is not asked again at once.
        var pause: Int32 = 0
        while true {
            let folder = FolderWatch(for: path)
            defer { folder.close() }
            if pause > 0, thread.wait(for: [], milliseconds: pause) == .stop { return }
            let port = mneedle_serial_open(path, Int32(baud))
            if port < 0 {
                if port != complaint, port != -ENOENT {
                    logger.warning("serial port '\(path)' cannot be opened: \(String(cString: strerror(-port)))")
                }
                complaint = port
                // Its folder tells when it appears or may be read; whether somebody else lets go of it, nobody does.
                let isTaken = port == -EBUSY
                if thread.wait(for: [folder.descriptor], milliseconds: isTaken ? 10_000 : -1) == .stop { return }
                pause = 0
                continue
            }
            complaint = 0
            logger.notice("serial port '\(path)' is open")
            let (isStopping, hasSpoken) = read(port)
            close(port)
            if isStopping { return }
            logger.notice("serial port '\(path)' is gone")
            pause = hasSpoken ? 0 : min(max(pause * 2, 500), 30_000)
        }
    }

    private func read(_ port: Int32) -> (isStopping: Bool, hasSpoken: Bool) {
        let source = makeSource()
        defer { source.finish() }
        var hasSpoken = false
        var bytes = [UInt8](repeating: 0, count: 16_384)
        while true {
            if thread.wait(for: [port]) == .stop { return (true, hasSpoken) }
            let count = Glibc.read(port, &bytes, bytes.count)
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            guard count > 0 else { return (false, hasSpoken) }
            // Where nothing can be stored there is no hurry to try again.
            guard source.feed(Array(bytes[..<count])) else { return (false, false) }
            hasSpoken = true
        }
    }
}

/// Tells when something appears in the folder of a file, or in the nearest one above it that exists.
struct FolderWatch {
    let descriptor: Int32

    init(for path: String) {
        descriptor = inotify_init1(Int32(IN_CLOEXEC))
        var folder = path
        let changes = UInt32(IN_CREATE) | UInt32(IN_MOVED_TO) | UInt32(IN_ATTRIB)
        repeat {
            folder = String(folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)])
        } while inotify_add_watch(descriptor, folder.isEmpty ? "/" : folder, changes) < 0 && !folder.isEmpty
    }

    func close() { Glibc.close(descriptor) }
}
