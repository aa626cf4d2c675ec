import Foundation
import Glibc
import MneedleTestKit
import MneedleWire
import Testing

@Suite("A backup goes where the configuration lets it, and whoever asks could go, and nowhere else")
struct BackupTests {
    private let temporary: TemporaryFolder
    private var folder: String { temporary.path }

    init() throws {
        temporary = try TemporaryFolder()
        for name in ["/copies", "/private"] {
            try FileManager.default.createDirectory(atPath: temporary.path + name, withIntermediateDirectories: false)
        }
    }

    private func daemon(_ folders: String..., config: String = "") throws -> DaemonProcess {
        let list = folders.map { "\"\($0)\"" }.joined(separator: ", ")
        return try trialDaemon("[backup]\nfolders = [\(list)]\n" + config)
    }

    @Test("a copy is complete, synced under its name at once, for its owner alone, and nothing else is left")
    func good() throws {
        let daemon = try daemon("backups", folder + "/copies")
        let client = try daemon.connect()
        for name in ["a", "b", "c"] { _ = try client.ok("trial.add name=\(name)") }
        let head = try client.ok("ledger.verify")["head"]
        for place in [folder + "/copies", daemon.folder + "/state/backups"] {
            let reply = try client.ok("ledger.backup path=\(place)/one.sqlite")
            #expect(reply["entries"]?.integer == 3 && reply["head"] == head)
            let attributes = try FileManager.default.attributesOfItem(atPath: place + "/one.sqlite")
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(attributes[.size] as? Int64 == reply["bytes"]?.integer)
            #expect(try FileManager.default.contentsOfDirectory(atPath: place) == ["one.sqlite"])
            let script = "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute('PRAGMA integrity_check'))"
            #expect(try run("python3", "-c", script, place + "/one.sqlite").contains("'ok'"))
        }
        let state = try FileManager.default.contentsOfDirectory(atPath: daemon.folder + "/state")
        #expect(state.filter { $0.hasPrefix("copy-") }.isEmpty)
    }

    @Test(
        "a path elsewhere, by a detour, or with another name than a store's is refused, and nothing is looked up or made"
    )
    func elsewhere() throws {
        let daemon = try daemon(folder + "/copies")
        let client = try daemon.connect()
        let copies = folder + "/copies"
        for path in [
            "\(folder)/private/a.sqlite", "\(folder)/a.sqlite", "\(copies)/../private/a.sqlite", "\(copies)/x/a.sqlite",
            "\(copies)/a", "\(copies)/authorized_keys", "\(copies)/.a.sqlite", "\(copies)/-a.sqlite",
            "\(copies)/.sqlite",
            "\(copies)//a.sqlite", "\(copies)/", "copies/a.sqlite", "a.sqlite", "/etc/shadow", "\(copies)/a b.sqlite",
            "\(copies)/\(String(repeating: "a", count: 300)).sqlite", "\(daemon.folder)/state/backups/a.sqlite",
            "\(daemon.folder)/state/mneedle.sqlite",
        ] {
            let refusal = try client.refused("ledger.backup \(JSON.object([.init("path", .string(path))]).text)")
            #expect(refusal.code == "invalid-argument" && refusal.members["argument"]?.string == "path", "\(path)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: copies).isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/private").isEmpty)
    }

    @Test("what is there already stays as it is: a file, a link, a link to nothing, and what looks like half a copy")
    func existing() throws {
        let client = try daemon(folder + "/copies").connect()
        let copies = folder + "/copies"
        try "mine".write(toFile: copies + "/file.sqlite", atomically: false, encoding: .utf8)
        try FileManager.default.createSymbolicLink(atPath: copies + "/link.sqlite", withDestinationPath: "file.sqlite")
        try FileManager.default.createSymbolicLink(
            atPath: copies + "/nothing.sqlite", withDestinationPath: "../private/x")
        for name in ["file", "link", "nothing"] {
            let refusal = try client.refused("ledger.backup path=\(copies)/\(name).sqlite")
            #expect(refusal.code == "conflict" && refusal.members["state"]?.string == "exists")
        }
        try FileManager.default.createDirectory(
            atPath: copies + "/new.sqlite.partial", withIntermediateDirectories: true)
        try "kept".write(toFile: copies + "/new.sqlite.partial/file", atomically: false, encoding: .utf8)
        _ = try client.ok("ledger.backup path=\(copies)/new.sqlite")
        #expect(try String(contentsOfFile: copies + "/new.sqlite.partial/file", encoding: .utf8) == "kept")
        #expect(try String(contentsOfFile: copies + "/file.sqlite", encoding: .utf8) == "mine")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/private").isEmpty)
    }

    @Test("a folder that is open to everybody, or that a link of somebody else leads to, is not written in")
    func untrusted() throws {
        let (copies, link) = (folder + "/copies", folder + "/link")
        let client = try daemon(copies, link).connect()
        chmod(copies, 0o777)
        let refusal = try client.refused("ledger.backup path=\(copies)/a.sqlite")
        #expect(refusal.members["state"]?.string == "untrusted")
        #expect(refusal.members["message"]?.string?.contains("chmod o-w") == true)
        chmod(copies, 0o700)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: copies)
        guard Machine.isRoot else { return }
        lchown(link, 65_534, 65_534)
        #expect(try client.refused("ledger.backup path=\(link)/a.sqlite").members["state"]?.string == "untrusted")
        chown(copies, 65_534, 65_534)
        #expect(try client.refused("ledger.backup path=\(copies)/a.sqlite").members["state"]?.string == "untrusted")
        #expect(try FileManager.default.contentsOfDirectory(atPath: copies).isEmpty)
    }

