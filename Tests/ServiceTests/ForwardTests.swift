import Foundation
import Glibc
import MneedleTestKit
import MneedleWire
import Testing

@Suite("'mneedlectl forward' reads a serial port for the daemon", .serialized)
struct ForwardTests {
    /// A pair of serial ports joined by a cable, of which the client has one end and the test the other.
    final class Cable {
        private let folder: String
        private var process: ChildProcess?
        private var end: Int32 = -1

        var port: String { folder + "/pen" }

        init(_ folder: String) { self.folder = folder }

        func plugIn() throws {
            process = try ChildProcess(["socat", "pty,rawer,link=\(folder)/pen", "pty,rawer,link=\(folder)/other"])
            // The second link is the last thing that it makes.
            let watch = inotify_init1(Int32(IN_CLOEXEC))
            defer { close(watch) }
            inotify_add_watch(watch, folder, UInt32(IN_CREATE))
            var buffer = [UInt8](repeating: 0, count: 4096)
            while end < 0 {
                end = open(folder + "/other", O_RDWR | O_NOCTTY | O_CLOEXEC)
                var poller = pollfd(fd: watch, events: Int16(POLLIN), revents: 0)
                if end < 0 { try #require(poll(&poller, 1, 30_000) > 0, "socat makes no port") }
                if end < 0 { _ = read(watch, &buffer, buffer.count) }
            }
        }

        func send(_ text: String) {
            let bytes = Array(text.utf8)
            _ = write(end, bytes, bytes.count)
        }

        func unplug() {
            process?.signal(SIGTERM)
            process?.wait()
            close(end)
            end = -1
        }

        deinit { unplug() }
    }

    /// `mneedlectl forward roller` with the cable's end.
    final class Forwarder {
        private let process: ChildProcess
        private let path: String

        init(_ daemon: DaemonProcess, _ options: [String] = []) throws {
            path = daemon.folder + "/forward.log"
            let log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            defer { close(log) }
            let tool = [DaemonProcess.products + "/mneedlectl", "--socket", daemon.folder + "/run/control.sock"]
            process = try ChildProcess(
                tool + ["forward", "roller", "--serial", daemon.folder + "/pen"] + options, output: log)
        }

        var log: String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
        var isRunning: Bool { process.isRunning }

        deinit {
            process.signal(SIGKILL)
            process.wait()
        }
    }

    @Test("a serial port is read whenever it is there: plugged in late, unplugged and plugged in again")
    func serial() throws {
        let (daemon, client, session) = try TelemetrySourceTests.running()
        let forwarder = try Forwarder(daemon)
        let cable = Cable(daemon.folder)
        for round in 1...3 {
            try cable.plugIn()
            cable.send("roller depth_mm=0.2\(round)\nroller depth_mm=0.")
            cable.send("1\(round)\n")
            while !(try TelemetrySourceTests.event("telemetry.sample", client).contains("\"depth_mm\":0.1\(round)")) {}
            cable.unplug()
        }
        let other = try daemon.connect()
        let summary = try other.ok("telemetry.summary session=\(session)")
        #expect(summary["points"]?.integer == 6)
        #expect(summary["fields"]?["depth_mm"]?["max"]?.number == 0.23)
        #expect(daemon.terminate() == 0)
        #expect(forwarder.log.contains("is open") && forwarder.log.contains("is gone"))
    }

    @Test("columns of values become points as the options say, with the device's own time")
    func columns() throws {
        let (daemon, client, session) = try TelemetrySourceTests.running()
        let columns = ["--columns", "time,depth_mm,-,speed_hz", "--separator", ";", "--precision=ms", "--baud=9600"]
        let forwarder = try Forwarder(daemon, columns)
        let cable = Cable(daemon.folder)
        try cable.plugIn()
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        cable.send("\(now);0.21;x;90\r\nbad;line\r\n#1;2;3;4\n\(now + 10); 0.22 ;;\r\n")
        while !(try TelemetrySourceTests.event("telemetry.sample", client).contains("\"depth_mm\":0.22")) {}
        let other = try daemon.connect()
        let rows = try other.reply("telemetry.export session=\(session)").dropLast()
        #expect(rows.contains { $0.contains("pen,device=roller depth_mm=0.21,speed_hz=90 \(now)000000") }, "\(rows)")
        #expect(rows.contains { $0.contains("pen,device=roller depth_mm=0.22 \(now + 10)000000") }, "\(rows)")
        #expect(rows.count == 2)
        #expect(forwarder.log.contains("left out: expected 4 columns, got 2") && !forwarder.log.contains("bad"))
        #expect(daemon.terminate() == 0)
    }

