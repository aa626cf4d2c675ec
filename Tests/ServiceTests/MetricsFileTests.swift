import Foundation
import Glibc
import MneedleTestKit
import MneedleWire
import Testing

@Suite("The service's figures as a file for node_exporter", .serialized)
struct MetricsFileTests {
    /// A daemon, and a folder beside it for the file.
    struct Shelf {
        let daemon: DaemonProcess
        let folder: String
        var file: String { folder + "/mneedle.prom" }

        init() throws {
            daemon = try DaemonProcess()
            folder = daemon.folder + "/collector"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        }

        func write(_ path: String? = nil, _ more: [String] = []) throws -> ChildProcess.Ended {
            let socket = daemon.folder + "/run/control.sock"
            let tool = [DaemonProcess.products + "/mneedlectl", "--socket", socket, "metrics"]
            return try ChildProcess.run(tool + ["--output", path ?? file] + more)
        }
    }

    /// What happened to the files of a folder, in order, since it was made.
    final class Watch {
        private let descriptor = inotify_init1(CInt(IN_CLOEXEC | IN_NONBLOCK))

        init(_ folder: String) {
            inotify_add_watch(descriptor, folder, UInt32(IN_CREATE | IN_MODIFY | IN_MOVED_TO | IN_DELETE))
        }

        deinit { close(descriptor) }

        func happened() -> [(name: String, mask: UInt32)] {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = read(descriptor, &bytes, bytes.count)
            var (offset, found) = (0, [(name: String, mask: UInt32)]())
            while offset < count {
                bytes.withUnsafeBytes { bytes in
                    let event = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                    let name = bytes[(offset + 16)..<(offset + 16 + Int(event.len))].prefix { $0 != 0 }
                    found.append((String(decoding: name, as: UTF8.self), event.mask))
                    offset += 16 + Int(event.len)
                }
            }
            return found
        }
    }

    @Test("it is replaced in one step again and again, everybody may read it, and Prometheus can")
    func replaced() throws {
        let shelf = try Shelf()
        // Laid there by somebody.
        try FileManager.default.createSymbolicLink(atPath: shelf.file + ".new", withDestinationPath: "elsewhere")
        let first = try shelf.write()
        #expect(first.exitCode == 0, "\(first.errors)")
        _ = try shelf.daemon.connect().ok("records.add-person person=zilpzalp")
        let watch = Watch(shelf.folder)
        let second = try shelf.write(nil, ["--quiet"])
        #expect(second.exitCode == 0 && second.output.isEmpty && second.errors.isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: shelf.folder) == ["mneedle.prom"])
        let figures = try MetricsTests.Figures(reading: shelf.file)
        #expect(figures.value("mneedle_requests_total", ["module": "records", "outcome": "ok"]) == 1)
        #expect(figures.value("mneedle_ledger_entries") == 1)
        #expect(!figures.text.contains("zilpzalp"))
        let attributes = try FileManager.default.attributesOfItem(atPath: shelf.file)
        #expect(attributes[.posixPermissions] as? Int == 0o644)
        let steps = watch.happened().filter { $0.name == "mneedle.prom" }
        #expect(steps.count == 1 && steps.allSatisfy { $0.mask == UInt32(IN_MOVED_TO) })
    }

    @Test("one that cannot be written is an error that says why; nothing half is left, and the old one stays")
    func unwritable() throws {
        let shelf = try Shelf()
        let nowhere = try shelf.write("/nowhere/mneedle.prom")
        #expect(nowhere.exitCode == 1 && nowhere.errors.contains("No such file or directory"))
        // A folder in its place cannot be replaced by a file.
        try FileManager.default.createDirectory(atPath: shelf.file, withIntermediateDirectories: false)
        let folder = try shelf.write()
        #expect(folder.exitCode == 1 && folder.errors.contains("Is a directory"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: shelf.folder) == ["mneedle.prom"])
        try FileManager.default.removeItem(atPath: shelf.file)
        #expect(try shelf.write().exitCode == 0)
        let before = try String(contentsOfFile: shelf.file, encoding: .utf8)
        #expect(shelf.daemon.terminate() == 0)
        #expect(try shelf.write().exitCode == 3)
        #expect(try String(contentsOfFile: shelf.file, encoding: .utf8) == before)
    }

    @Test("a file that is not named is a mistake, and so is the section that once named it")
    func refused() throws {
        let tool = DaemonProcess.products + "/mneedlectl"
        for words in [["--output"], ["--output="], ["--out", "x"]] {
            #expect(try ChildProcess.run([tool, "metrics"] + words).exitCode == 2)
        }
        let error = #expect(throws: DaemonProcess.Failed.self) {
            try DaemonProcess(config: "[metrics]\ntextfile = \"\"\n")
        }
        #expect(error?.description.contains("mneedlectl metrics --output") == true, "\(error?.description ?? "")")
    }
}
