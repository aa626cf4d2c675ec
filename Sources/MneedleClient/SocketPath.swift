import Glibc

/// The paths where a daemon may listen.
public enum SocketPath {
    /// The paths to try, in order: a path that was given, else `$MNEEDLE_SOCKET`, else the user's own daemon, then the
    /// system's.
    public static func candidates(
        explicit: String? = nil,
        environment: (String) -> String? = SocketPath.environmentVariable,
        user: UInt32 = getuid()
    ) -> [String] {
        if let explicit { return [explicit] }
        if let path = environment("MNEEDLE_SOCKET"), !path.isEmpty { return [path] }
        var folders: [String] = []
        if let folder = environment("XDG_RUNTIME_DIR"), !folder.isEmpty { folders.append(folder) }
        for folder in ["/run/user/\(user)", "/run"] where !folders.contains(folder) { folders.append(folder) }
        return folders.map { "\($0)/mneedle/control.sock" }
    }

    /// A variable of this process's environment.
    public static func environmentVariable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