    @Test("lines of line protocol keep their tags and texts, and are named and timed as the device's")
    func lines() throws {
        let (daemon, client, session) = try TelemetrySourceTests.running()
        let forwarder = try Forwarder(daemon, ["--precision", "us"])
        let cable = Cable(daemon.folder)
        try cable.plugIn()
        let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
        cable.send(
            """
            a\\ b,site=left\\ side note="x \\"y, z",depth_mm=0.11 \(now)
            pen,device=roller depth_mm=0.12 \(now + 1)

            # nothing
            pen depth_mm=0.13

            """)
        while !(try TelemetrySourceTests.event("telemetry.sample", client).contains("\"depth_mm\":0.13")) {}
        let rows = try daemon.connect().reply("telemetry.export session=\(session)").dropLast()
        let first = try rows.map { try JSON.parse(String($0.dropFirst("ROW ".count)))["text"]?.string ?? "" }
        let named = "a\\ b,device=roller,site=left\\ side "
        #expect(
            first.contains { $0.hasPrefix(named) && $0.hasSuffix(" \(now)000") && $0.contains(#""x \"y, z""#) },
            "\(first)")
        #expect(first.contains("pen,device=roller depth_mm=0.12 \(now + 1)000"), "\(first)")
        #expect(rows.count == 3 && forwarder.isRunning)
        #expect(daemon.terminate() == 0)
    }

    @Test("it comes back by itself to a daemon that was away")
    func restarts() throws {
        let (daemon, client, session) = try TelemetrySourceTests.running()
        let forwarder = try Forwarder(daemon)
        let cable = Cable(daemon.folder)
        try cable.plugIn()
        cable.send("roller depth_mm=0.21\n")
        while !(try TelemetrySourceTests.event("telemetry.sample", client).contains("\"depth_mm\":0.21")) {}
        daemon.killNow()
        while !forwarder.log.contains("what comes meanwhile is lost") { try #require(forwarder.isRunning) }
        try daemon.start()
        let later = try daemon.connect()
        // How soon it is back nobody says.
        while try later.ok("telemetry.summary session=\(session)")["fields"]?["depth_mm"]?["max"]?.number != 0.22 {
            cable.send("roller depth_mm=0.22\n")
            try #require(forwarder.isRunning, "\(forwarder.log)")
        }
        #expect(daemon.terminate() == 0)
    }

    @Test("a file that is no serial port is complained of once, and it is waited for one")
    func noPort() throws {
        let (daemon, client, _) = try TelemetrySourceTests.running()
        try Data().write(to: URL(fileURLWithPath: daemon.folder + "/pen"))
        let forwarder = try Forwarder(daemon)
        while !forwarder.log.contains("cannot be opened") { try #require(forwarder.isRunning) }
        unlink(daemon.folder + "/pen")
        let cable = Cable(daemon.folder)
        try cable.plugIn()
        cable.send("roller depth_mm=0.21\n")
        while !(try TelemetrySourceTests.event("telemetry.sample", client).contains("\"depth_mm\":0.21")) {}
        #expect(forwarder.log.components(separatedBy: "cannot be opened").count == 2)
        #expect(daemon.terminate() == 0)
    }

    @Test(
        "a command line that cannot be meant is refused with what is wrong",
        arguments: [
            (["--serial", "/dev/ttyUSB0"], "the device"), (["pen"], "--serial: expected an absolute path"),
            (["pen", "--serial", "ttyUSB0"], "got 'ttyUSB0'"), (["pen one", "--serial", "/dev/x"], "the device"),
            (["pen", "two", "--serial", "/dev/x"], "'two'"),
            (["pen", "--serial", "/dev/x", "--baud", "12345"], "--baud: expected one of 1200"),
            (["pen", "--serial", "/dev/x", "--columns", "time,-"], "--columns: expected the names"),
            (["pen", "--serial", "/dev/x", "--columns", "a,a"], "--columns: expected the names"),
            (["pen", "--serial", "/dev/x", "--separator", ";"], "only for lines of --columns"),
            (["pen", "--serial", "/dev/x", "--columns", "a", "--separator", ":"], "--separator: expected"),
            (["pen", "--serial", "/dev/x", "--precision", "m"], "--precision: expected"),
            (["pen", "--serial", "/dev/x", "--dialect", "csv"], "Unknown option '--dialect'"),
        ])
    func mistakes(words: [String], hint: String) throws {
        let run = try ChildProcess.run([DaemonProcess.products + "/mneedlectl", "forward"] + words)
        #expect(run.exitCode == 2 && run.errors.contains(hint), "\(run.errors)")
    }

    @Test(
        "the configuration that once named such ports is refused, and says what takes its place",
        arguments: ["[telemetry]\nserial = []\n", "[[telemetry.serial]]\npath = \"/dev/ttyUSB0\"\ndevice = \"pen\"\n"])
    func gone(config: String) throws {
        let error = #expect(throws: DaemonProcess.Failed.self) { try DaemonProcess(config: config) }
        let said = error?.description ?? ""
        #expect(said.contains("telemetry.serial: remove this") && said.contains("mneedlectl forward"), "\(said)")
    }
}
