import CMneedleSystem
import Foundation
import Glibc
import MneedleSystem

/// Opens the files that the service relies on, after a check of every component of the path, as sshd does with
/// `StrictModes`: each folder on the way, each link followed and the end itself belong to root or to the user that the service
/// runs as, and no other user may write there. So no other user can replace a file that was checked; an opened file is
/// checked on its descriptor and never opened again by its path.
///
/// Two exceptions are allowed: a folder of root's that everybody may write in but where only owners may rename (`/tmp`),
/// since the components after it are checked as well; and a group that has the name and number of the owner's own and no
/// other member, as `umask 002` leaves a checkout.
enum Trust {
    /// The fault of a place, and its remedy.
    struct Refused: Error, CustomStringConvertible {
        /// The faulty component.
        let path: String
        /// The fault.
        let reason: String
        /// The remedy.
        let remedy: String

        var description: String { "'\(path)' \(reason); \(remedy)" }
    }

    /// The demands on the end of a path beyond those on every component.
    struct Demand {
        /// Whether it must be the service's own, and not root's: the service writes in it and keeps private data there.
        var isOwn = false
        /// Whether other users may not even read it.
        var isPrivate = false
        /// Whether it is written to: then it has no link and no second name, so that no other file is overwritten.
        var isWritten = false
        /// The user to whom it may belong too; then its group may write in it as well. For folders that are given to others.
        var sharedWith: uid_t?

        static let read = Demand()
        static let kept = Demand(isOwn: true, isPrivate: true, isWritten: true)
    }

    // MARK: Files and folders

    /// Opens a file to read.
    static func file(_ path: String) throws -> Descriptor {
        let (parent, name, place) = try parent(of: path)
        guard let file = Descriptor(openat(parent.number, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)) else {
            throw unopened(place)
        }
        try check(file, place, .read, S_IFREG)
        return file
    }

    /// The bytes of a file, at most `limit` and one more, which tells that there are more.
    static func contents(of path: String, limit: Int) throws -> [UInt8] {
        try file(path).read(limit: limit + 1)
    }

