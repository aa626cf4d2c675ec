import Foundation
import Glibc
import MneedleTestKit
import Testing

@Suite("Nothing is relied on that somebody else could change")
struct TrustTests {
    /// A place that is as it must not be.
    struct Place: Sendable, CustomTestStringConvertible {
        let what: String
        /// What is wrong with it, as the daemon says.
        let reason: String
        /// What mends it, as the daemon says.
        let remedy: String
        /// Gives files away, which only root can.
        var takesRoot = false
        /// The daemon serves all the same, without what is in that place.
        var serves = false
        var config: @Sendable (String) -> String = { _ in "" }
        /// Spoils a daemon's folder, in which `state` (with a store), `run`, `modules` and `knowledge` are.
        let spoil: @Sendable (String) throws -> Void

        var testDescription: String { what }
    }

    /// Somebody who is neither root nor the daemon's user.
    private static let other: uid_t = 65_534

    private static func mode(_ path: String, _ mode: mode_t) -> @Sendable (String) throws -> Void {
        { folder in try check(chmod(folder + path, mode), path) }
    }

    private static func give(_ path: String) -> @Sendable (String) throws -> Void {
        { folder in try check(lchown(folder + path, other, other), path) }
    }

    /// Puts a link in place of a file, to another that has something in it.
    private static func link(_ path: String) -> @Sendable (String) throws -> Void {
        { folder in
            unlink(folder + path)
            try check(symlink(folder + "/precious", folder + path), path)
        }
    }

    private static func secondName(_ path: String) -> @Sendable (String) throws -> Void {
        { folder in
            unlink(folder + path)
            try check(Glibc.link(folder + "/precious", folder + path), path)
        }
    }

    private static func check(_ result: Int32, _ path: String) throws {
        guard result == 0 else { throw ToolFailed(description: "\(path): \(String(cString: strerror(errno)))") }
    }

    private static let everybody = "may be written by everybody"
    private static let another = "belongs to "
    private static let takeBack = "chown "

    static let places: [Place] = [
        Place(what: "state folder, open", reason: everybody, remedy: "chmod go-w", spoil: mode("/state", 0o777)),
        Place(
            what: "state folder, a group's", reason: "by a group", remedy: "chmod go-w", spoil: mode("/state", 0o770)),
        Place(what: "state folder, sticky", reason: everybody, remedy: "chmod go-w", spoil: mode("/state", 0o1777)),
        Place(
            what: "state folder, another's", reason: another, remedy: takeBack, takesRoot: true, spoil: give("/state")),
        Place(what: "the folder above, open", reason: everybody, remedy: "chmod go-w", spoil: mode("", 0o777)),
        Place(what: "the folder above, another's", reason: another, remedy: takeBack, takesRoot: true, spoil: give("")),
        Place(what: "state folder behind another's link", reason: another, remedy: takeBack, takesRoot: true) {
            folder in
            try check(rename(folder + "/state", folder + "/elsewhere"), "state")
            try check(symlink(folder + "/elsewhere", folder + "/state"), "state")
            try give("/state")(folder)
        },
        Place(what: "store, a link", reason: "is a link", remedy: "rm ", spoil: link("/state/mneedle.sqlite")),
        Place(
            what: "store, open", reason: everybody, remedy: "chmod go-w", spoil: mode("/state/mneedle.sqlite", 0o666)),
        Place(
            what: "store, readable", reason: "read by others", remedy: "chmod 600",
            spoil: mode("/state/mneedle.sqlite", 0o644)),
        Place(
            what: "store, another's", reason: another, remedy: takeBack, takesRoot: true,
            spoil: give("/state/mneedle.sqlite")),
        Place(
            what: "store, two names", reason: "has 2 names", remedy: "find ", spoil: secondName("/state/mneedle.sqlite")
        ),
        Place(
            what: "log of the store, a link", reason: "is a link", remedy: "rm ",
            spoil: link("/state/mneedle.sqlite-wal")),
        Place(what: "lock, a link", reason: "is a link", remedy: "rm ", spoil: link("/state/lock")),
        Place(what: "lock, two names", reason: "has 2 names", remedy: "find ", spoil: secondName("/state/lock")),
        Place(what: "lock, another's", reason: another, remedy: takeBack, takesRoot: true, spoil: give("/state/lock")),
        Place(what: "crash notes, a link", reason: "is a link", remedy: "rm ", spoil: link("/state/running")),
        Place(what: "runtime folder, open", reason: everybody, remedy: "chmod go-w", spoil: mode("/run", 0o777)),
        Place(
            what: "runtime folder, another's", reason: another, remedy: takeBack, takesRoot: true, spoil: give("/run")),
        Place(
            what: "modules folder, open", reason: everybody, remedy: "chmod go-w", serves: true,
            spoil: mode("/modules", 0o777)),
        Place(
            what: "modules folder, another's", reason: another, remedy: takeBack, takesRoot: true, serves: true,
            spoil: give("/modules")),
        Place(
            what: "library, open", reason: everybody, remedy: "chmod go-w", serves: true,
            spoil: mode("/modules/libtrial.so", 0o777)),
        Place(
            what: "library, another's", reason: another, remedy: takeBack, takesRoot: true, serves: true,
            spoil: give("/modules/libtrial.so")),
        Place(
            what: "configuration, open", reason: everybody, remedy: "chmod go-w", spoil: mode("/mneedled.toml", 0o666)),
        Place(
            what: "configuration, a group's", reason: "by a group", remedy: "chmod go-w",
            spoil: mode("/mneedled.toml", 0o664)),
        Place(
            what: "configuration, another's", reason: another, remedy: takeBack, takesRoot: true,
            spoil: give("/mneedled.toml")),
        Place(
            what: "configuration, a pipe that nobody writes to", reason: "is no regular file",
            remedy: "give a regular file"
        ) { folder in
            unlink(folder + "/mneedled.toml")
            try check(mkfifo(folder + "/mneedled.toml", 0o600), "mneedled.toml")
        },
        Place(
            what: "knowledge folder, open", reason: everybody, remedy: "chmod go-w", spoil: mode("/knowledge", 0o777)),
        Place(
            what: "knowledge, open", reason: everybody, remedy: "chmod go-w",
            spoil: mode("/knowledge/sources.toml", 0o606)),
        Place(
            what: "knowledge, another's", reason: another, remedy: takeBack, takesRoot: true,
            spoil: give("/knowledge/sources.toml")),
    ]

