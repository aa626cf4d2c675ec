import MneedleClient

/// The user's folders, as the XDG base directory specification has them.
public enum Places {
    /// `notify.toml`; `nil` for a user without home.
    public static func configuration(
        environment: (String) -> String? = SocketPath.environmentVariable
    ) -> String? {
        folder("XDG_CONFIG_HOME", ".config", environment).map { $0 + "/mneedle/notify.toml" }
    }

    /// The folder of what is kept.
    public static func state(environment: (String) -> String? = SocketPath.environmentVariable) -> String? {
        folder("XDG_STATE_HOME", ".local/state", environment).map { $0 + "/mneedle" }
    }

    /// Paths that are not absolute count as not given, by that specification.
    private static func folder(_ name: String, _ below: String, _ environment: (String) -> String?) -> String? {
        if let folder = environment(name), folder.hasPrefix("/") { return folder }
        guard let home = environment("HOME"), home.hasPrefix("/") else { return nil }
        return "\(home)/\(below)"
    }
}
