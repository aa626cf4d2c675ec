import Foundation
import MneedleTestKit
import Testing

@Suite("The overview on the whole screen", .serialized)
struct TopTests {
    static let sizes = [(60, 20), (80, 24), (120, 40)]

    /// A daemon with Anna, and her roller ready for a session of 0.3 mm.
    static func prepared() throws -> (DaemonProcess, RawClient) {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        try ready("anna", "roller", client)
        return (daemon, client)
    }

    static func ready(_ person: String, _ device: String, _ client: RawClient) throws {
        _ = try client.ok("records.add-person person=\(person) setting=home goal=collagen fitzpatrick=3")
        _ = try client.ok(
            "records.add-device device=\(device) kind=roller needle_mm=0.3 owner=\(person) material=titanium")
        _ = try client.ok("screening.assess person=\(person) areas=cheeks \(Healthy.text())")
        _ = try client.ok(
            "sterilization.soak device=\(device) agent=isopropyl-alcohol concentration_percent=70 minutes=5 hands_washed=yes clean_surface=yes"
        )
    }

    static func start(_ client: RawClient, _ person: String = "anna", _ device: String = "roller") throws {
        _ = try client.ok("session.start person=\(person) device=\(device) areas=cheeks depth_mm=0.3")
    }

    /// A terminal with the overview on it.
    static func overview(
        _ daemon: DaemonProcess, _ width: Int = 80, _ height: Int = 24, _ variables: [String: String] = [:]
    ) throws -> Tmux {
        let terminal = try Tmux(width, height, daemon, variables)
        try terminal.type("\(mneedlectlPath) top; echo \"exit $?\"")
        try terminal.wait { $0.contains("q quit") && !$0.contains("Asked") && $0.contains(": ok") }
        return terminal
    }

    @Test(
        "a session that is started elsewhere comes by itself, with what its device reports and its alarms",
        arguments: sizes)
    func lives(width: Int, height: Int) throws {
        let (daemon, client) = try Self.prepared()
        let terminal = try Self.overview(daemon, width, height)
        #expect(try terminal.screen().contains("No session runs."))
        try Self.start(client)
        try terminal.wait(for: "Session 1", "anna · roller · cheeks · 0.3 mm", "Its device reports nothing.")
        let device = try daemon.connect("telemetry")
        try device.send("roller,device=roller depth_mm=0.21,battery_percent=80i,colour=\"red\"\n")
        try terminal.wait(for: "0.21 (≤ 0.3)", "80 (≥ 15)")
        #expect(try !terminal.sent().contains("\u{7}"))
        try device.send("roller,device=roller depth_mm=0.3004\n")
        let alarmed = try terminal.wait(for: "ALARM depth-over-plan: depth_mm 0.3004, limit 0.3", "0.3004 (≤ 0.3)")
        #expect(alarmed.split(separator: "\n").allSatisfy { $0.count <= width })
        #expect(try terminal.sent().contains("\u{7}"))
        // Inside again for as long as it takes, the alarm goes.
        let now = Int64(Date().timeIntervalSince1970 * 1000) * 1_000_000
        try device.send(
            "roller,device=roller depth_mm=0.2 \(now)\nroller,device=roller depth_mm=0.2 \(now + 2_000_000_000)\n")
        try terminal.wait { !$0.contains("ALARM") && $0.contains("0.2 (≤ 0.3)") }
        _ = try client.ok("session.finish session=1 passes=1")
        try terminal.wait(for: "No session runs.", "was not cleaned")
    }

