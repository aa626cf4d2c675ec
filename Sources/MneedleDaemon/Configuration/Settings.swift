import Foundation
import MneedleKit

/// The places of the daemon's files, as its flags give them. A place that no flag gives comes from the configuration, then
/// from systemd's environment, then from the usual places of the system or the user.
public struct Places: Sendable {
    /// The configuration file.
    public var config: String?
    /// The folder of the store and of the service's own notes beside it.
    public var state: String?
    /// The folder of the sockets.
    public var runtime: String?
    /// The folder that modules are loaded from.
    public var modules: String?
    /// The folder of knowledge files.
    public var knowledge: String?

    /// Paths as the flags give them; `nil` where a flag is left out.
    public init(
        config: String? = nil, state: String? = nil, runtime: String? = nil, modules: String? = nil,
        knowledge: String? = nil
    ) {
        self.config = config
        self.state = state
        self.runtime = runtime
        self.modules = modules
        self.knowledge = knowledge
    }
}

/// The configuration file, read and checked. `Config/mneedled.toml` documents every key.
struct Settings: Sendable {
    enum LogTarget: String, CaseIterable { case auto, journal, stderr }
    enum LogLevel: String, CaseIterable { case trace, debug, info, notice, warning, error }

    var config: String?
    /// The file's content; empty where there is no file.
    var file: TOMLFile
    var state: String
    var runtime: String
    var modules: String
    var knowledge: String
    var limits = Limits()
    var roles = RoleMap()
    /// The people whose data peers below admin see.
    var people = People.household
    var socketMode: mode_t = 0o600
    var disabled: [String] = []
    /// The longest time for one piece of a module's work; a longer one ends the service.
    var moduleTimeLimit = Span(milliseconds: 10_000)
    /// The largest jump of the clock that is not noted.
    var clockTolerance = ClockWatch.usualTolerance
    var backup = BackupSettings()
    var logLevel = LogLevel.info
    var logTarget = LogTarget.auto
    /// The names of the modules' own sections.
    var moduleSections: [String] = []

    /// - Parameter problems: Gets everything that is wrong; the caller does not start if there is anything.
    init(_ places: Places, environment: [String: String] = ProcessInfo.processInfo.environment, problems: Problems) {
        let usual = UsualPlaces(environment)
        config = places.config ?? usual.config
        let name = config.map { ($0 as NSString).lastPathComponent } ?? "mneedled.toml"
        file = config.flatMap { TOMLFile.load($0, problems: problems) } ?? TOMLFile(name: name)
        let hostKeys = [
            "paths", "limits", "roles", "access", "socket", "modules", "clock", "backup", "log",
        ]
        let own = Object(uniqueMembers: file.content.members.filter { hostKeys.contains($0.name) })
        let table = Table(own, file: name, lines: file.lines, problems: problems)

        let paths = table.table("paths")
        state = places.state ?? paths?.optionalString("state") ?? usual.state
        runtime = places.runtime ?? paths?.optionalString("runtime") ?? usual.runtime
        modules = places.modules ?? paths?.optionalString("modules") ?? usual.modules
        knowledge = places.knowledge ?? paths?.optionalString("knowledge") ?? usual.knowledge
        // Read in any case, so that a flag does not make the key an unknown one.
        for key in ["state", "runtime", "modules", "knowledge"] { _ = paths?.optionalString(key) }
        if let section = table.table("limits") { limits = Limits(section) }
        if let section = table.table("roles") { roles = Settings.roles(section) }
        if let section = table.table("access") { people = section.choice("people", default: people) }
        if let section = table.table("socket") { socketMode = Settings.mode(section) }
        if let section = table.table("modules") {
            Settings.refuseRequired(section)
            disabled = section.strings("disabled", default: [])
            moduleTimeLimit = Settings.timeLimit(section, default: moduleTimeLimit)
        }
        if let section = table.table("clock") {
            clockTolerance = section.elapsed(
                "tolerance", from: Span(milliseconds: 1000), to: .hours(1), default: clockTolerance)
        }
        if let section = table.table("backup") { backup = BackupSettings(section) }
        if let section = table.table("log") {
            logLevel = section.choice("level", default: .info)
            logTarget = section.choice("target", default: .auto)
        }
        limits.fit(descriptors: Limits.descriptors)
        table.finish()
        for member in file.content.members where !hostKeys.contains(member.name) {
            if let successor = Settings.successors[member.name] {
                table.report(member.name, successor)
                continue
            }
            if case .object(let section) = member.value {
                for key in section.members.map({ "\(member.name).\($0.name)" }) {
                    if let successor = Settings.successors[key] { table.report(key, successor) }
                }
                moduleSections.append(member.name)
            } else {
                table.report(
                    member.name, "unknown key; sections are \(hostKeys.joined(separator: ", ")) and one for each module"
                )
            }
        }
    }

