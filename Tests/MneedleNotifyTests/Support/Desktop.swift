import Foundation
import Glibc
import MneedleTestKit
import MneedleWire
import Testing

/// A session: a bus of its own on which nothing is started by itself, a daemon, and an agent.
final class Desktop {
    private let temporary: TemporaryFolder
    var folder: String { temporary.path }
    let daemon: DaemonProcess
    private(set) var agent: Agent?
    private var bus: ChildProcess
    /// Kept open: the bus ends when it cannot write there.
    private let busOutput: Lines
    private let flags: [String]
    private var starts = 0
    /// For the programs of this session.
    let environment: [String: String]

    /// What an agent needs to be started.
    struct Agent {
        let process: ChildProcess
        let words: NotifySocket
    }

    /// Whether Debian's dbus and python3-dbusmock are there.
    static let isThere = ["/usr/bin/dbus-daemon", "/usr/lib/python3/dist-packages/dbusmock"].allSatisfy {
        FileManager.default.fileExists(atPath: $0)
    }
    /// Debian's, which has its packages.
    static let python = "/usr/bin/python3"
    static let support = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path

    init(flags: [String] = []) throws {
        temporary = try TemporaryFolder()
        let folder = temporary.path
        let configuration = """
            <busconfig><type>session</type><listen>unix:path=\(folder)/bus</listen>
            <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
            <allow own="*"/></policy></busconfig>
            """
        try configuration.write(toFile: folder + "/bus.conf", atomically: true, encoding: .utf8)
        // First, for a daemon that does not start leaves no bus behind.
        daemon = try DaemonProcess()
        busOutput = try Lines()
        bus = try Desktop.startBus(folder, busOutput)
        var environment = ProcessInfo.processInfo.environment
        environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=\(folder)/bus"
        environment["TZ"] = "Europe/Berlin"
        self.environment = environment
        self.flags = flags
        let client = try daemon.connect()
        _ = try client.ok(
            "records.add-person person=anna name=Anna goal=collagen time_zone=Europe/Berlin fitzpatrick=3")
        // The tests run at any hour; in the quiet ones a snoozed reminder would wait for the morning.
        _ = try client.ok("scheduling.set-preferences person=anna quiet_from=0 quiet_to=0")
    }

    deinit {
        stopAgent()
        bus.signal(SIGTERM)
        bus.wait()
    }

    /// Starts it and waits until it listens.
    private static func startBus(_ folder: String, _ output: Lines) throws -> ChildProcess {
        let bus = try ChildProcess(
            ["dbus-daemon", "--nofork", "--nosyslog", "--print-address=1", "--config-file=\(folder)/bus.conf"],
            output: output.writer)
        _ = try output.next()
        return bus
    }

    func stopBus() {
        bus.signal(SIGTERM)
        bus.wait()
    }

    func startBus() throws { bus = try Desktop.startBus(folder, busOutput) }

    // MARK: The agent

