import Glibc
import MneedleSystem

/// A serial port that is open for reading, exclusively for this process.
struct SerialPort {
    let descriptor: Descriptor

    /// The speeds that every Linux knows, in bits a second.
    static let speeds: [(baud: Int, constant: speed_t)] = [
        (1_200, speed_t(B1200)), (2_400, speed_t(B2400)), (4_800, speed_t(B4800)), (9_600, speed_t(B9600)),
        (19_200, speed_t(B19200)), (38_400, speed_t(B38400)), (57_600, speed_t(B57600)), (115_200, speed_t(B115200)),
        (230_400, speed_t(B230400)), (460_800, speed_t(B460800)), (921_600, speed_t(B921600)),
        (1_000_000, speed_t(B1000000)), (2_000_000, speed_t(B2000000)), (3_000_000, speed_t(B3000000)),
        (4_000_000, speed_t(B4000000)),
    ]

    /// Opens the port raw, with 8 bits and no parity; reads do not block.
    init(_ path: String, speed: speed_t) throws(SystemError) {
        // The port must not become the controlling terminal, and the open must not wait for a modem's carrier.
        descriptor = try Descriptor(opening: path, O_RDONLY | O_NOCTTY | O_NONBLOCK)
        var mode = termios()
        guard tcgetattr(descriptor.number, &mode) == 0 else { throw .last }
        cfmakeraw(&mode)
        mode.c_cflag |= tcflag_t(CLOCAL) | tcflag_t(CREAD)
        // Two readers would each get a part of every line.
        guard cfsetspeed(&mode, speed) == 0, tcsetattr(descriptor.number, TCSANOW, &mode) == 0,
            ioctl(descriptor.number, UInt(TIOCEXCL)) == 0
        else { throw .last }
    }

    /// Drops bytes that have come and were not read.
    func forget() { tcflush(descriptor.number, TCIFLUSH) }
}

/// Notices when something appears in the folder of a file, or in the nearest folder above it that exists.
struct FolderWatch {
    let descriptor: Descriptor

    init(for path: String) throws(SystemError) {
        guard let descriptor = Descriptor(inotify_init1(CInt(IN_CLOEXEC))) else { throw .last }
        self.descriptor = descriptor
        var folder = path
        let changes = UInt32(IN_CREATE) | UInt32(IN_MOVED_TO) | UInt32(IN_ATTRIB)
        repeat {
            folder = String(folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)])
        } while inotify_add_watch(descriptor.number, folder.isEmpty ? "/" : folder, changes) < 0 && !folder.isEmpty
    }
}
