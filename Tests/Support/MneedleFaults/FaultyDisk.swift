import CMneedleFaults
import Glibc

/// A disk for SQLite's files whose calls fail, and whose power goes, when a test says so.
///
///     let disk = try FaultyDisk()
///     let store = try Stores.open(path: folder + "/test.sqlite", fileSystem: disk.name)
///
/// The files are real ones, the syncs are not: what they would have made certain is kept in memory. So a power cut takes a
/// millisecond, and no test waits for a real disk. Every file must be closed before the value is released.
// Sendable: the functions behind it lock.
public final class FaultyDisk: @unchecked Sendable {
    /// A kind of call to the file system.
    public enum Call: UInt32, CaseIterable, Sendable {
        case open, read, write, sync, truncate, fileSize, mapping, deletion, access
    }

    /// An error of the file system.
    public enum Failure: String, CaseIterable, Sendable {
        case broken, full, readOnly, cannotOpen

        /// SQLite's result.
        func code(of call: Call) -> Int32 {
            switch self {
            case .full: 13
            case .readOnly: 8
            case .cannotOpen: 14
            case .broken: 10 | Failure.details[Int(call.rawValue)] << 8
            }
        }

        /// SQLITE_IOERR_READ and so on, by kind of call; an `open` has no code of its own.
        private static let details: [Int32] = [26, 1, 3, 4, 6, 7, 21, 10, 13]
    }

    /// The calls that fail.
    public struct Fault: Sendable, CustomStringConvertible {
        public var call: Call
        public var failure: Failure
        /// Which call of its kind is the first to fail.
        public var number: Int
        /// How many fail; all from then on by default.
        public var times: Int
        /// Whether a write does half of its work.
        public var isTorn: Bool

        public init(
            _ call: Call, _ failure: Failure = .broken, number: Int = 1, times: Int = .max, isTorn: Bool = false
        ) {
            (self.call, self.failure, self.number, self.times, self.isTorn) = (call, failure, number, times, isTorn)
        }

        public var description: String {
            "\(call) \(number) fails \(times == .max ? "for ever" : "\(times) times"): \(failure)\(isTorn ? ", torn" : "")"
        }
    }

    /// The reason why there is no such disk, or why it gives nothing back.
    public struct Unusable: Error, CustomStringConvertible {
        public let description: String
    }

    /// The name under which SQLite knows the file system.
    public let name: String
    private let disk: OpaquePointer

    public init() throws {
        name = "faulty-\(UInt64.random(in: 0 ... .max))"
        guard let made = mneedle_disk_make(name) else { throw Unusable(description: "SQLite takes no file system") }
        disk = made
    }

    deinit { mneedle_disk_free(disk) }

    /// Has calls fail from now on; counts them from here.
    public func fail(_ fault: Fault) {
        mneedle_disk_fail(
            disk, mneedle_call(fault.call.rawValue), Int64(fault.number), Int64(fault.times),
            fault.failure.code(of: fault.call), fault.isTorn ? 1 : 0)
    }

    /// Has all calls work again.
    public func mend() { mneedle_disk_mend(disk) }

    /// The number of calls that failed since the last fault was set.
    public var failures: Int { Int(mneedle_disk_failures(disk)) }

    /// The number of writes to a database or its log that were asked for so far: a refused request asks for none.
    public var writes: Int { Int(mneedle_disk_writings(disk)) }

    /// Has the power go in the middle of the call that is so many changes of the disk from now.
    public func cutPower(after changes: Int) { mneedle_disk_cut(disk, Int64(changes)) }

    /// Whether the power is gone.
    public var isWithoutPower: Bool { mneedle_disk_is_cut(disk) != 0 }

    /// Writes into an empty folder what the disk could hold if the power went now, or held when it went, and gives it power
    /// again. No file may be open.
    /// - Parameter luck: Decides which of the writes that were not synced are there; the same number has the same luck.
    public func crash(into folder: String, luck: UInt64) throws {
        let error = mneedle_disk_crash(disk, folder, luck)
        guard error == 0 else { throw Unusable(description: "'\(folder)': \(String(cString: strerror(error)))") }
    }
}
