import Foundation

/// A folder for one test alone, which is removed with all its content when the value is released.
///
/// A test keeps it in a property; a function uses ``with(copying:_:)``, for a constant is released after its last use.
public final class TemporaryFolder: Sendable {
    /// The folder's path, short enough for sockets in it, whose paths have 107 bytes at most.
    public let path: String

    /// Makes an empty folder, or a copy of one.
    public init(copying original: String? = nil) throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("mn-\(UUID().uuidString.prefix(8))").path
        if let original {
            try FileManager.default.copyItem(atPath: original, toPath: path)
        } else {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Calls `body` with the path of a folder that is there until it returns.
    public static func with<Result>(copying original: String? = nil, _ body: (String) throws -> Result) throws -> Result
    {
        let folder = try TemporaryFolder(copying: original)
        return try withExtendedLifetime(folder) { try body(folder.path) }
    }
}
