import Foundation
import Glibc
import MneedleTestKit
import MneedleWire
import Testing

@Suite("The store's files")
struct StoreFilesTests {
    private static func python(_ script: String, _ arguments: String...) throws {
        let ended = try ChildProcess.run(["python3", "-c", script] + arguments)
        guard ended.exitCode == 0 else { throw ToolFailed(description: ended.errors) }
    }

    /// A daemon with some items, and the path of its database.
    private static func daemonWithItems(_ count: Int = 5) throws -> (DaemonProcess, RawClient, String) {
        let daemon = try trialDaemon()
        let client = try daemon.connect()
        for number in 0..<count { _ = try client.ok("trial.add name=n\(number)") }
        return (daemon, client, daemon.folder + "/state/mneedle.sqlite")
    }

    /// What happens to the files, as a shell command in which `$1` is the database.
    private static let harms = [
        "rm $1", "rm $1-wal", "rm $1 $1-wal $1-shm", "rm -r $(dirname $1)", "mv $1 $1.away",
        "cp $1 $1.copy && mv $1.copy $1", "cp $1-wal $1.copy && mv $1.copy $1-wal", "truncate -s 0 $1-wal",
        "truncate -s 4096 $1", "cp $1 $1.copy && cat $1.copy > $1", "rm $1-shm",
    ]

    @Test("a change is acknowledged only while the store's files are those that are open", arguments: harms)
    func goneWhileRunning(harm: String) throws {
        let (daemon, client, database) = try Self.daemonWithItems()
        try run("bash", "-c", harm, "harm", database)
        for number in 0..<3 {
            let refused = try client.refused("trial.add name=late\(number)")
            #expect(refused.code == "storage", "\(harm)")
            #expect(refused.members["message"]?.string?.contains("restore a copy") == true, "\(refused.members)")
        }
        // How it is, it says though there may be no way to read the store.
        let status = try client.ok("status")
        let problems = status["problems"]?.strings ?? []
        #expect(status["state"]?.string == "degraded")
        #expect(problems.contains { $0.hasPrefix("the store's file is gone: '\(database)") }, "\(problems)")
        // The look at the whole store, which goes on meanwhile, may have found damage first.
        while true {
            let line = try daemon.notification()
            if line.contains("DEGRADED: "), line.contains("store-file") { break }
        }
        #expect(daemon.errorOutput.components(separatedBy: "the store's file is gone").count == 2, "said once")
        #expect(try client.ask("ping") == "OK {}")
        #expect(daemon.terminate() == 0)
    }

    @Test("a store that comes back as it was is used again, and one whose log alone is gone has lost nothing")
    func comesBack() throws {
        let (daemon, client, database) = try Self.daemonWithItems()
        try run("mv", database, database + ".away")
        #expect(try client.refused("trial.add name=late").code == "storage")
        try run("mv", database + ".away", database)
        _ = try client.ok("trial.add name=back")
        #expect(try client.ok("status")["state"]?.string == "ok")
        try run("rm", database + "-wal")
        #expect(try client.refused("trial.add name=lost").code == "storage")
        daemon.killNow()
        try daemon.start()
        let again = try daemon.connect()
        #expect(try again.ok("trial.count")["count"]?.integer == 6)
        #expect(try again.ok("status")["state"]?.string == "ok")
    }

    /// What happens to the state folder while the daemon is down: `$1` is the database, `$2` an older copy.
    private static let losses = [
        ("rm $1*", "the store is gone"), (": > $1; rm -f $1-wal", "the store is gone"),
        ("cp $2 $1; rm -f $1-wal $1-shm", "it has 5 ledger entries, and had 9"),
        (
            "python3 -c \"import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('UPDATE mneedle_store SET value=7'); c.commit()\" $1",
            "it has the id 7"
        ),
        (
            "python3 -c \"import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('UPDATE mneedle_ledger SET hash=zeroblob(32) WHERE seq=9'); c.commit()\" $1",
            "the first 9 entries of its ledger are others than before"
        ),
        ("echo '{\"store\":' > $(dirname $1)/ledger-head.json", "is damaged"),
    ]

    @Test("a store that is gone, older or another one is not taken for the one that was here", arguments: losses)
    func goneWhileStopped(loss: String, words: String) throws {
        let (daemon, client, database) = try Self.daemonWithItems()
        let copy = daemon.folder + "/copy.sqlite"
        #expect(daemon.terminate() == 0)
        try FileManager.default.copyItem(atPath: database, toPath: copy)
        try daemon.start()
        let again = try daemon.connect()
        for number in 0..<4 { _ = try again.ok("trial.add name=more\(number)") }
        withExtendedLifetime(client) {}
        #expect(daemon.terminate() == 0)
        try run("bash", "-c", loss, "loss", database, copy)
        try daemon.launch()
        #expect(try daemon.ending() == 78)
        let said = daemon.errorOutput
        #expect(said.contains(words), "\(said)")
        #expect(said.contains("make an empty file '\(daemon.folder)/state/accept-store' and start again"), "\(said)")
        // The one way on that is said.
        let acceptance = daemon.folder + "/state/accept-store"
        try Data().write(to: URL(fileURLWithPath: acceptance))
        try daemon.start()
        #expect(!FileManager.default.fileExists(atPath: acceptance), "it holds for one start")
        #expect(daemon.errorOutput.contains("notice=store-accepted"))
        #expect(try daemon.connect().ask("ping") == "OK {}")
    }

    @Test(
        "a start on a full disk says so and ends with 1, whatever has no room",
        .enabled(if: Machine.canMount, "needs root"),
        arguments: [4, 8, 12, 16, 24, 48, 80, 120, 200, 320])
    func fullAtFirst(kibibytes: Int) throws {
        let daemon = try trialDaemon(start: false)
        let state = daemon.folder + "/state"
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
        try run("mount", "-t", "tmpfs", "-o", "size=\(kibibytes)k,mode=700", "tmpfs", state)
        defer {
            if daemon.process.isRunning { daemon.killNow() }
            _ = try? run("umount", state)
        }
        do {
            try daemon.start()
            #expect(try daemon.connect().ask("ping") == "OK {}")
        } catch let failed as DaemonProcess.Failed {
            #expect(failed.description.hasPrefix("mneedled ended with 1: "), "\(failed)")
            #expect(failed.description.contains(state), "\(failed)")
        }
    }
}
