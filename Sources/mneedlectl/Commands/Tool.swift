import Glibc
import MneedleClient
import MneedleWire

/// `mneedlectl` with its command line: the table of contents of its commands.
struct Tool {
    /// The client's own commands.
    static let ownCommands: [(name: String, summary: String)] = [
        ("help", "explain mneedlectl, a module or a command"),
        ("guide", "lead through what there is to do, step by step"),
        ("watch", "print events as they happen"),
        ("completion", "print the completion script for bash, zsh or fish"),
        ("calendar", "write reminders and windows to a calendar file, and keep it current"),
        ("ledger witness", "hold the ledger against what the journal, or a folder, knows of it"),
        ("on", "run a program for each event, once, through restarts"),
        ("forward", "send what a device says on a serial port to the daemon"),
        ("ledger receipt", "print the proof that the ledger has an entry"),
        ("ledger check", "check such a proof, without any daemon"),
        ("keys backup", "write an encrypted copy of the people's keys, by the program age"),
        ("records page", "write everything that is kept about a person as a page for them"),
        ("ledger page", "write the ledger's signed head as a page to print, with a code to scan"),
        ("telemetry show", "draw what a session's device has reported against its limit"),
        ("top", "show what runs, what is wrong and what there is to do, as it changes"),
    ]

    let options: Options
    let output: Output
    /// The command line after `--`, for a command that runs a program.
    let program: [String]?

    init(options: Options, program: [String]? = nil) {
        self.options = options
        self.program = program
        output = Output(options)
    }

    func run() -> ExitCode {
        do throws(Failure) {
            return try dispatch()
        } catch {
            output.failure(error)
            return error.exitCode
        }
    }

    private func dispatch() throws(Failure) -> ExitCode {
        let words = options.words
        if options.version {
            print("mneedlectl \(mneedleVersion) (protocol \(Connection.protocolVersion))")
            return .ok
        }
        switch words.first {
        case "help": try help(Array(words.dropFirst()))
        case _ where options.help: try help(words)
        case nil: try stand()
        case "guide": try guide(Array(words.dropFirst()))
        // With --json it is a listing like any other.
        case "today" where !options.form.isForPrograms: try today(Array(words.dropFirst()))
        case "top": try top(Array(words.dropFirst()))
        case "telemetry", "telemetry.show", "telemetry.summary": return try telemetry(words)
        case "watch": try watch(Array(words.dropFirst()))
        case "on": try on(Array(words.dropFirst()), program: program)
        case "forward": try forward(Array(words.dropFirst()))
        case "calendar": try calendar(Array(words.dropFirst()))
        case "ledger" where words.dropFirst().first == "witness": try witness(Array(words.dropFirst(2)))
        case "ledger" where words.dropFirst().first == "receipt": try receipt(Array(words.dropFirst(2)))
        case "ledger" where words.dropFirst().first == "check": try check(Array(words.dropFirst(2)))
        case "ledger" where words.dropFirst().first == "page": try ledgerPage(Array(words.dropFirst(2)))
        case "keys" where words.dropFirst().first == "backup": try backupKeys(Array(words.dropFirst(2)))
        case "records" where words.dropFirst().first == "page": try page(Array(words.dropFirst(2)))
        // With --json it is a listing like any other.
        case "metrics" where !options.form.isForPrograms: try metrics(Array(words.dropFirst()))
        case "completion": print(try Completion.script(for: Array(words.dropFirst())), terminator: "")
        default: return try call(words)
        }
        return .ok
    }

    /// Opens the connection that `--socket` and the environment name.
    /// - Parameter seconds: How long the daemon may be silent, and nothing is told of waiting then; `--timeout` if left out.
    func connect(within seconds: Double? = nil) throws(Failure) -> Connection {
        let line = seconds == nil ? progressLine : nil
        do {
            return try Connection(
                firstOf: SocketPath.candidates(explicit: options.socket),
                timeout: .seconds(seconds ?? options.timeout), whileWaiting: { line?.wait($0) })
        } catch {
            throw Failure(error)
        }
    }

    /// Runs `body`, which asks the daemon, and turns its errors into this client's.
    func asking<Result>(_ verb: String? = nil, _ body: () throws(ClientError) -> Result) throws(Failure) -> Result {
        do { return try body() } catch { throw Failure(error, verb: verb) }
    }
}
