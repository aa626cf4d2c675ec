import MneedleKit

/// `[backup]`: the only folders that `ledger.backup` writes to.
struct BackupSettings: Sendable, Equatable {
    /// Absolute paths, or names of folders in the state folder.
    var folders = ["backups", "/var/backups/mneedle"]

    init() {}

    init(_ table: Table) {
        folders = table.strings("folders", default: folders)
        for folder in folders where !BackupSettings.isUsable(folder) {
            table.report(
                "folders",
                "expected absolute paths without '.' and '..', or names of folders in the state folder, got \"\(folder)\""
            )
        }
    }

    private static func isUsable(_ folder: String) -> Bool {
        let parts = folder.split(separator: "/", omittingEmptySubsequences: false).dropFirst(
            folder.hasPrefix("/") ? 1 : 0)
        return folder.utf8.count < 3000 && (folder.hasPrefix("/") || parts.count == 1)
            && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0) }
    }
}
