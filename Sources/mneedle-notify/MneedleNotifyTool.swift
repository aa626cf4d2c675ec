import ArgumentParser
import MneedleNotify
import MneedleSystem
import MneedleWire

/// Reads the flags and runs the agent.
@main
struct MneedleNotifyTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mneedle-notify", abstract: "Shows mneedle's reminders and alarms on the desktop.",
        discussion: "Runs until the session ends. See mneedle-notify(1).", version: mneedleVersion)

    @Option(help: ArgumentHelp("The daemon's socket (default: looked for as mneedlectl does).", valueName: "path"))
    var socket: String?
    @Option(help: ArgumentHelp("The settings (default: notify.toml in the user's configuration).", valueName: "file"))
    var config: String?
    @Option(help: ArgumentHelp("The folder of what is kept (default: mneedle in the user's state).", valueName: "dir"))
    var state: String?
    @Flag(name: .customLong("private"), help: "Show no names and no health data, whatever the settings say.")
    var isPrivate = false

    func run() throws {
        do {
            guard let folder = state ?? UserFolders.state() else {
                throw Agent.Failed(description: "$HOME is not set: name the folder of what is kept with --state")
            }
            var settings =
                try config.map { try AgentSettings(file: $0) } ?? AgentSettings(firstOf: UserFolders.configurations())
            settings.socket = socket ?? settings.socket
            settings.isPrivate = isPrivate || settings.isPrivate
            try Agent(settings, state: folder).run()
        } catch {
            StandardError.write("mneedle-notify: \(error)\n")
            // A second agent is not needed: there is no reason to start it again.
            throw error is Agent.Taken ? ExitCode(0) : ExitCode(error is AgentSettings.Invalid ? 2 : 1)
        }
    }
}
