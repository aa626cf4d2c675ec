import ArgumentParser
import Glibc
import MneedleSystem

/// `mneedlectl`: reads the command line, runs its command, and exits with a code for the outcome.
@main
enum Main {
    static func main() {
        let words = Array(CommandLine.arguments.dropFirst())
        if words.first == "__complete" {
            Completion.printCandidates(for: Array(words.dropFirst()))
            exit(ExitCode.ok.rawValue)
        }
        do {
            let (options, program) = try parse(words)
            exit(written(Tool(options: options, program: program).run()).rawValue)
        } catch {
            let failure = Failure.usage(Options.message(for: error), next: "'mneedlectl help' explains the options")
            // The options could not be read, so the word itself is looked for.
            if words.contains("--json") { print(failure.json.text) } else { Output.complain(failure) }
            exit(ExitCode.usage.rawValue)
        }
    }

    /// The exit code, once all of the output has left: a script that keeps an answer must not take half of it for the whole.
    private static func written(_ code: ExitCode) -> ExitCode {
        guard fflush(nil) != 0, case let error = SystemError.last, error.number != EPIPE else { return code }
        Output.complain(
            Failure(
                code: "unwritten", message: "the answer could not be written: \(error)",
                details: [], next: "the command itself was done; ask for what it did, and do not send it again",
                exitCode: .unwritten))
        return .unwritten
    }

    /// Words after `--` are a program's command line where the command runs one, and are not read here.
    private static func parse(_ words: [String]) throws -> (Options, program: [String]?) {
        guard let end = words.firstIndex(of: "--"), let options = try? Options.parse(Array(words[..<end])),
            options.words.first == "on"
        else { return (try Options.parse(words), nil) }
        return (options, Array(words[(end + 1)...]))
    }
}
