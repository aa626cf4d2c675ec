import MneedleClient
import MneedleWire

extension Tool {
    /// `mneedlectl` alone: where you stand, and on a terminal the way on, step by step.
    func stand() throws(Failure) {
        let connection = try connect()
        let status = try asking("status") { () throws(ClientError) in try connection.request("status") }
        guard !options.form.isForPrograms else { return output.reply(status) }
        output.text(standing(status, connection.greeting))
        if asks { return try Guide(self, connection).walk(person: nil) }
        let matters = try Guide(self, connection).matters(of: nil)
        output.text("\n" + AgendaPage(matters: matters, width: output.width).text + Tool.wayOn)
    }

    private static let wayOn = "\n'mneedlectl guide' leads through it, 'mneedlectl help' lists all commands.\n"

    /// The service's health in a line, and each problem in one more.
    private func standing(_ status: JSON, _ greeting: Greeting) -> String {
        var text = "mneedled \(greeting.version): \(status["state"]?.string ?? "running")."
        text += " You are \(greeting.user), \(greeting.role).\n"
        for problem in status["problems"]?.elements ?? [] { text += "Problem: \(HumanText.cell(problem))\n" }
        return text
    }

    /// `mneedlectl today [PERSON]`, for a person.
    func today(_ words: [String]) throws(Failure) {
        let order = try GuideOrder.read(words)
        let matters = try Guide(self, connect()).matters(of: order.person)
        output.text(AgendaPage(matters: matters, width: output.width).text)
    }

    /// `mneedlectl guide [PERSON]`: what there is to do, one after the other. What is done is on record, so that it goes on there
    /// at any time, from any terminal.
    func guide(_ words: [String]) throws(Failure) {
        let order = try GuideOrder.read(words)
        guard asks else {
            throw .usage(
                "'guide' asks, and there is nobody to ask here", next: "'mneedlectl today' lists what there is to do")
        }
        try Guide(self, connect()).walk(person: order.person)
    }
}

/// Leads through what there is to do. What that is, and by which command it is done, the daemon says.
struct Guide {
    let tool: Tool
    let connection: Connection

    init(_ tool: Tool, _ connection: Connection) { (self.tool, self.connection) = (tool, connection) }

    /// The rows of `today`.
    func matters(of person: String?) throws(Failure) -> [Matter] {
        let words = person.map { [RequestLine.Word("person", .bare($0))] } ?? []
        let request = RequestLine(verb: "today", arguments: words.isEmpty ? .none : .words(words))
        var matters: [Matter] = []
        try tool.asking("today") { () throws(ClientError) in
            _ = try connection.request(request) { matters.append(Matter($0)) }
        }
        return matters
    }

    /// Shows what there is to do, does what is chosen, and begins anew, until nothing is left or the person ends it.
    func walk(person: String?) throws(Failure) {
        let catalog = try tool.asking { () throws(ClientError) in try Catalog(connection) }
        while true {
            let page = AgendaPage(matters: try matters(of: person), width: tool.output.width)
            Output.complain("\n" + page.text, terminator: "")
            guard let matter = choice(of: page.numbered) else { return }
            do throws(Failure) {
                try settle(matter, catalog)
            } catch {
                // A step that fails ends that step: what there is to do then is told anew.
                guard error.exitCode != .noDaemon, error.exitCode != .timeout else { throw error }
                tool.output.failure(error)
            }
        }
    }

    /// Offers what a reply says has to be done now.
    func offer(_ rows: [JSON]) throws(Failure) {
        let page = AgendaPage(matters: rows.map(Matter.init), width: tool.output.width)
        guard !page.numbered.isEmpty else { return }
        Output.complain("\n" + page.text, terminator: "")
        guard let matter = choice(of: page.numbered) else { return }
        let catalog = try tool.asking { () throws(ClientError) in try Catalog(connection) }
        try settle(matter, catalog, offersNext: true)
    }

    /// The matter to settle now; `nil` to end.
    private func choice(of matters: [Matter]) -> Matter? {
        guard !matters.isEmpty else { return nil }
        while true {
            Output.complain("\nA number does it, Enter does 1, q ends: ", terminator: "")
            guard let line = readLine()?.trimmed, !["q", "quit", "exit"].contains(line.lowercased()) else { return nil }
            if line.isEmpty { return matters[0] }
            if let number = Int(line), matters.indices.contains(number - 1) { return matters[number - 1] }
            tool.questioner.tell("'\(HumanText.echo(line))' is none of them")
        }
    }

    /// Does a matter's command. Where that is refused for something that can be settled itself, that comes first, and the command
    /// is sent again as it was.
    func settle(_ matter: Matter, _ catalog: Catalog, offersNext: Bool = false) throws(Failure) {
        guard let remedy = matter.remedy, let command = catalog.command(remedy.verb) else {
            throw .usage(
                "the daemon has no command '\(matter.remedy?.verb ?? "")'", next: "'mneedlectl help' lists them")
        }
        // The end of something that lasts is waited for, and not asked for before.
        if matter.kind == "now", let wait = Countdown(until: matter.end), !wait.run() { return }
        Output.complain("\n\(remedy.words)")
        var interview = ArgumentInterview(command, given: remedy.arguments, on: connection, tool.questioner)
        interview.alsoAsks = Set(remedy.asks)
        while true {
            do throws(Failure) {
                try tool.answer(&interview, offersNext: offersNext)
                return
            } catch {
                let page = AgendaPage(matters: error.findings.map(Matter.init), width: tool.output.width)
                guard error.exitCode == .blocked, !page.numbered.isEmpty else { throw error }
                tool.output.failure(error)
                Output.complain("\nWhat can be done about it:\n\n" + page.text, terminator: "")
                guard let first = choice(of: page.numbered) else { return }
                try settle(first, catalog)
            }
        }
    }
}

extension Failure {
    /// The findings for which it was refused.
    fileprivate var findings: [JSON] {
        (details.first { $0.name == "findings" }?.value.elements ?? []).filter {
            !["info", "caution"].contains($0["severity"]?.string)
        }
    }
}