    @Test("every key does what it says, or says why not", arguments: sizes)
    func keys(width: Int, height: Int) throws {
        let (daemon, client) = try Self.prepared()
        try Self.start(client)
        let terminal = try Self.overview(daemon, width, height)
        try terminal.wait(for: "▶ · Pass 1 of 3")
        try terminal.press("k")
        try terminal.wait(for: "This is the first.")
        try terminal.press("j")
        try terminal.wait(for: "▶ · Session 1 is still running", "mneedlectl session finish --session 1")
        try terminal.press("Down")
        try terminal.wait(for: "▶ · If anything is wrong")
        try terminal.press("Down")
        try terminal.wait(for: "This is the last.")
        try terminal.press("Up")
        try terminal.wait(for: "▶ · Session 1 is still running")
        try terminal.press("End")
        try terminal.wait(for: "▶ · If anything is wrong")
        try terminal.press("Home")
        try terminal.wait(for: "▶ · Pass 1 of 3")
        try terminal.press("PageDown")
        try terminal.wait(for: "▶ · If anything is wrong")
        try terminal.press("PageUp")
        try terminal.wait(for: "▶ · Pass 1 of 3")
        try terminal.press("x")
        try terminal.wait(for: "Nothing is on the key 'x'; ? tells the keys.")
        try terminal.press("?")
        try terminal.wait { $0.contains("Ctrl-Z") && !$0.contains("Pass 1") }
        try terminal.press("j")
        try terminal.wait(for: "▶ · Pass 1 of 3")
        try terminal.press("C-l", "q")
        try terminal.wait(for: "exit 0")
        #expect(try client.ok("session.show session=1")["state"]?.string == "running")
    }

    @Test("a reminder comes into the list when it is due, and goes when it is answered")
    func reminders() throws {
        let (daemon, client) = try Self.prepared()
        let terminal = try Self.overview(daemon)
        #expect(try !terminal.screen().contains("Order new needles"))
        let soon = Date().addingTimeInterval(2).ISO8601Format()
        let reminder = try client.ok("scheduling.remind person=anna at=\(soon) title=\"Order new needles\"")[
            "reminder"]?.integer
        try terminal.wait(for: "Order new needles")
        _ = try client.ok("scheduling.done reminder=\(try #require(reminder))")
        try terminal.wait { !$0.contains("Order new needles") }
    }

    @Test("what is chosen stays chosen when something comes before it")
    func keepsChosen() throws {
        let (daemon, client) = try Self.prepared()
        try Self.ready("bea", "stamp", client)
        try Self.start(client)
        let terminal = try Self.overview(daemon)
        try terminal.wait(for: "▶ · Pass 1 of 3 with roller")
        try terminal.press("j", "j")
        try terminal.wait(for: "▶ · If anything is wrong in session 1")
        try Self.start(client, "bea", "stamp")
        let shown = try terminal.wait { $0.contains("Session 2") && $0.contains("Pass 1 of 3 with stamp") }
        #expect(shown.contains("▶ · If anything is wrong in session 1"), "\(shown)")
    }

    @Test("Enter does what is chosen by asking for it, and comes back", arguments: sizes)
    func doing(width: Int, height: Int) throws {
        let (daemon, client) = try Self.prepared()
        try Self.start(client)
        let terminal = try Self.overview(daemon, width, height)
        try terminal.wait(for: "▶ · Pass 1 of 3")
        try terminal.press("Enter")
        try terminal.wait(for: "passes:", "Enter goes back to the overview:")
        try terminal.press("Enter")
        try terminal.wait(for: "▶ · Pass 2 of 3", "1 pass")
        try terminal.press("q")
        try terminal.wait(for: "exit 0")
    }

    @Test("one key stops the session that runs, and then why is asked", arguments: sizes)
    func stops(width: Int, height: Int) throws {
        let (daemon, client) = try Self.prepared()
        let terminal = try Self.overview(daemon, width, height)
        try terminal.press("s")
        try terminal.wait(for: "No session runs, so there is none to stop.")
        try Self.start(client)
        try terminal.wait(for: "Session 1")
        try terminal.press("s")
        try terminal.wait(for: "A number does it, Enter does 1, q ends:")
        #expect(try client.ok("session.show session=1")["state"]?.string == "stopped")
        try terminal.press("Enter")
        try terminal.wait(for: "[1] pain", "? why")
        try terminal.type("other")
        // What then has to be done is offered too.
        try terminal.wait { $0.contains("stopped-other") && $0.contains("begin-soak") && $0.contains("q ends:") }
        try terminal.type("q")
        try terminal.wait(for: "goes back to the overview")
        try terminal.press("Enter")
        try terminal.wait { $0.contains("No session runs.") && !$0.contains("goes back") }
        #expect(try client.ok("session.show session=1")["reason"]?.string == "other")
    }

