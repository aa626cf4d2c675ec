import Glibc
import MneedleSystem

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

    /// The answer of the file system about a path.
    private enum Look {
        case found(Print)
        case absent
        /// The file system does not say; the number of its error.
        case unknown(Int32)

        init(_ path: String) {
            if let print = Print(path) {
                self = .found(print)
            } else {
                let number = errno
                self = number == ENOENT || number == ENOTDIR ? .absent : .unknown(number)
            }
        }
    }

    /// What is wrong with the files.
    enum Fault {
        /// What was written last may not be found again.
        case gone(String)
        /// The file system does not say whether it will be found; it may the next time.
        case unknown(String)
    }

    private struct File {
        let path: String
        /// Whether only this process's commits change the file. The index of the log is changed by readers too.
        let isKept: Bool
        var print: Print?
    }

    private var files: [File]
    /// Whether the files could not be looked at when this process left them: their prints are older than that.
    private var isUnsure = false
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
        isUnsure = false
        for index in files.indices {
            switch Look(files[index].path) {
            case .found(let now):
                if let known = files[index].print, now.isSameFile(as: known) { files[index].print = now }
            case .absent: break
            case .unknown: isUnsure = true
            }
        }
    }

    /// - Parameter untouched: Whether they must be as they were noted, and not only be the same files. Where they need not be
    ///   and there is no fault, they are noted as they are now.
    /// - Returns: The fault of one of the files; `nil` where there is none.
    func fault(untouched: Bool) -> Fault? {
        for index in files.indices {
            let file = files[index]
            guard let known = file.print else { return .gone("'\(file.path)' was not there") }
            let now: Print
            switch Look(file.path) {
            case .found(let print): now = print
            case .absent: return .gone("'\(file.path)' is gone")
            case .unknown(let number):
                return .unknown("'\(file.path)' cannot be looked at (\(SystemError(number)))")
            }
            guard now.isSameFile(as: known) else {
                return .gone("'\(file.path)' is another file than the one that is open")
            }
            if untouched, !isUnsure, file.isKept, now != known {
                return .gone("'\(file.path)' was changed by another program")
            }
            if !untouched { files[index].print = now }
        }
        if !untouched { isUnsure = false }
        return nil
    }

    /// Whether the database is as noted and only the log's name is gone: then the log's changes can still be saved.
    var canRescue: Bool {
        files[0].print != nil && files[0].print == Print(files[0].path) && files[1].print == Print(descriptor: log)
            && Print(files[1].path) != files[1].print
    }
}
