import Glibc
import MneedleClient
import MneedleWire

extension Tool {
    /// Calls a command of the daemon, or lists the commands of a module.
    func call(_ words: [String]) throws(Failure) -> ExitCode {
        let connection = try connect()
        let catalog = try asking { () throws(ClientError) in try Catalog(connection) }
        switch try catalog.target(of: words) {
        case .group(let name, let commands):
            print(Help(width: output.width).group(name, commands), terminator: "")
            return .ok
        case .command(let command, let words):
            let arguments = try CommandLineArguments.parse(words, for: command)
            guard asks, command.isAllowed, let given = arguments.given else {
                return try call(
                    command, RequestLine(verb: command.verb, arguments: arguments), on: connection, offersNext: asks)
            }
            var interview = ArgumentInterview(command, given: given, on: connection, questioner)
            return try answer(&interview, offersNext: true)
        }
    }

    /// Whether there is somebody to be asked.
    var asks: Bool {
        !options.noInput && !options.form.isForPrograms && !options.quiet && isatty(STDIN_FILENO) == 1
            && isatty(STDERR_FILENO) == 1
    }

    var questioner: Questioner {
        Questioner(width: min(output.width, 100)) { Output.complain($0, terminator: "") }
    }

    /// Calls a command after asking for what it lacks, and again for what the daemon does not take.
    /// What was answered stays in the interview.
    /// - Parameter offersNext: Whether to lead on to what the reply says has to be done now.
    @discardableResult
    func answer(_ interview: inout ArgumentInterview, offersNext: Bool = false) throws(Failure) -> ExitCode {
        let command = interview.command
        let wasLacking = interview.isLacking
        if wasLacking { try interview.complete() }
        while true {
            let words = interview.words
            let request = RequestLine(verb: command.verb, arguments: words.isEmpty ? .none : .words(words))
            do throws(Failure) {
                return try call(command, request, on: interview.connection, offersNext: offersNext)
            } catch {
                // What stood on the command line is for whoever wrote it to mend.
                guard wasLacking, error.code == "invalid-argument", let name = error.blamed,
                    try interview.mend(name, because: error.message)
                else { throw error }
            }
        }
    }

    private func call(
        _ command: CommandDescription, _ request: RequestLine, on connection: Connection, offersNext: Bool
    ) throws(Failure) -> ExitCode {
        try requireFields(of: command)
        try requireMeant(command, request)
        switch command.kind {
        case .single:
            let reply = try asking(command.verb) { () throws(ClientError) in try connection.request(request) }
            // Who is led is told the next steps by the list of them.
            output.reply(asks ? reply.without("next") : reply)
            if offersNext { try Guide(self, connection).offer(reply["next"]?.elements ?? []) }
            return Tool.verdict(of: command.verb, reply)
        case .rows:
            var rows = output.rows(of: command.reply.map(\.name))
            // What goes to a file is seen by nobody meanwhile.
            var listing = isatty(STDOUT_FILENO) == 0 ? progressLine.map { Listing(line: $0) } : nil
            let end = try asking(command.verb) { () throws(ClientError) in
                try connection.request(request) {
                    rows.add($0)
                    listing?.add()
                }
            }
            listing?.line.clear()
            rows.finish(end)
        case .bulk:
            try stream(request, on: connection)
        case .subscription:
            try printEvents(of: request, on: connection, bell: false)
        }
        return .ok
    }

    /// Refuses names that no member of the reply has, before anything is sent.
    private func requireFields(of command: CommandDescription) throws(Failure) {
        let known = command.reply.map(\.name)
        guard let wrong = options.fields.first(where: { !known.contains($0) }) else { return }
        throw .usage(
            "--fields: the reply of '\(command.words)' has no '\(HumanText.echo(wrong))'",
            suggestions: suggestions(for: wrong, in: known), next: "it has \(known.joined(separator: ", "))")
    }

    /// Asks before something that cannot be undone, once all its arguments are there; where nobody can be asked, the command line
    /// has to say that it is meant.
    private func requireMeant(_ command: CommandDescription, _ request: RequestLine) throws(Failure) {
        guard let final = command.final, command.isAllowed, !options.yes else { return }
        guard asks else {
            throw .usage(
                "'\(command.words)' cannot be undone: \(final)", next: "add --yes if that is meant")
        }
        guard questioner.confirms("This cannot be undone. \(final)", about: request.typed) else {
            throw Failure(
                code: "stopped", message: "'\(command.words)' was not sent: nothing was changed", details: [],
                next: nil, exitCode: .usage)
        }
    }

    /// The exit code of a reply. Two commands judge the service itself, and a script learns their verdict by the exit code.
    private static func verdict(of verb: String, _ reply: JSON) -> ExitCode {
        switch verb {
        case "status": reply["state"]?.string == "ok" ? .ok : .degraded
        case "ledger.verify": reply["ok"]?.bool == true ? .ok : .degraded
        default: .ok
        }
    }

    private func stream(_ request: RequestLine, on connection: Connection) throws(Failure) {
        if isatty(STDIN_FILENO) == 1 {
            Output.complain("reading lines from the terminal; a line with a single '.' or Ctrl-D ends them")
        }
        let line = progressLine
        let transfer = Transfer(from: STDIN_FILENO)
        let end = try asking(request.verb) { () throws(ClientError) in
            try connection.stream(request, from: STDIN_FILENO) { counts in
                line?.show(transfer.text(HumanText.flat(counts), width: line?.width ?? 80))
            }
        }
        line?.clear()
        output.reply(end)
    }
}

extension RequestLine {
    /// The request as a person might type it.
    fileprivate var typed: String {
        guard case .words(let words) = arguments else { return verb }
        return ([verb] + words.map { "\($0.name)=\($0.value.text)" }).joined(separator: " ")
    }
}
