import Foundation

/// The state folder of a service whose disk fails: what a power cut leaves of it becomes another folder.
public final class FaultyFolder {
    public let disk: FaultyDisk
    /// The folder as it is since the last power cut.
    public private(set) var path: String
    private let root: String
    private var crashes = 0

    /// - Parameter original: A folder to begin with, instead of an empty one.
    public init(copying original: String? = nil) throws {
        disk = try FaultyDisk()
        // The disk is simulated: where its files are is no matter, and memory is quick.
        let place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : FileManager.default.temporaryDirectory.path
        root = place + "/mneedle-disk-\(UUID().uuidString)"
        path = root + "/0"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        if let original {
            try FileManager.default.copyItem(atPath: original, toPath: path)
        } else {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    /// The power goes, if it is not gone: the folder is then what luck has left of it. No file of it may be open.
    /// - Parameter names: The files that are not the database's: they are written whole, and on disk before anybody goes on.
    public func crash(luck: UInt64, keeping names: [String]) throws {
        crashes += 1
        let next = root + "/\(crashes)"
        try FileManager.default.createDirectory(atPath: next, withIntermediateDirectories: false)
        try disk.crash(into: next, luck: luck)
        for name in names where access(path + "/" + name, F_OK) == 0 {
            try FileManager.default.copyItem(atPath: path + "/" + name, toPath: next + "/" + name)
        }
        try FileManager.default.removeItem(atPath: path)
        path = next
    }
}