    @Test(
        "an admin who is not root gets copies only where that user could write without the service",
        .enabled(if: Machine.canBeOthers, "needs root, setpriv and socat"))
    func rights() throws {
        chmod(folder, 0o755)
        let copies = folder + "/copies"
        let daemon = try daemon(copies, "backups", config: "[roles.admin]\nusers = [\"daemon\"]\n")
        let client = try daemon.connect(as: "daemon")
        for path in [copies + "/a.sqlite", daemon.folder + "/state/backups/a.sqlite"] {
            let refusal = try client.refused("ledger.backup path=\(path)")
            #expect(refusal.code == "forbidden" && refusal.members["message"]?.string?.contains("'daemon'") == true)
        }
        // The group of the user `daemon`.
        let group = try #require(getgrnam("daemon")).pointee.gr_gid
        #expect(chown(copies, 0, group) == 0 && chmod(copies, 0o770) == 0)
        _ = try client.ok("ledger.backup path=\(copies)/a.sqlite")
        let attributes = try FileManager.default.attributesOfItem(atPath: copies + "/a.sqlite")
        #expect(attributes[.ownerAccountID] as? Int == 0 && attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test("names are one line: nothing in them ends a line or turns it around; notes may have several")
    func names() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        for mark in [
            "\n", "\t", "\r", "\u{0}", "\u{1B}", "\u{7F}", "\u{85}", "\u{9B}", "\u{2028}", "\u{202E}", "\u{2067}",
        ] {
            for request in [
                ("records.add-person", ["person": "p", "name": .string("a\(mark)ssh-rsa AAAA")] as JSON),
                (
                    "records.add-device",
                    ["device": "d", "kind": "roller", "needle_mm": 0.5, "serial": .string("x\(mark)")]
                ),
                ("scheduling.remind", ["person": "p", "at": "2099-01-01T00:00:00Z", "title": .string("x\(mark)y")]),
            ] {
                let refusal = try client.refused("\(request.0) \(request.1.text)")
                #expect(refusal.code == "invalid-argument", "\(request)")
                #expect(refusal.members["message"]?.string?.contains("on one line") == true, "\(refusal)")
            }
        }
        // Blanks name nobody and give no reason.
        #expect(try client.refused(#"records.add-person person=p name="  ""#).code == "invalid-argument")
        _ = try client.ok("records.add-person {\"person\":\"p\",\"name\":\"Zoë O'Brien-Šlégr 李\"}")
        let note: JSON = ["person": "p", "at": "2099-01-01T00:00:00Z", "title": "x", "body": "one\ntwo"]
        _ = try client.ok("scheduling.remind \(note.text)")
    }

    @Test(
        "a copy for which there is no room says so in the system's words, and leaves nothing",
        .enabled(if: Machine.canMount, "needs root"))
    func full() throws {
        let copies = folder + "/copies"
        try run("mount", "-t", "tmpfs", "-o", "size=16k,mode=700", "tmpfs", copies)
        defer { _ = try? run("umount", copies) }
        let refusal = try daemon(copies).connect().refused("ledger.backup path=\(copies)/a.sqlite")
        #expect(refusal.code == "storage")
        #expect(refusal.members["message"]?.string?.contains("No space left on device") == true, "\(refusal)")
        #expect(refusal.members["detail"]?.string == "No space left on device")
        #expect(try FileManager.default.contentsOfDirectory(atPath: copies).isEmpty)
    }

    @Test("what a service that was killed has left of a copy goes at the next start")
    func leftovers() throws {
        let daemon = try daemon("backups")
        #expect(daemon.terminate() == 0)
        for name in ["copy-x", "copy-x-journal", "mine"] {
            try "".write(toFile: daemon.folder + "/state/" + name, atomically: false, encoding: .utf8)
        }
        try daemon.start()
        let left = try FileManager.default.contentsOfDirectory(atPath: daemon.folder + "/state")
        #expect(left.contains("mine") && !left.contains { $0.hasPrefix("copy-") })
    }
}
