import MneedleClient

/// The user's folders, as the XDG base directory specification has them.
public enum UserFolders {
    /// The paths where a `notify.toml` may be: the user's own first, then the system's.
    public static func configurations(
        environment: (String) -> String? = SocketPath.environmentVariable
    ) -> [String] {
        let system = environment("XDG_CONFIG_DIRS").flatMap { $0.isEmpty ? nil : $0 } ?? "/etc/xdg"
        let folders =
            [folder("XDG_CONFIG_HOME", ".config", environment)] + system.split(separator: ":").map(String.init)
        return folders.compactMap { $0 }.filter { $0.hasPrefix("/") }.map { $0 + "/mneedle/notify.toml" }
    }

    /// The folder for the agent's state.
    public static func state(environment: (String) -> String? = SocketPath.environmentVariable) -> String? {
        folder("XDG_STATE_HOME", ".local/state", environment).map { $0 + "/mneedle" }
    }

    /// A folder below the one that a variable names. Relative paths count as not given, by that specification.
    private static func folder(_ name: String, _ below: String, _ environment: (String) -> String?) -> String? {
        if let folder = environment(name), folder.hasPrefix("/") { return folder }
        guard let home = environment("HOME"), home.hasPrefix("/") else { return nil }
        return "\(home)/\(below)"
    }
}
