import Glibc

/// A file that one user writes and that is replaced as a whole.
public enum AtomicFile {
    /// Replaces a file in one step, on disk before it returns: whoever reads it finds the old one or the new one, whole.
    /// - Parameter mode: Who may; nobody but its owner unless it says otherwise.
    /// - Returns: Why that failed, and then the old file is as it was; `nil` when it did not fail.
    public static func replace(_ path: String, with bytes: [UInt8], mode: mode_t = 0o600) -> String? {
        let partial = path + ".new"
        // What a killed program has left, or a link that somebody else has put there: not followed, but replaced.
        unlink(partial)
        let file = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { return String(cString: strerror(errno)) }
        let isWritten = write(bytes, to: file) && fchmod(file, mode) == 0 && fsync(file) == 0
        var reason = errno
        close(file)
        if isWritten, rename(partial, path) == 0 {
            synchronizeFolder(of: path)
            return nil
        }
        if isWritten { reason = errno }
        unlink(partial)
        return String(cString: strerror(reason))
    }

    /// Brings the new name to disk as well. Where a file system cannot, the file is as safe as it gets there.
    private static func synchronizeFolder(of path: String) {
        let slash = path.lastIndex(of: "/")
        let folder = open(slash.map { String(path[...$0]) } ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    private static func write(_ bytes: [UInt8], to file: CInt) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
