import ArgumentParser
import Dispatch
import Logging
import MneedleDaemon
import MneedleSystem
import MneedleWire
import ServiceLifecycle
import Synchronization

/// The program: it reads the flags, runs the daemon in its life cycle, and reports its errors.
@main
struct Mneedled: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mneedled", abstract: "The safety companion for microneedling, as a service.",
        discussion: "Not a medical device: it informs and records. See mneedled(8) and mneedled.toml(5).",
        version: mneedleVersion)

    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String?
    @Option(help: ArgumentHelp("The folder with everything that is kept.", valueName: "dir"))
    var state: String?
    @Option(
        help: ArgumentHelp(
            "The folder of the sockets: control.sock, telemetry.sock, telemetry-datagram.sock.", valueName: "dir"))
    var runtime: String?
    @Option(help: ArgumentHelp("The folder of the modules' libraries.", valueName: "dir"))
    var modules: String?
    @Option(help: ArgumentHelp("The folder of the clinical knowledge.", valueName: "dir"))
    var knowledge: String?
    @Flag(help: "Check configuration, knowledge and modules, say what is wrong, and exit.")
    var checkConfig = false
    @Flag(help: "Seal the people's keys by another master key, and exit. The service must be stopped.")
    var rekey = false
    @Flag(
        help: ArgumentHelp(
            "Bring the people's keys back from a copy on standard input, and exit. The service must be stopped."))
    var restoreKeys = false

    func validate() throws {
        guard [checkConfig, rekey, restoreKeys].count(where: { $0 }) <= 1 else {
            throw ValidationError("give one of --check-config, --rekey and --restore-keys, which each do one thing")
        }
    }

    func run() throws {
        defer { Daemon.leave() }
        do {
            let places = Places(
                config: config, state: state, runtime: runtime, modules: modules, knowledge: knowledge)
            let daemon = try Daemon(places)
            if checkConfig {
                try daemon.check()
                print("configuration, knowledge and modules are good")
                return
            }
            if rekey { return print(try daemon.changeMasterKey()) }
            if restoreKeys {
                let text = try Descriptor(opening: "/dev/stdin").read(limit: 1 << 30)
                return print(try daemon.restoreKeys(String(decoding: text, as: UTF8.self)))
            }
            Daemon.runTasksOnEventLoop()
            try serve(daemon)
        } catch {
            StandardError.write("mneedled: \(Daemon.explanation(of: error))\n")
            if !checkConfig, !rekey, !restoreKeys { Daemon.tellFailure(error) }
            throw ExitCode(Daemon.exitCode(for: error))
        }
    }

    /// Serves until SIGTERM or SIGINT.
    private func serve(_ daemon: Daemon) throws {
        let quiet = Logger(label: "mneedled.lifecycle") { _ in SwiftLogNoOpLogHandler() }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: daemon, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
        let outcome = Mutex<Result<Void, any Error>>(.success(()))
        let ended = DispatchSemaphore(value: 0)
        Task {
            do { try await group.run() } catch { outcome.withLock { $0 = .failure(error) } }
            ended.signal()
        }
        ended.wait()
        try outcome.withLock { $0 }.get()
    }
}
