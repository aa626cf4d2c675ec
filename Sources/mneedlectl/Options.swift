import ArgumentParser

/// The options that do not depend on the daemon. The daemon explains all other words of the command line.
struct Options: ParsableArguments {
    @Option(help: "The daemon's socket (default: $MNEEDLE_SOCKET, then the user's daemon, then the system's).")
    var socket: String?

    @Option(help: "How many seconds the daemon may be silent.", transform: number("a number of seconds"))
    var timeout: Double = 60

    @Flag(help: "Print JSON, one document a line, errors as well: --format json.")
    var json = false

    @Option(name: [.customShort("o"), .long], help: "How results are printed.")
    var format: RowForm = .table

    @Option(help: "Only these members of results, in this order: a,b,c.", transform: Options.names)
    var fields: [String] = []

    @Flag(help: "Print no result; errors still go to standard error.")
    var quiet = false

    @Flag(help: "Print tables without their header.")
    var noHeader = false

    @Flag(help: "Tell on a terminal, too, on which sources each finding rests.")
    var why = false

    @Flag(help: "Never ask: fail where an argument is missing.")
    var noInput = false

    @Flag(help: "Do without asking what cannot be undone.")
    var yes = false

    @Flag(help: "Print the version.")
    var version = false

    @Flag(name: [.short, .long], help: "Explain mneedlectl or a command.")
    var help = false

    @Argument(parsing: .allUnrecognized, help: "A command and its arguments.")
    var words: [String] = []

    /// How results are printed.
    var form: RowForm { json ? .json : format }

    private static func names(_ list: String) throws -> [String] {
        let names = list.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard !names.contains(""), Set(names).count == names.count else {
            throw ValidationError("expected names with commas between them, each once, got '\(list)'")
        }
        return names
    }

    func validate() throws {
        guard !json || [.table, .json].contains(format) else {
            throw ValidationError("--json and --format \(format.rawValue) are two forms; give one")
        }
        guard timeout > 0, timeout <= 86_400 else {
            throw ValidationError("--timeout: expected more than 0 and at most 86400 seconds, got '\(timeout)'")
        }
    }
}