    @Test("of several sessions it asks which to stop")
    func which() throws {
        let (daemon, client) = try Self.prepared()
        try Self.ready("bea", "stamp", client)
        try Self.start(client)
        try Self.start(client, "bea", "stamp")
        let terminal = try Self.overview(daemon)
        try terminal.wait(for: "Session 1", "Session 2")
        try terminal.press("s")
        let asked = try terminal.wait(for: "Stop which?")
        try terminal.press("x")
        try terminal.wait(for: "None is stopped.")
        let number = try #require(asked.firstMatch(of: #/([12]) bea/#)?.1)
        try terminal.press("s")
        try terminal.wait(for: "Stop which?")
        try terminal.press(String(number))
        try terminal.wait(for: "A number does it")
        #expect(try client.ok("session.show session=2")["state"]?.string == "stopped")
        #expect(try client.ok("session.show session=1")["state"]?.string == "running")
    }

    @Test("a daemon that goes away is told, and comes back by itself with what happened meanwhile", arguments: sizes)
    func lost(width: Int, height: Int) throws {
        let (daemon, client) = try Self.prepared()
        try Self.start(client)
        let terminal = try Self.overview(daemon, width, height)
        try terminal.wait(for: "Session 1")
        daemon.killNow()
        try terminal.wait(for: "is away since", "tried again each second", "Session 1")
        try terminal.press("s")
        try terminal.wait(for: "Nothing can be stopped on record while the daemon is away")
        try terminal.press("Enter")
        try terminal.wait(for: "nothing can be done")
        try daemon.start()
        try terminal.wait { $0.contains("The daemon is back.") && $0.contains(": ok") && !$0.contains("is away") }
        _ = try daemon.connect().ok("session.pass session=1")
        try terminal.wait(for: "Pass 2 of 3")
    }

    @Test("a daemon that hangs is away too, and what was asked of it is not taken for done")
    func hangs() throws {
        let (daemon, client) = try Self.prepared()
        try Self.start(client)
        let terminal = try Self.overview(daemon)
        try terminal.wait(for: "Session 1")
        daemon.signal(SIGSTOP)
        try terminal.press("s")
        try terminal.wait(for: "is away since", "It is not known whether session 1 is stopped on record.")
        try terminal.press("?")
        try terminal.wait(for: "Ctrl-Z")
        try terminal.press("?")
        daemon.signal(SIGCONT)
        try terminal.wait { $0.contains(": ok") && !$0.contains("is away") }
    }

    @Test("who may not stop a session is told that it runs on")
    func forbidden() throws {
        let daemon = try ScriptedDaemon(role: "reader") { line in
            let tag = line.prefix { $0 != " " }
            if line.contains("session.list") {
                return
                    #"\#(tag) ROW {"session":7,"person":"anna","device":"pen","areas":["chin"],"started":"2026-11-20T12:00:00Z"}"#
                    + "\n\(tag) OK {}"
            }
            return line.contains("session.stop")
                ? #"\#(tag) ERR forbidden {"message":"'session.stop' needs the role operator"}"# : "\(tag) OK {}"
        }
        let terminal = try Tmux(80, 24, socket: daemon.path)
        try terminal.type("\(mneedlectlPath) top; echo \"exit $?\"")
        try terminal.wait(for: "Session 7", "reader")
        try terminal.press("s")
        try terminal.wait(for: "Session 7 is NOT stopped: 'session.stop' needs the role operator")
    }

