import MneedleClient
import MneedleWire

extension Tool {
    /// `mneedlectl` without a command: the state of the daemon, and the list of its commands.
    func overview() throws(Failure) {
        let connection = try connect()
        let status = try asking("status") { () throws(ClientError) in try connection.request("status") }
        guard !options.json else { return output.reply(status) }
        let catalog = try asking { () throws(ClientError) in try Catalog(connection) }
        let greeting = connection.greeting
        let state = status["state"]?.string ?? "running"
        var text = "mneedled \(greeting.version) at \(connection.path): \(state)."
        text += " You are \(greeting.user), \(greeting.role).\n"
        for problem in status["problems"]?.elements ?? [] { text += "Problem: \(HumanText.cell(problem))\n" }
        if let due = status["next_due"], due != .null { text += "Next due: \(HumanText.cell(due))\n" }
        output.text(text + "\n" + Help(width: output.width).commandList(catalog) + Help.wayOn)
    }
}
