import Glibc
import MneedleKit
import MneedleSystem

/// What an administrator does to the people's keys while the service is stopped.
extension Daemon {
    /// Seals the people's keys by another master key: that of the credential `mneedle-master-key-new`, or one that is made.
    /// - Returns: What was done, for a person.
    /// - Throws: ``ModuleError`` where the service runs or has no keys; ``HeadNote/Refused`` for keys that cannot be read.
    public func changeMasterKey() throws -> String {
        // A path that was mistyped must not become a state folder.
        guard access(KeyFile.path(in: settings.state), F_OK) == 0 else {
            throw ModuleError(
                .notFound,
                "there are no people's keys in '\(settings.state)'; give the service's state folder with --state, and run this as the service's user"
            )
        }
        let state = try StateFolder(settings.state)
        return try withExtendedLifetime(state) {
            let entries = try KeyFile(folder: state.path).read().entries
            let done = try KeyFile.changeMaster(in: state.path, of: entries)
            return "\(Daemon.keys(entries)) sealed by another master key, \(done)"
        }
    }

    /// Brings the people's keys back from a copy, as `keys.copy` gives it. Whoever was erased since stays so.
    /// - Parameter text: The copy, decrypted.
    /// - Returns: What was done, for a person.
    /// - Throws: `conflict` for a text that is no copy, and where the service runs.
    public func restoreKeys(_ text: String) throws -> String {
        guard let copy = KeyCopy.read(text) else {
            throw ModuleError.conflict(
                "what came on standard input is no whole copy of the people's keys; expected what 'mneedlectl keys backup' wrote, decrypted: age --decrypt --identity KEY FILE | mneedled --restore-keys",
                state: "no-copy")
        }
        let state = try StateFolder(settings.state)
        return try withExtendedLifetime(state) {
            // The files may be damaged or gone: that is what the copy is for.
            let present = (try? KeyFile(folder: state.path).read().entries) ?? []
            let entries = KeyCopy.merged(copy, into: present)
            try KeyFile.replacing(folder: state.path).write(entries)
            return "\(Daemon.keys(entries)) in place; start the service"
        }
    }

    /// The beginning of a sentence about people's keys.
    private static func keys(_ entries: [KeyFile.KeyedPerson]) -> String {
        let people = entries.count { $0.key != nil && $0.id != .nobody }
        return people == 1 ? "the key of 1 person is" : "the keys of \(people) people are"
    }
}
