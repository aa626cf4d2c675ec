import Foundation
import Glibc
import MneedleSystem
import MneedleTestKit
import MneedleWire
import Testing

@Suite("At the door")
struct DoorTests {
    @Test("when all places are taken an administrator still gets in, and only so many")
    func reserved() throws {
        let daemon = try trialDaemon(
            "[limits]\nmax_connections = 9\nmax_connections_per_uid = 4\nreserved_connections = 2\n")
        let clients = try (0..<6).map { _ in try daemon.connect() }
        for client in clients { #expect(client.greeting.hasPrefix("MNEEDLE ")) }
        #expect(try daemon.connect().greeting.hasPrefix("ERR busy {"))
        clients[0].halfClose()
        #expect(try clients[0].rest().isEmpty)
        #expect(try daemon.connect().greeting.hasPrefix("MNEEDLE "))
    }

    @Test(
        "others' connections leave the administrator's places free",
        .enabled(if: Machine.canBeOthers, "needs root, setpriv and socat"))
    func reservedFromOthers() throws {
        let daemon = try trialDaemon(
            "[roles.reader]\nusers = [\"nobody\"]\n[limits]\nmax_connections = 8\nreserved_connections = 1\n")
        let others = try (0..<8).map { _ in try daemon.connect(as: "nobody") }
        for client in others { #expect(client.greeting.hasPrefix("MNEEDLE ")) }
        #expect(try daemon.connect(as: "nobody").greeting.hasPrefix("ERR busy {"))
        #expect(try daemon.connect().ok("status")["connections"]?.integer == 9)
    }

    @Test("without a descriptor left everybody is answered, and all goes on when there are some again")
    func descriptors() throws {
        let daemon = try trialDaemon(
            "[limits]\nreserved_connections = 64\n",
            wrapper: ["sh", "-c", "ulimit -n 48; exec \"$@\"", "sh"])
        var clients: [RawClient] = []
        var refused = 0
        for _ in 0..<60 {
            let client = try daemon.connect()
            if client.greeting.hasPrefix("MNEEDLE ") {
                clients.append(client)
            } else {
                #expect(client.greeting.hasPrefix("ERR busy {"), "\(client.greeting)")
                refused += 1
            }
        }
        #expect(clients.count > 4 && refused > 4)
        for client in clients { #expect(try client.ask("ping") == "OK {}") }
        for client in clients.dropFirst() { client.leave() }
        for client in clients.dropFirst() { #expect(try client.rest().isEmpty) }
        let one = try #require(clients.first)
        #expect(try one.ok("status")["state"]?.string == "ok")
        #expect(try daemon.connect().greeting.hasPrefix("MNEEDLE "))
    }

    @Test(
        "those who connect as fast as they can keep nobody out, with a role or without",
        .enabled(if: Machine.canBeOthers && Machine.has("python3"), "needs root, setpriv, socat and python3"),
        arguments: [("", "ERR forbidden {"), ("[roles.reader]\nusers = [\"nobody\"]\n", "MNEEDLE ")])
    func floods(configuration: String, greeting: String) throws {
        let daemon = try trialDaemon(configuration)
        // Has the folders opened for others.
        #expect(try daemon.connect(as: "nobody").greeting.hasPrefix(greeting))
        let flood = """
            import socket, sys
            while True:
                s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.close()
            """
        let path = daemon.folder + "/run/control.sock"
        let flooding = try (0..<2).map { _ in
            Child(
                try ChildProcess([
                    "setpriv", "--reuid", "nobody", "--regid", "65534", "--clear-groups", "python3", "-c", flood, path,
                ]))
        }
        let address = try UnixAddress(path)
        var waited = 0
        for _ in 0..<200 {
            let type = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
            let socket = try #require(Descriptor(Glibc.socket(AF_UNIX, Int32(type), 0)))
            do throws(SystemError) {
                try address.connect(socket)
            } catch {
                waited += 1
                continue
            }
            #expect(try RawClient(socket).ask("ping") == "OK {}")
        }
        #expect(waited < 100, "\(waited) of 200 found the queue full")
        withExtendedLifetime(flooding) {}
    }

    @Test(
        "who connects too often is told so, and gets in again after a second; an administrator always gets in",
        .enabled(if: Machine.canBeOthers, "needs root, setpriv and socat"))
    func pace() throws {
        let daemon = try trialDaemon("[roles.reader]\nusers = [\"nobody\"]\n[limits]\nconnects_per_second = 1\n")
        var told = ""
        for _ in 0..<20 where !told.hasPrefix("ERR") { told = try daemon.connect(as: "nobody").greeting }
        #expect(told.hasPrefix("ERR busy {") && told.contains(#""limit":1,"retry_after":"PT1S""#), "\(told)")
        for _ in 0..<20 { #expect(try daemon.connect().greeting.hasPrefix("MNEEDLE ")) }
        while !told.hasPrefix("MNEEDLE ") { told = try daemon.connect(as: "nobody").greeting }
    }

    @Test("a process of this service leaves no core behind")
    func noCore() throws {
        let daemon = try trialDaemon(wrapper: ["sh", "-c", "ulimit -Sc unlimited 2>/dev/null; exec \"$@\"", "sh"])
        let limits = try String(contentsOfFile: "/proc/\(daemon.process.processIdentifier)/limits", encoding: .utf8)
        let core = limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") }
        #expect(core?.split(separator: " ").dropFirst(4).first == "0", "\(core ?? "")")
    }
}
