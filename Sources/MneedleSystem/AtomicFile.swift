import Glibc

/// A file that one user writes and that is replaced as a whole.
public enum AtomicFile {
    /// Replaces a file in one step, on disk before the call returns: a reader finds the old file or the new one, whole.
    /// - Parameter mode: The file's access rights; by default only its owner has any.
    /// - Throws: The error of the system where the new file may not be on disk. The old file is then still in place, unless only
    ///   the very last step failed, which brings the new file's name to disk.
    public static func replace(_ path: String, with bytes: [UInt8], mode: mode_t = 0o600) throws(SystemError) {
        let partial = path + ".new"
        // A killed program may have left such a file, or somebody may have put a link there: it is replaced, not followed.
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

    /// Brings the new name to disk as well. Where a file system cannot do that, or the folder may not be read, the file is as
    /// safe as it can be there.
    private static func synchronizeFolder(of path: String) throws(SystemError) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        do throws(SystemError) {
            try Descriptor(opening: folder, O_RDONLY | O_DIRECTORY).synchronize()
        } catch {
            guard error.number == EINVAL || error.number == EACCES else { throw error }
        }
    }
}
