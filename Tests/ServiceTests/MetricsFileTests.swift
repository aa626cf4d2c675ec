import Foundation
import Glibc
import MneedleTestKit
import MneedleWire
import Testing

@Suite("The service's figures as a file for node_exporter", .serialized)
struct MetricsFileTests {
    /// A daemon, a folder beside it for the file, and what happens in it.
    final class Shelf {
        let daemon: DaemonProcess
        let folder: String
        var file: String { folder + "/mneedle.prom" }
        private let watch = inotify_init1(CInt(IN_CLOEXEC))
        /// The names of files with what happened to them, in order.
        private(set) var happened: [(name: String, mask: UInt32)] = []

        init() throws {
            daemon = try DaemonProcess(start: false)
            folder = daemon.folder + "/collector"
        }

        deinit { close(watch) }

        /// Makes the folder and begins to watch it.
        func open() throws {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            inotify_add_watch(watch, folder, UInt32(IN_CREATE | IN_MODIFY | IN_MOVED_TO | IN_DELETE))
        }

        func configure(_ keys: String) throws { try daemon.configure("[metrics]\n\(keys)\n") }

        func reload() throws {
            daemon.signal(SIGHUP)
            while try !daemon.notification().contains("READY=1") {}
        }

        /// Waits until something happens in the folder, a minute at most.
        func wait() throws {
            var ready = pollfd(fd: watch, events: Int16(POLLIN), revents: 0)
            try #require(poll(&ready, 1, 60_000) == 1, "nothing is written; \(daemon.errorOutput)")
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = read(watch, &bytes, bytes.count)
            var offset = 0
            while offset < count {
                bytes.withUnsafeBytes { bytes in
                    let event = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                    let name = bytes[(offset + 16)..<(offset + 16 + Int(event.len))].prefix { $0 != 0 }
                    happened.append((String(decoding: name, as: UTF8.self), event.mask))
                    offset += 16 + Int(event.len)
                }
            }
        }

        /// Waits until the file has been replaced so many times in all.
        func wait(forReplacements count: Int) throws {
            while happened.count(where: { $0.name == "mneedle.prom" && $0.mask & UInt32(IN_MOVED_TO) != 0 }) < count {
                try wait()
            }
        }
    }

    @Test("it appears at once, is replaced in one step again and again, everybody may read it, and Prometheus can")
    func appears() throws {
        let shelf = try Shelf()
        try shelf.open()
        try shelf.configure("textfile = \"\(shelf.file)\"\nevery = \"1s\"")
        // Laid there by somebody.
        try FileManager.default.createSymbolicLink(atPath: shelf.file + ".new", withDestinationPath: "elsewhere")
        try shelf.daemon.start()
        try shelf.wait(forReplacements: 1)
        _ = try shelf.daemon.connect().ok("records.add-person person=zilpzalp")
        // One may have been under way when that was asked.
        try shelf.wait(forReplacements: 3)
        #expect(shelf.daemon.terminate() == 0)
        let figures = try MetricsTests.Figures(reading: shelf.file)
        #expect(figures.value("mneedle_requests_total", ["module": "records", "outcome": "ok"]) == 1)
        #expect(figures.value("mneedle_ledger_entries") == 1)
        #expect(!figures.text.contains("zilpzalp"))
        let attributes = try FileManager.default.attributesOfItem(atPath: shelf.file)
        #expect(attributes[.posixPermissions] as? Int == 0o644)
        #expect(shelf.happened.filter { $0.name == "mneedle.prom" }.allSatisfy { $0.mask == UInt32(IN_MOVED_TO) })
        #expect(try FileManager.default.contentsOfDirectory(atPath: shelf.folder).contains("elsewhere") == false)
        let left = try FileManager.default.destinationOfSymbolicLink(atPath: shelf.file + ".new")
        #expect(left == "elsewhere", "what it has not made it does not remove")
    }

    @Test("a reload begins it, moves it and ends it")
    func reloads() throws {
        let shelf = try Shelf()
        try shelf.open()
        try shelf.daemon.start()
        try shelf.configure("textfile = \"\(shelf.file)\"\nevery = \"1h\"")
        try shelf.reload()
        try shelf.wait(forReplacements: 1)
        try shelf.configure("textfile = \"\(shelf.folder)/other.prom\"\nevery = \"1s\"")
        try shelf.reload()
        while !shelf.happened.contains(where: { $0.name == "other.prom" }) { try shelf.wait() }
        try shelf.configure("textfile = \"\"\nevery = \"1s\"")
        try shelf.reload()
        #expect(shelf.daemon.terminate() == 0)
        #expect(!shelf.daemon.errorOutput.contains("only after a restart"))
    }

    @Test("a folder that is not there is said, and the file is written once it is")
    func unwritable() throws {
        let shelf = try Shelf()
        try shelf.configure("textfile = \"\(shelf.file)\"\nevery = \"1s\"")
        try shelf.daemon.start()
        let client = try shelf.daemon.connect()
        let log = inotify_init1(CInt(IN_CLOEXEC))
        defer { close(log) }
        inotify_add_watch(log, shelf.daemon.folder + "/log", UInt32(IN_MODIFY))
        while !shelf.daemon.errorOutput.contains("mneedle.prom cannot be written: No such file or directory") {
            var ready = pollfd(fd: log, events: Int16(POLLIN), revents: 0)
            try #require(poll(&ready, 1, 60_000) == 1, "nothing is said; \(shelf.daemon.errorOutput)")
            var bytes = [UInt8](repeating: 0, count: 4096)
            _ = read(log, &bytes, bytes.count)
        }
        #expect(try client.ask("ping") == "OK {}")
        try shelf.open()
        while !FileManager.default.fileExists(atPath: shelf.file) { try shelf.wait() }
        #expect(shelf.daemon.terminate() == 0)
    }

    @Test(
        "a path or a time that cannot be meant is refused with the configuration",
        arguments: [
            "textfile = \"mneedle.prom\"", "textfile = \"/tmp/\"", "textfile = 1", "every = \"0s\"", "every = \"1d\"",
            "every = 60", "file = \"/tmp/x.prom\"",
        ])
    func refused(keys: String) throws {
        #expect(throws: DaemonProcess.Failed.self) { try DaemonProcess(config: "[metrics]\n\(keys)\n") }
    }
}