    /// Sections and keys of earlier versions, each with its replacement.
    private static let successors = [
        "metrics":
            "remove this section: 'mneedlectl metrics --output FILE' writes the file, and mneedle-metrics.timer does so every "
            + "minute (Documentation/administration.md)",
        "telemetry.serial": "remove this: 'mneedlectl forward DEVICE --serial PATH' reads serial ports, and the unit "
            + "mneedle-forward@.service does so for each device (Documentation/telemetry.md)",
        "reminders":
            "remove this section: the service runs no programs any more; 'mneedlectl on reminder.due … -- PROGRAM' "
            + "does, and the unit mneedle-on@.service (mneedlectl(1), Documentation/reminders.md)",
    ]

    private static func roles(_ table: Table) -> RoleMap {
        var map = RoleMap()
        for role in Role.allCases {
            guard let section = table.table(role.rawValue) else { continue }
            map.members[role] = RoleMap.Members(
                users: section.strings("users", default: []),
                groups: section.strings("groups", default: RoleMap.usual[role]?.groups ?? []))
        }
        return map
    }

    /// Earlier versions named here the modules that guard sessions.
    private static func refuseRequired(_ table: Table) {
        guard table.has("required"), let value = table.value("required") else { return }
        table.report(
            "required",
            "is no setting any more, got \(value.summary): take it out. Modules say themselves that they guard sessions, "
                + "the service remembers those that did, 'modules.toml' of the knowledge names those that a new store expects, and "
                + "'mneedlectl modules retire-guard' lets one go")
    }

    private static func timeLimit(_ table: Table, default usual: Span) -> Span {
        let span = table.span("time_limit", default: usual)
        guard span.days == 0, (1000...600_000).contains(span.milliseconds) else {
            table.report("time_limit", "expected a duration from 1s to 10m, got \"\(span)\"")
            return usual
        }
        return span
    }

    private static func mode(_ table: Table) -> mode_t {
        let text = table.string("mode", default: "0600")
        guard let mode = mode_t(text, radix: 8), mode <= 0o777 else {
            table.report("mode", "expected an octal mode such as \"0660\", got \"\(text)\"")
            return 0o600
        }
        return mode
    }
}

/// The places of files that neither flag nor configuration gives.
struct UsualPlaces {
    let config: String?
    let state: String
    let runtime: String
    let modules: String
    let knowledge: String

    init(_ environment: [String: String], isRoot: Bool = getuid() == 0) {
        /// systemd gives several folders separated by colons; the first is the service's own.
        func given(_ name: String) -> String? {
            environment[name].flatMap { $0.split(separator: ":").first.map(String.init) }
        }
        let home = environment["HOME"] ?? NSHomeDirectory()
        let exists = FileManager.default.fileExists(atPath:)
        let configFolder =
            given("CONFIGURATION_DIRECTORY")
            ?? (isRoot ? "/etc/mneedle" : (environment["XDG_CONFIG_HOME"] ?? home + "/.config") + "/mneedle")
        let candidate = configFolder + "/mneedled.toml"
        config = exists(candidate) ? candidate : nil
        state =
            given("STATE_DIRECTORY")
            ?? (isRoot ? "/var/lib/mneedle" : (environment["XDG_STATE_HOME"] ?? home + "/.local/state") + "/mneedle")
        runtime =
            given("RUNTIME_DIRECTORY")
            ?? environment["XDG_RUNTIME_DIR"].map { $0 + "/mneedle" }
            ?? (isRoot ? "/run/mneedle" : "/run/user/\(getuid())/mneedle")
        let program = UsualPlaces.programFolder
        let beside = (program as NSString).deletingLastPathComponent + "/lib/mneedle/modules"
        modules = exists(beside) ? beside : program
        let own = configFolder + "/knowledge"
        let shared = (program as NSString).deletingLastPathComponent + "/share/mneedle/knowledge"
        knowledge = exists(own) ? own : exists("/etc/mneedle/knowledge") ? "/etc/mneedle/knowledge" : shared
    }

    private static var programFolder: String {
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/usr/bin/mneedled"
        return (path as NSString).deletingLastPathComponent
    }
}