    @Test(
        "each such place is refused by its name, with what is wrong and what mends it, and nothing is changed",
        arguments: places)
    func refused(place: Place) throws {
        guard Machine.isRoot || !place.takesRoot else { return }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mt-\(UUID().uuidString.prefix(8))")
            .path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Self.furnish(folder, place)
        let daemon = try ChildProcess(
            [
                "timeout", "60", DaemonProcess.products + "/mneedled", "--config", folder + "/mneedled.toml", "--state",
                folder + "/state",
                "--runtime", folder + "/run", "--modules", folder + "/modules", "--knowledge", folder + "/knowledge",
            ] + (place.serves ? ["--check-config"] : []), output: Self.log(folder))
        #expect([1, 78].contains(daemon.wait()))
        let said = try String(contentsOfFile: folder + "/log", encoding: .utf8)
        #expect(said.contains(place.reason) && said.contains(place.remedy), "\(said)")
        #expect(said.contains("'\(folder)"), "\(said)")
        #expect(try String(contentsOfFile: folder + "/precious", encoding: .utf8) == "not the service's\n")
        #expect(!FileManager.default.fileExists(atPath: folder + "/run/control.sock"))
    }

    /// A daemon's folder with everything in it, as it is after a run, then spoilt.
    private static func furnish(_ folder: String, _ place: Place) throws {
        let files = FileManager.default
        for name in ["", "/state", "/run", "/modules"] {
            try files.createDirectory(atPath: folder + name, withIntermediateDirectories: true)
            try check(chmod(folder + name, 0o755), name)
        }
        try files.copyItem(atPath: Bench.projectKnowledge, toPath: folder + "/knowledge")
        let texts = [
            "/precious": "not the service's\n", "/state/mneedle.sqlite": "",
            "/state/lock": "1\n",
            "/mneedled.toml": practice(place.config(folder)),
        ]
        for (name, text) in texts {
            try text.write(toFile: folder + name, atomically: false, encoding: .utf8)
            try check(chmod(folder + name, 0o600), name)
        }
        if place.serves {
            let shelf = try ModulesFolder()
            try files.copyItem(atPath: shelf.path + "/libtrial.so", toPath: folder + "/modules/libtrial.so")
        }
        try place.spoil(folder)
    }

    private static func log(_ folder: String) -> Int32 {
        open(folder + "/log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    }

    @Test(
        "links of one's own lead to state, configuration and knowledge; a sticky folder of root's on the way is none's")
    func links() throws {
        let daemon = try trialDaemon(start: false)
        for name in ["state", "mneedled.toml"] {
            let path = daemon.folder + "/" + name
            if name == "state" {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            }
            try FileManager.default.moveItem(atPath: path, toPath: path + "-itself")
            try FileManager.default.createSymbolicLink(
                atPath: path,
                withDestinationPath: "../" + (daemon.folder as NSString).lastPathComponent + "/\(name)-itself")
        }
        try daemon.start()
        #expect(try daemon.connect().ask("ping") == "OK {}")
    }
}
