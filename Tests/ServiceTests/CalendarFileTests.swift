import Foundation
import Glibc
import MneedleTestKit
import MneedleWire
import Testing

@Suite("The calendar file in the hands of real calendar programs")
struct CalendarFileTests {
    /// A daemon with anna in Berlin, and `mneedlectl calendar`.
    final class Desk {
        let daemon: DaemonProcess
        let client: RawClient
        let folder: String
        var file: String { folder + "/mneedle.ics" }
        private var keeper: ChildProcess?

        init() throws {
            daemon = try DaemonProcess()
            client = try daemon.connect()
            folder = daemon.folder + "/desk"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            _ = try client.ok("records.add-person person=anna time_zone=Europe/Berlin")
        }

        deinit {
            keeper?.signal(SIGKILL)
            keeper?.wait()
        }

        var tool: [String] {
            [
                DaemonProcess.products + "/mneedlectl", "--socket", daemon.folder + "/run/control.sock", "calendar",
                "--output", file,
            ]
        }

        func remind(_ title: String, at: String) throws -> Int64 {
            let reply = try client.ok("scheduling.remind person=anna at=\(at) title=\(title)")
            return try #require(reply["reminder"]?.integer)
        }

        func write() throws { #expect(try ChildProcess(tool).wait() == 0) }

        func keep() throws { keeper = try ChildProcess(tool + ["--keep-current"]) }

        /// What a program prints, line by line.
        func lines(_ arguments: [String], _ environment: [String: String] = [:]) throws -> [String] {
            let path = folder + "/said"
            let output = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            defer { close(output) }
            let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            let status = try ChildProcess(arguments, environment: variables, output: output).wait()
            let text = try String(contentsOfFile: path, encoding: .utf8)
            try #require(status == 0, "\(arguments.joined(separator: " ")): \(text)")
            return text.split(separator: "\n").map(String.init)
        }

        /// The file's events as the icalendar library reads them.
        func events() throws -> [JSON] {
            let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
                "read_calendar.py")
            return try lines(["/usr/bin/python3", script.path, file]).map { try JSON.parse($0) }
        }
    }

    @Test("icalendar reads it: local times over a change of the clocks, an alarm each, a file for its owner alone")
    func icalendar() throws {
        let desk = try Desk()
        _ = try desk.remind("winter", at: "2031-01-15T09:00:00+01:00")
        _ = try desk.remind("summer", at: "2031-07-15T09:00:00+02:00")
        try desk.write()
        let events = try desk.events()
        #expect(events.map { $0["summary"]?.string } == ["winter", "summer"])
        #expect(events.map { $0["start"]?.string } == ["2031-01-15T09:00:00+01:00", "2031-07-15T09:00:00+02:00"])
        #expect(events.allSatisfy { $0["alarms"]?.integer == 1 && $0["status"]?.string == "CONFIRMED" })
        let mode = try FileManager.default.attributesOfItem(atPath: desk.file)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("khal that reads it again updates what it has and never duplicates")
    func khal() throws {
        let desk = try Desk()
        let configuration = desk.folder + "/khal.conf"
        try """
        [calendars]
        [[mneedle]]
        path = \(desk.folder)/calendar
        [default]
        default_calendar = mneedle
        [locale]
        local_timezone = Europe/Berlin
        default_timezone = Europe/Berlin
        longdatetimeformat = %Y-%m-%d %H:%M
        datetimeformat = %Y-%m-%d %H:%M
        longdateformat = %Y-%m-%d
        dateformat = %Y-%m-%d
        timeformat = %H:%M
        [sqlite]
        path = \(desk.folder)/khal.db
        """.write(toFile: configuration, atomically: true, encoding: .utf8)
        try FileManager.default.createDirectory(atPath: desk.folder + "/calendar", withIntermediateDirectories: true)
        func imported() throws -> [String] {
            try desk.write()
            let environment = ["HOME": desk.folder, "LC_ALL": "C.UTF-8"]
            _ = try desk.lines(["khal", "-c", configuration, "import", "--batch", desk.file], environment)
            return try desk.lines(
                [
                    "khal", "-c", configuration, "list", "--format", "{start} {title}", "--day-format", "",
                    "2031-01-01", "2031-03-01",
                ],
                environment)
        }
        let reminder = try desk.remind("Soak", at: "2031-01-15T09:00:00+01:00")
        #expect(try imported() == ["2031-01-15 09:00 Soak"])
        #expect(try imported() == ["2031-01-15 09:00 Soak"])
        _ = try desk.client.ok("scheduling.snooze reminder=\(reminder) until=2031-01-20T10:30:00+01:00")
        #expect(try imported() == ["2031-01-20 10:30 Soak"])
    }

    @Test("kept current, the file follows every change, and a restart of the daemon too")
    func keepsCurrent() throws {
        let desk = try Desk()
        let changes = inotify_init1(CInt(IN_CLOEXEC))
        defer { close(changes) }
        inotify_add_watch(changes, desk.folder, UInt32(IN_MOVED_TO))
        /// Waits for the file to be replaced until `isDone`.
        func wait(until isDone: () throws -> Bool) throws {
            while try !isDone() {
                var ready = pollfd(fd: changes, events: Int16(POLLIN), revents: 0)
                try #require(poll(&ready, 1, 60_000) == 1, "the file is not written")
                var bytes = [UInt8](repeating: 0, count: 4096)
                _ = read(changes, &bytes, bytes.count)
            }
        }
        try desk.keep()
        try wait { FileManager.default.fileExists(atPath: desk.file) }
        #expect(try desk.events().isEmpty)
        let reminder = try desk.remind("Soak", at: "2031-01-15T09:00:00+01:00")
        try wait { try desk.events().count == 1 }
        desk.daemon.killNow()
        try desk.daemon.start()
        _ = try desk.daemon.connect().ok("scheduling.done reminder=\(reminder)")
        try wait { try desk.events().first?["status"]?.string == "CANCELLED" }
    }

    @Test("a file that cannot be written is an error, and nothing is left beside it")
    func unwritable() throws {
        let desk = try Desk()
        let tool = desk.tool.dropLast() + ["/nowhere/mneedle.ics"]
        #expect(try ChildProcess(Array(tool)).wait() == 1)
        #expect(try ChildProcess(Array(desk.tool.dropLast(2))).wait() == 2)
    }
}
