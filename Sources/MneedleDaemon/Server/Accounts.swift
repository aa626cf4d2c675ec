import Glibc

/// The system's users and groups. Safe from any thread, which `getpwnam` and its like are not.
enum Accounts {
    static func uid(of user: String) -> uid_t? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return withBuffer { getpwnam_r(user, &entry, $0, $1, &found) } && found != nil ? entry.pw_uid : nil
    }

    static func gid(of group: String) -> gid_t? {
        var entry = Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        return withBuffer { getgrnam_r(group, &entry, $0, $1, &found) } && found != nil ? entry.gr_gid : nil
    }

    static func name(of uid: uid_t) -> String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var name: String?
        _ = withBuffer { buffer, size in
            let result = getpwuid_r(uid, &entry, buffer, size, &found)
            // The name lies in the buffer.
            if result == 0, found != nil { name = String(cString: entry.pw_name) }
            return result
        }
        return name
    }

    /// Gives the call a buffer of sufficient size.
    private static func withBuffer(_ body: (UnsafeMutablePointer<CChar>, Int) -> Int32) -> Bool {
        var size = 1024
        while size <= 1 << 20 {
            let result = withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { body($0.baseAddress!, size) }
            guard result == ERANGE else { return result == 0 }
            size *= 4
        }
        return false
    }
}