    /// Opens a folder to look and write in.
    /// - Parameter create: Whether missing folders of the path are made, for the service alone.
    static func folder(_ path: String, create: Bool = false, _ demand: Demand = .read) throws -> Descriptor {
        let (end, place) = try walk(path, create: create)
        guard let folder = Descriptor(openat(end.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) else {
            throw errno == ENOTDIR
                ? Refused(path: place, reason: "is no folder", remedy: "give a folder") : unopened(place)
        }
        try check(folder, place, demand, S_IFDIR)
        return folder
    }

    /// Opens a file that the service writes in a folder of its own; makes it where it is missing.
    static func writable(_ name: String, in folder: Descriptor, at place: String) throws -> Descriptor {
        let path = place + "/" + name
        let flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        guard let file = Descriptor(openat(folder.number, name, flags, 0o600)) else {
            throw errno == ELOOP ? isLink(path) : unopened(path)
        }
        try check(file, path, .kept, S_IFREG)
        return file
    }

    /// Checks a file in a folder of the service's own, if there is one, without opening it.
    static func inspect(_ name: String, in folder: Descriptor, at place: String) throws {
        var status = stat()
        guard fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return }
            throw unopened(place + "/" + name)
        }
        try check(status, place + "/" + name, .kept, S_IFREG, hasList: hasAccessList(folder, name))
    }

    // MARK: The way there

    private static let mostLinks = 40

    /// The folder of a file, with links to the file followed, and the name that the file has there.
    private static func parent(of path: String) throws -> (parent: Descriptor, name: String, place: String) {
        var path = absolute(path)
        for _ in 0..<mostLinks {
            guard path.utf8.count < Int(PATH_MAX), let name = path.split(separator: "/").last.map(String.init),
                name != ".", name != ".."
            else { throw Refused(path: path, reason: "is no file", remedy: "give a file") }
            let (parent, place) = try walk((path as NSString).deletingLastPathComponent, create: false)
            try check(parent, place, nil, S_IFDIR)
            let whole = (place == "/" ? "" : place) + "/" + name
            guard let target = try link(step(to: name, in: parent, at: whole), at: whole) else {
                return (parent, name, whole)
            }
            path = target.hasPrefix("/") ? target : place + "/" + target
        }
        throw tooManyLinks(path)
    }

    /// Goes to a folder component by component, and checks each.
    /// - Returns: The folder, and its path without links.
    private static func walk(_ path: String, create: Bool) throws -> (Descriptor, String) {
        guard let root = Descriptor(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) else { throw unopened("/") }
        try check(root, "/", nil, S_IFDIR)
        var (here, place) = (root, "")
        var left = absolute(path).split(separator: "/").map(String.init)
        var links = 0
        while !left.isEmpty {
            let name = left.removeFirst()
            if name == "." { continue }
            if name == ".." {
                left = parts(of: place).dropLast() + left
                (here, place) = (root, "")
                continue
            }
            let next = place + "/" + name
            let opened = try step(to: name, in: here, at: next, create: create)
            if let target = try link(opened, at: next) {
                links += 1
                guard links <= mostLinks else { throw tooManyLinks(path) }
                left = parts(of: target) + left
                if target.hasPrefix("/") { (here, place) = (root, "") }
                continue
            }
            (here, place) = (opened, next)
            // The caller checks the end more closely.
            if !left.isEmpty { try check(here, place, nil, S_IFDIR) }
        }
        return (here, place.isEmpty ? "/" : place)
    }

    private static func parts(of path: String) -> [String] { path.split(separator: "/").map(String.init) }

    /// The path from the root on, with one slash between its components.
    static func absolute(_ path: String) -> String {
        let whole = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        return "/" + parts(of: whole).joined(separator: "/")
    }

    private static func step(
        to name: String, in folder: Descriptor, at path: String, create: Bool = false
    ) throws -> Descriptor {
        var result = mneedle_step(folder.number, name)
        if result == -ENOENT, create {
            guard mkdirat(folder.number, name, 0o700) == 0 || errno == EEXIST else { throw unmade(path) }
            result = mneedle_step(folder.number, name)
        }
        guard let place = Descriptor(result) else {
            errno = -result
            throw unopened(path)
        }
        return place
    }

    /// The target of a link, which root or the service's user must have made; `nil` for anything else.
    private static func link(_ file: Descriptor, at path: String) throws -> String? {
        var status = stat()
        guard fstat(file.number, &status) == 0 else { throw unopened(path) }
        guard status.st_mode & S_IFMT == S_IFLNK else { return nil }
        try checkOwner(status, path, nil)
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlinkat(file.number, "", &target, target.count - 1)
        guard count > 0 else { throw unopened(path) }
        return String(decoding: target.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    // MARK: Judging

    /// - Parameter demand: The demands on the end; `nil` for a folder on the way.
    private static func check(_ file: Descriptor, _ path: String, _ demand: Demand?, _ kind: mode_t) throws {
        var status = stat()
        guard fstat(file.number, &status) == 0 else { throw unopened(path) }
        try check(status, path, demand, kind, hasList: hasAccessList(file))
    }

    private static func check(
        _ status: stat, _ path: String, _ demand: Demand?, _ kind: mode_t, hasList: @autoclosure () -> Bool
    ) throws {
        if status.st_mode & S_IFMT == S_IFLNK { throw isLink(path) }
        guard status.st_mode & S_IFMT == kind else {
            let noun = kind == S_IFDIR ? "folder" : "regular file"
            throw Refused(path: path, reason: "is no \(noun)", remedy: "give a \(noun)")
        }
        try checkOwner(status, path, demand)
        try checkMode(status, path, demand, hasList: hasList)
        if let demand, demand.isWritten, kind == S_IFREG, status.st_nlink != 1 {
            throw Refused(
                path: path, reason: "has \(status.st_nlink) names, so that writing to it would change another file",
                remedy: "find the other with: find / -xdev -samefile \(quoted(path)); then remove one of them")
        }
    }

    private static func checkOwner(_ status: stat, _ path: String, _ demand: Demand?) throws {
        if status.st_uid == geteuid() { return }
        let isOwn = demand?.isOwn ?? false
        if !isOwn && (status.st_uid == 0 || status.st_uid == demand?.sharedWith) { return }
        throw Refused(
            path: path,
            reason: "belongs to \(userName(status.st_uid)), not to \(isOwn ? "" : "root or ")\(userName(geteuid()))",
            remedy: "chown \(isOwn ? userName(geteuid()) : "root") \(quoted(path)), or choose another place")
    }

    private static func checkMode(
        _ status: stat, _ path: String, _ demand: Demand?, hasList: () -> Bool
    ) throws {
        let mode = String(status.st_mode & 0o7777, radix: 8)
        let isWorldsSticky = status.st_mode & S_ISVTX != 0 && status.st_uid == 0
        if demand == nil && status.st_mode & S_IFMT == S_IFDIR && isWorldsSticky { return }
        let groupMay = status.st_mode & 0o020 != 0 && demand?.sharedWith == nil
        let others = status.st_mode & 0o002 != 0
        if others || (groupMay && (hasList() || !isPrivateGroup(status.st_gid, of: status.st_uid))) {
            throw Refused(
                path: path, reason: "may be written by \(others ? "everybody" : "a group") (mode \(mode))",
                remedy: "chmod \(demand?.sharedWith == nil ? "go-w" : "o-w") \(quoted(path))")
        }
        if let demand, demand.isPrivate, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 != 0 {
            throw Refused(
                path: path, reason: "may be read by others (mode \(mode))", remedy: "chmod 600 \(quoted(path))")
        }
    }

    /// Whether a group is the owner's alone: it has the owner's name and number, and no other member.
    private static func isPrivateGroup(_ gid: gid_t, of uid: uid_t) -> Bool {
        guard uid != 0, let user = getpwuid(uid)?.pointee, user.pw_gid == gid else { return false }
        let name = String(cString: user.pw_name)
        guard let group = getgrgid(gid)?.pointee, String(cString: group.gr_name) == name else { return false }
        var members = group.gr_mem
        while let member = members?.pointee {
            guard String(cString: member) == name else { return false }
            members = members?.successor()
        }
        return true
    }

    /// Whether an access list lets others write beyond owner, group and others.
    private static func hasAccessList(_ file: Descriptor, _ name: String? = nil) -> Bool {
        mneedle_has_access_list(file.number, name) != 0
    }

    static func userName(_ uid: uid_t) -> String {
        getpwuid(uid).map { String(cString: $0.pointee.pw_name) } ?? "uid \(uid)"
    }

    // MARK: Words

    private static func unopened(_ path: String) -> Refused {
        Refused(
            path: path, reason: "cannot be opened: \(SystemError.last)", remedy: "give another path, or mend that")
    }

    private static func unmade(_ path: String) -> Refused {
        Refused(path: path, reason: "cannot be made: \(SystemError.last)", remedy: "make it, or give another path")
    }

    private static func tooManyLinks(_ path: String) -> Refused {
        Refused(path: path, reason: "goes through too many links", remedy: "give the path itself")
    }

    private static func isLink(_ path: String) -> Refused {
        Refused(
            path: path, reason: "is a link, and what the service writes is none",
            remedy: "put the file itself there, or remove the link: rm \(quoted(path))")
    }

    /// The path quoted for a shell, where it needs that.
    private static func quoted(_ path: String) -> String {
        let isPlain = path.utf8.allSatisfy {
            switch $0 {
            case 0x2D...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: true
            default: false
            }
        }
        return isPlain ? path : "'" + path.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}
