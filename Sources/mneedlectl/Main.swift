import ArgumentParser
import Glibc

/// `mneedlectl`: reads the command line, does what it says, exits with a code that says how it went.
@main
enum Main {
    static func main() {
        let words = Array(CommandLine.arguments.dropFirst())
        if words.first == "__complete" {
            Completion.printCandidates(for: Array(words.dropFirst()))
            exit(ExitCode.ok.rawValue)
        }
        do {
            let options = try Options.parse(words)
            exit(Tool(options: options).run().rawValue)
        } catch {
            Output.complain(Options.fullMessage(for: error))
            exit(ExitCode.usage.rawValue)
        }
    }
}
