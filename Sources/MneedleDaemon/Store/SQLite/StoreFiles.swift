import Glibc

/// The store's files as this process has opened and left them, to tell whether they are still the same.
///
/// A file that is removed stays readable and writable for a process that has it open, and everything written to it is gone
/// when that ends. So the paths are checked before each transaction and once more before its results are told: some
/// microseconds. A path names the same inode only while that inode has a link, so the number of links needs no check.
final class StoreFiles {
    private struct Print: Equatable {
        var device: dev_t
        var inode: ino_t
        var size: off_t
        var seconds: Int
        var nanoseconds: Int

        init?(_ path: String) {
            var status = stat()
            guard lstat(path, &status) == 0 else { return nil }
            self.init(status)
        }

        init?(descriptor: Int32) {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { return nil }
            self.init(status)
        }

        private init(_ status: stat) {
            (device, inode, size) = (status.st_dev, status.st_ino, status.st_size)
            (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
        }

        func isSameFile(as other: Print) -> Bool { device == other.device && inode == other.inode }
    }

    private struct File {
        let path: String
        /// Whether only this process's commits change the file. The index of the log is changed by readers too.
        let isKept: Bool
        var print: Print?
    }

    private var files: [File]
    /// The log, also when its name is gone. SQLite takes no lock on that file, so closing this releases none of its locks.
    private let log: Int32

    /// - Parameter path: The database; its log and the log's index stand beside it and are there while it is open.
    init(_ path: String) {
        files = [("", true), ("-wal", true), ("-shm", false)].map {
            File(path: path + $0, isKept: $1, print: Print(path + $0))
        }
        log = open(path + "-wal", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    }

    deinit { if log >= 0 { close(log) } }

    /// Notes the files as this process leaves them, at the end of each transaction. Another file at a path is not taken for ours.
    func note() {
        for index in files.indices {
            guard let now = Print(files[index].path), let known = files[index].print, now.isSameFile(as: known) else {
                continue
            }
            files[index].print = now
        }
    }

    /// - Parameter untouched: Whether they must be as they were noted, and not only be the same files.
    /// - Returns: The fault of one of the files; `nil` where there is none.
    func fault(untouched: Bool) -> String? {
        for file in files {
            guard let known = file.print else { return "'\(file.path)' was not there" }
            guard let now = Print(file.path) else { return "'\(file.path)' is gone" }
            guard now.isSameFile(as: known) else { return "'\(file.path)' is another file than the one that is open" }
            if untouched, file.isKept, now != known { return "'\(file.path)' was changed by another program" }
        }
        return nil
    }

    /// Whether the database is as noted and only the log's name is gone: then the log's changes can still be saved.
    var canRescue: Bool {
        files[0].print != nil && files[0].print == Print(files[0].path) && files[1].print == Print(descriptor: log)
            && Print(files[1].path) != files[1].print
    }
}