    @Test("only what an event concerns is asked again, and nothing while nothing happens")
    func asksLittle() throws {
        let daemon = try ScriptedDaemon { peer in
            peer.send(ScriptedDaemon.greeting)
            var (count, told) = (0, 0)
            while let line = peer.receive() {
                let tag = line.prefix { $0 != " " }
                if line.hasSuffix(" today") {
                    count += 1
                    peer.send(#"\#(tag) ROW {"kind":"open","message":"matter \#(count)","advice":""}"#)
                }
                peer.send(line.hasSuffix(" status") ? #"\#(tag) OK {"state":"ok","problems":[]}"# : "\(tag) OK {}")
                if count == 1, told == 0, line.contains("session.list") || line.hasSuffix(" today") {
                    told = 1
                    // Live values of no session here, and a value that is kept and concerns what there is to do.
                    peer.send(#"#events EVENT - telemetry.sample {"session":7,"depth_mm":0.1}"#)
                    peer.send(#"#events EVENT 8 reminder.due {"reminder":1}"#)
                } else if count == 2, told == 1 {
                    told = 2
                    peer.send(#"#events EVENT 9 session.finished {"session":7}"#)
                }
            }
        }
        let terminal = try Tmux(80, 24, socket: daemon.path)
        try terminal.type("\(mneedlectlPath) top; echo \"exit $?\"")
        try terminal.wait(for: "matter 3")
        try terminal.press("q")
        try terminal.wait(for: "exit 0")
        func count(_ words: String) -> Int { daemon.lines.count { $0.hasSuffix(words) } }
        #expect(count("subscribe topics=*") == 1 && count("session.list state=running") == 2, "\(daemon.lines)")
        // Once a minute two are asked, and a minute may have begun meanwhile.
        #expect(count(" today") >= 3 && count(" today") <= 4 && count(" status") <= 2, "\(daemon.lines)")
        #expect(daemon.lines.count == 3 + count(" today") + count(" status"), "\(daemon.lines)")
    }

    @Test("Ctrl-Z gives the terminal back as it was, and fg goes on with what is so by then", arguments: sizes)
    func suspends(width: Int, height: Int) throws {
        let (daemon, client) = try Self.prepared()
        let terminal = try Self.overview(daemon, width, height)
        try terminal.press("C-z")
        try terminal.wait { $0.contains("Stopped") && $0.contains("ready$") && !$0.contains("q quit") }
        try terminal.type("echo lines are ech''oed")
        try terminal.wait(for: "lines are echoed")
        try Self.start(client)
        try terminal.type("fg")
        try terminal.wait(for: "Session 1", "q quit")
        try terminal.press("q")
        try terminal.wait { $0.contains("lines are echoed") && !$0.contains("q quit") }
        try terminal.type("echo \"exit $?\"")
        try terminal.wait(for: "exit 0")
    }

    @Test("Ctrl-C and the signals that end a program leave the terminal as it was", arguments: ["C-c", "TERM", "HUP"])
    func ends(how: String) throws {
        let (daemon, _) = try Self.prepared()
        let terminal = try Self.overview(daemon)
        if how == "C-c" {
            try terminal.press("C-c")
        } else {
            #expect(kill(try terminal.child(), how == "HUP" ? SIGHUP : SIGTERM) == 0)
        }
        try terminal.wait { $0.contains("exit ") && !$0.contains("q quit") }
        try terminal.type("stty -a | tr ' ' '\\n' | grep -c '^-echo;*$\\|^-icanon;*$\\|^-isig;*$'")
        try terminal.wait { $0.contains("\n0\n") }
    }

    @Test("another size of the window is filled at once, and a tiny one does no harm")
    func resizes() throws {
        let (daemon, client) = try Self.prepared()
        try Self.start(client)
        let terminal = try Self.overview(daemon, 120, 40)
        for (width, height) in Self.sizes + [(20, 5), (3, 24), (40, 3), (1, 1), (120, 40)] {
            try terminal.resize(width, height)
            let hasRoom = width >= 60 && height >= 20
            let shown = try terminal.wait { screen in
                let lines = screen.split(separator: "\n", omittingEmptySubsequences: false)
                return !hasRoom
                    || lines.count >= height && lines[height - 1].hasPrefix(" q quit")
                        && screen.contains("Session 1")
            }
            #expect(shown.split(separator: "\n").allSatisfy { $0.count <= width }, "\(shown)")
        }
        try terminal.press("q")
        try terminal.wait(for: "exit 0")
    }

    @Test("nothing flickers: the screen is cleared once, and only what changes is sent")
    func flickers() throws {
        let (daemon, client) = try Self.prepared()
        try Self.start(client)
        let terminal = try Self.overview(daemon)
        let device = try daemon.connect("telemetry")
        for value in ["0.11", "0.12", "0.13"] {
            try device.send("roller,device=roller depth_mm=\(value)\n")
            try terminal.wait(for: "\(value) (≤ 0.3)")
        }
        let before = try terminal.sent()
        try device.send("roller,device=roller depth_mm=0.14\n")
        try terminal.wait(for: "0.14 (≤ 0.3)")
        let after = try terminal.sent()
        #expect(after.ranges(of: "\u{1B}[2J").count == 1)
        // A digit, a bar of the curve and the clock of the session, and not the 1920 cells.
        #expect(after.utf8.count - before.utf8.count < 400, "\(after.dropFirst(before.count))")
    }

    @Test("colours are for those who want them: red for an alarm, none with NO_COLOR")
    func colours() throws {
        for (variables, isRed) in [([:], true), (["NO_COLOR": "1"], false)] {
            let (daemon, client) = try Self.prepared()
            try Self.start(client)
            let terminal = try Self.overview(daemon, 80, 24, variables)
            try daemon.connect("telemetry").send("roller,device=roller depth_mm=0.9\n")
            try terminal.wait(for: "ALARM depth-over-plan")
            let colour = #/\u{1B}\[[0-9;]*3[1-7]m/#
            #expect(try terminal.sent().contains(colour) == isRed)
        }
    }

    @Test("what the daemon does not say is not taken for nothing")
    func unknown() throws {
        let daemon = try DaemonProcess(config: "[modules]\ndisabled = [\"session\"]\n")
        let terminal = try Tmux(80, 24, daemon)
        try terminal.type("\(mneedlectlPath) top")
        try terminal.wait { $0.contains("Which sessions run is not known:") && !$0.contains("No session runs") }
        // How the service is, and why.
        #expect(try terminal.screen().contains(": degraded") && terminal.screen().contains("Problem: "))
        try terminal.press("s")
        try terminal.wait(for: "Which sessions run is not known, so none can be stopped here.")
    }

    @Test("without a terminal, or a daemon, it says so and touches nothing")
    func refused() throws {
        let daemon = try DaemonProcess()
        let socket = daemon.folder + "/run/control.sock"
        let piped = try mneedlectl(["top"], socket: socket)
        #expect(piped.exitCode == 2 && piped.output.isEmpty && piped.errors.contains("'top' needs a terminal"))
        #expect(try mneedlectl(["top", "--json"], socket: socket).exitCode == 2)
        #expect(try mneedlectl(["top", "nora"], socket: socket).exitCode == 2)
        let terminal = try Tmux(80, 24, daemon)
        try terminal.type("\(mneedlectlPath) --socket /nonexistent top; echo \"exit $?\"")
        try terminal.wait(for: "exit 3", "mneedlectl: ")
        try terminal.type("TERM=dumb \(mneedlectlPath) top; echo \"exit $?\"")
        try terminal.wait(for: "exit 2", "which TERM=dumb is not")
    }
}