    func startAgent() throws {
        starts += 1
        let words = try NotifySocket("\(folder)/notify\(starts)")
        let log = open(folder + "/agent.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(log) }
        let process = try ChildProcess(
            [
                DaemonProcess.products + "/mneedle-notify", "--socket", daemon.folder + "/run/control.sock", "--state",
                folder + "/state", "--config", "/dev/null",
            ] + flags, environment: environment.merging(["NOTIFY_SOCKET": words.path]) { $1 }, output: log
        ) { words.tell(NotifySocket.ended) }
        agent = Agent(process: process, words: words)
    }

    func stopAgent() {
        agent?.process.signal(SIGKILL)
        agent?.process.wait()
        agent = nil
    }

    /// Lets the next agent be the first one.
    func forget() -> Bool { unlink(folder + "/state/notify.json") == 0 }

    /// Waits until the agent says that something is so.
    func agent(says text: String) throws {
        let words = try #require(agent).words
        var last = ""
        while let word = words.receive(within: 30) {
            last = word
            if word.contains(text) { return }
            try #require(word != NotifySocket.ended, "the agent ended: \(log)")
        }
        Issue.record("the agent never says '\(text)', but last '\(last)'; \(log)")
        throw Timeout()
    }

    /// What the agent wrote to standard error.
    var log: String { (try? String(contentsOfFile: folder + "/agent.log", encoding: .utf8)) ?? "" }

    // MARK: The daemon

    /// Queues a reminder that is due soon.
    @discardableResult
    func remind(_ title: String, person: String = "anna", urgency: String = "normal", in seconds: Double = 0.5) throws
        -> Int64
    {
        let client = try daemon.connect()
        func ask(in seconds: Double) throws -> String {
            let at = Date(timeIntervalSinceNow: seconds).formatted(
                Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            return try client.ask(
                "scheduling.remind person=\(person) at=\(at) title=\"\(title)\" body=\"Soak <5> & dry\" urgency=\(urgency)"
            )
        }
        // On a busy machine a moment that is near is past before the request is judged; then a later one is taken.
        var reply = try ask(in: seconds)
        if reply.contains("in the past") { reply = try ask(in: seconds + 5) }
        try #require(reply.hasPrefix("OK "), "\(reply)")
        return try #require(try JSON.parse(String(reply.dropFirst(3)))["reminder"]?.integer)
    }

    /// Begins a session of Anna with a roller, as the service wants it.
    func beginSession() throws -> Int64 {
        let client = try daemon.connect()
        _ = try client.ok("records.add-device device=roller kind=roller needle_mm=0.3 owner=anna material=titanium")
        try client.screen("anna")
        _ = try client.ok(
            "sterilization.soak device=roller agent=isopropyl-alcohol concentration_percent=70 minutes=5 hands_washed=yes clean_surface=yes"
        )
        let session = try client.ok("session.start person=anna device=roller areas=cheeks depth_mm=0.3")
        return try #require(session["session"]?.integer)
    }

    /// Waits until the ledger has an event of a reminder in this state.
    func wait(for reminder: Int64, toBe state: String) throws {
        let client = try daemon.connect()
        try client.send("subscribe topics=reminder.* since=0\n")
        while true {
            let line = try client.line()
            if line.contains("\"reminder\":\(reminder),"), line.contains("\"state\":\"\(state)\"") { return }
        }
    }

    struct Timeout: Error {}
}

/// Lines from a program that is being run.
final class Lines {
    /// For the program; closed here once the program has it.
    let writer: CInt
    private let reader: CInt
    private var buffer: [UInt8] = []

    init() throws {
        var ends: [CInt] = [0, 0]
        try #require(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (reader, writer) = (ends[0], ends[1])
    }

    deinit {
        close(reader)
        close(writer)
    }

    /// The next line; a test waits for it half a minute at most.
    func next() throws -> String {
        while true {
            if let end = buffer.firstIndex(of: 10) {
                defer { buffer.removeSubrange(...end) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            var ready = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, 30_000) == 1 else { throw Desktop.Timeout() }
            var chunk = [UInt8](repeating: 0, count: 4_096)
            let count = read(reader, &chunk, chunk.count)
            buffer += chunk[..<max(count, 0)]
        }
    }
}

/// `notification_server.py` on the session's bus.
final class MockServer {
    private let lines: Lines
    private let input: CInt
    private let process: ChildProcess

    init(_ desktop: Desktop, _ arguments: String...) throws {
        lines = try Lines()
        var ends: [CInt] = [0, 0]
        try #require(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        input = ends[1]
        process = try ChildProcess(
            [Desktop.python, Desktop.support + "/notification_server.py"] + arguments,
            environment: desktop.environment, input: ends[0], output: lines.writer, error: STDERR_FILENO)
        close(ends[0])
        #expect(try next()["ready"] == true)
    }

    deinit {
        process.signal(SIGKILL)
        process.wait()
        close(input)
    }

    /// The next thing that happened to it.
    func next() throws -> JSON { try JSON.parse(try lines.next()) }

    /// The next thing, which is a call of Notify.
    func notified() throws -> JSON {
        let call = try next()
        try #require(call["notify"] != nil, "\(call)")
        return call
    }

    func obey(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        #expect(write(input, bytes, bytes.count) == bytes.count)
    }

    func wait() { process.wait() }
}
