import Foundation
import MneedleTestKit
import Testing

struct RealDaemonTests {
    @Test("mneedlectl and mneedled understand each other")
    func together() throws {
        let modules = FileManager.default.temporaryDirectory.appendingPathComponent("none-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: modules, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: modules) }
        let daemon = try DaemonProcess(modules: modules)
        func run(_ arguments: String...) throws -> ToolRun {
            try mneedlectl(arguments, socket: daemon.folder + "/run/control.sock")
        }

        #expect(try run("ping").output == "ok\n")
        #expect(try run().output.contains("mneedlectl guide"))
        #expect(try run("status", "--json").output.hasPrefix("{\"version\":"))
        #expect(try run("ledger", "verify").output.hasPrefix("ok:       yes\n"))
        #expect(try run("help", "ledger").output.contains("ledger receipt"))
        let wrong = try run("ledger", "tail", "--count", "many")
        #expect(wrong.exitCode == 2)
        #expect(wrong.errors.contains("got 'many'"))
        #expect(try run("unsubscribe", "--tag", "x").exitCode == 5)

        let described = try run("describe", "--json").output.split(separator: "\n")
        #expect(described.count > 8)
        for line in described {
            let verb = line.dropFirst(#"{"verb":""#.count).prefix { $0 != "\"" }
            // What 'help' says is mneedlectl's own.
            guard verb != "help" else { continue }
            let help = try run("help", String(verb))
            #expect(help.exitCode == 0)
            #expect(help.output.contains("Usage: mneedlectl \(verb.replacing(".", with: " "))"))
        }
        #expect(daemon.terminate() == 0)
        #expect(try run("ping").exitCode == 3)
    }
}
