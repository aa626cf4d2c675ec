import CMneedleSystem
import MneedleKit
import MneedleSystem

extension Daemon {
    /// Announces that the program ends of its own will: before this, a call of exit() is taken for a module's.
    public static func leave() { mneedle_exit_is_meant() }

    /// The reason why the daemon does not start, for a person.
    public static func explanation(of error: any Error) -> String {
        switch error {
        case let error as BadFiles: "configuration or knowledge is wrong, or newer than this program:\n\(error)"
        case let error as ModuleError: error.message
        case let error as HeadNote.Refused: error.description
        case let error as Trust.Refused: "a place is not trusted: \(error)"
        case let error as SystemError: "the operating system refuses what the service needs: \(error)"
        default: String(describing: error)
        }
    }

    /// Tells systemd the reason why the daemon does not start.
    public static func tellFailure(_ error: any Error) { Notify.failed(explanation(of: error)) }

    /// sysexits' numbers, as systemd shows them: 78 for bad files and a store that is gone, another one or newer, 1 for anything else.
    public static func exitCode(for error: any Error) -> Int32 {
        error is BadFiles || error is HeadNote.Refused || Migrations.isNewerSchema(error) ? 78 : 1
    }
}
