import ArgumentParser
import Glibc
import Logging
import MneedleDaemon
import ServiceLifecycle

/// Reads the flags, wires the daemon into its life cycle, and says what is wrong.
@main
struct Mneedled: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mneedled", abstract: "The safety companion for microneedling, as a service.",
        discussion: "Not a medical device: it informs and records. See mneedled(8) and mneedled.toml(5).",
        version: Daemon.version)

    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String?
    @Option(help: ArgumentHelp("The folder with everything that is kept.", valueName: "dir"))
    var state: String?
    @Option(help: ArgumentHelp("The folder of the sockets control.sock and telemetry.sock.", valueName: "dir"))
    var runtime: String?
    @Option(help: ArgumentHelp("The folder of the modules' libraries.", valueName: "dir"))
    var modules: String?
    @Option(help: ArgumentHelp("The folder of the clinical knowledge.", valueName: "dir"))
    var knowledge: String?
    @Flag(help: "Check configuration, knowledge and modules, say what is wrong, and exit.")
    var checkConfig = false

    func run() async throws {
        do {
            let places = Places(
                config: config, state: state, runtime: runtime, modules: modules, knowledge: knowledge)
            let daemon = try Daemon(places)
            if checkConfig {
                try daemon.check()
                print("configuration, knowledge and modules are good")
                return
            }
            let group = ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    services: [.init(service: daemon, successTerminationBehavior: .gracefullyShutdownGroup)],
                    gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "mneedled.lifecycle") { _ in SwiftLogNoOpLogHandler() }))
            try await group.run()
        } catch {
            let text = "mneedled: \(Daemon.explanation(of: error))\n"
            _ = text.withCString { write(STDERR_FILENO, $0, strlen($0)) }
            throw ExitCode(Daemon.exitCode(for: error))
        }
    }
}
