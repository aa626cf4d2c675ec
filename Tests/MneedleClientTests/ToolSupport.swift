import MneedleTestKit

typealias ToolRun = ChildProcess.Ended

/// Runs the `mneedlectl` that was built beside the tests, without a terminal.
func mneedlectl(_ arguments: [String], daemon: ScriptedDaemon?, input: String = "") throws -> ToolRun {
    try withExtendedLifetime(daemon) { try mneedlectl(arguments, socket: daemon?.path, input: input) }
}

/// Runs it against the daemon that listens at a path.
func mneedlectl(_ arguments: [String], socket: String?, input: String = "") throws -> ToolRun {
    try ChildProcess.run(
        [mneedlectlPath] + arguments,
        environment: ["MNEEDLE_SOCKET": socket ?? "/nonexistent/control.sock", "PATH": "/usr/bin:/bin"], input: input)
}

let mneedlectlPath = DaemonProcess.products + "/mneedlectl"

extension ScriptedDaemon {
    /// What the daemon of these tests can do: modules that no real one has, so that nothing can be known beforehand.
    static let description = [
        #"ROW {"verb":"ping","module":"host","summary":"Answers.","role":"reader","allowed":true,"changes":false,"parameters":{"type":"object","properties":{},"required":[],"additionalProperties":false},"kind":"single","reply":{},"errors":[],"example":"ping"}"#,
        #"ROW {"verb":"subscribe","module":"host","summary":"Tells events.","role":"reader","allowed":true,"changes":false,"parameters":{"type":"object","properties":{"topics":{"type":"array","items":{"type":"string"},"description":"Which."},"since":{"type":"integer","description":"After which."}},"required":["topics"],"additionalProperties":false},"kind":"subscription","reply":{"seq":"the position"},"errors":[],"example":"subscribe topics=*"}"#,
        #"ROW {"verb":"garden.plant","module":"garden","summary":"Plants something.","role":"operator","allowed":true,"changes":true,"parameters":{"type":"object","properties":{"bed":{"type":"string","description":"Where."},"depth_mm":{"type":"number","minimum":0,"maximum":3,"x-unit":"mm","description":"How deep."},"season":{"type":"string","enum":["spring","autumn"],"default":"spring","description":"When."},"watered":{"type":"boolean","description":"Whether it was watered."},"kinds":{"type":"array","items":{"type":"string","enum":["rose","leek"]},"description":"What."},"answers":{"type":"object","properties":{"soil-wet":{"type":"boolean","description":"Is the soil wet?"}},"required":[],"additionalProperties":false,"description":"Answers."}},"required":["bed","depth_mm"],"additionalProperties":false},"kind":"single","reply":{"plant":"its number"},"errors":["not-found","conflict"],"example":"garden.plant bed=b1 depth_mm=2"}"#,
        #"ROW {"verb":"garden.list","module":"garden","summary":"Lists plants.","role":"reader","allowed":true,"changes":false,"parameters":{"type":"object","properties":{},"required":[],"additionalProperties":false},"kind":"rows","reply":{"plant":"its number","name":"its name"},"errors":[],"example":"garden.list"}"#,
        #"ROW {"verb":"garden.burn","module":"garden","summary":"Burns it.","role":"admin","allowed":false,"changes":true,"parameters":{"type":"object","properties":{},"required":[],"additionalProperties":false},"kind":"single","reply":{},"errors":[],"example":"garden.burn"}"#,
        #"ROW {"verb":"weather.stream","module":"weather","summary":"Takes points.","role":"operator","allowed":true,"changes":true,"parameters":{"type":"object","properties":{"station":{"type":"integer","description":"Which."}},"required":["station"],"additionalProperties":false},"kind":"bulk","reply":{"accepted":"how many"},"errors":[],"example":"weather.stream station=1"}"#,
        "OK {}",
    ].joined(separator: "\n")

    /// Describes the commands above; answers the others with `reply`.
    static func describing(_ reply: String) throws -> ScriptedDaemon {
        try ScriptedDaemon { line in line == "describe" ? description : reply }
    }
}
