import Glibc

/// A file that one user writes and that is replaced as a whole.
public enum AtomicFile {
    /// Replaces a file in one step, on disk before it returns: whoever reads it finds the old one or the new one, whole.
    /// - Parameter mode: Who may; nobody but its owner unless it says otherwise.
    /// - Throws: Why it is not certain that the new one is on disk; it is still the old one unless only the very last step
    ///   failed, by which the new one's name comes to disk.
    public static func replace(_ path: String, with bytes: [UInt8], mode: mode_t = 0o600) throws(SystemError) {
        let partial = path + ".new"
        // What a killed program has left, or a link that somebody else has put there: not followed, but replaced.
        unlink(partial)
        let file = try Descriptor(opening: partial, O_WRONLY | O_CREAT | O_EXCL)
        do throws(SystemError) {
            try file.write(bytes)
            guard fchmod(file.number, mode) == 0 else { throw .last }
            try file.synchronize()
            guard rename(partial, path) == 0 else { throw .last }
        } catch {
            unlink(partial)
            throw error
        }
        try synchronizeFolder(of: path)
    }

    /// Brings the new name to disk as well. Where a file system cannot, or the folder may not be read, the file is as safe as it
    /// gets there.
    private static func synchronizeFolder(of path: String) throws(SystemError) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        do throws(SystemError) {
            try Descriptor(opening: folder, O_RDONLY | O_DIRECTORY).synchronize()
        } catch {
            guard error.number == EINVAL || error.number == EACCES else { throw error }
        }
    }
}
