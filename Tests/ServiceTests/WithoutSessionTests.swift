import MneedleTestKit
import MneedleWire
import Testing

/// On a running daemon, from the device's line to what its owner is told.
@Suite("Needling without a session reaches the device's owner")
struct WithoutSessionTests {
    private static let kind = "telemetry.needled-without-session"

    /// One connection of a device, from the first byte to the last.
    private func needle(_ daemon: DaemonProcess, _ device: String) throws {
        let collector = try daemon.connect("telemetry")
        try collector.send("pen,device=\(device) depth_mm=0.3\npen,device=\(device) depth_mm=0.4\n")
        collector.halfClose()
        _ = try collector.rest()
    }

    private func reminders(_ client: RawClient) throws -> [JSON] {
        try client.reply("scheduling.list-reminders person=anna").dropLast().map { try JSON(endOf: $0) }
            .filter { $0["kind"]?.string == "needled-without-session" }
    }

    @Test("who subscribed to nothing is reminded, once a stretch, and a daemon that is started anew has it still")
    func told() throws {
        let daemon = try DaemonProcess()
        let client = try daemon.connect()
        _ = try client.ok("records.add-person person=anna")
        for device in ["roller", "spare"] {
            _ = try client.ok(
                "records.add-device device=\(device) kind=roller needle_mm=0.3 material=titanium owner=anna")
        }
        let watching = try daemon.connect()
        _ = try watching.ok("subscribe topics=reminder.due")
        try needle(daemon, "roller")
        let due = try JSON(endOf: watching.line())
        #expect(due["person"]?.string == "anna" && due["urgency"]?.string == "critical")
        #expect(due["device"]?.string == "roller" && due["kind"]?.string == "needled-without-session")
        #expect(due["title"]?.string?.contains("no session is on record") == true)

        // The next one to be told is of the other device.
        try needle(daemon, "roller")
        try needle(daemon, "spare")
        #expect(try JSON(endOf: watching.line())["device"]?.string == "spare")
        daemon.killNow()
        try daemon.start()
        let again = try daemon.connect()
        #expect(try reminders(again).map { $0["state"]?.string } == ["due", "due"])
        let entries = try again.reply("ledger.tail since=0 kind=\(Self.kind)").dropLast()
        #expect(entries.count == 2 && entries.allSatisfy { $0.contains(#""person":"anna""#) })
        _ = try again.ok("scheduling.done reminder=\(reminders(again)[0]["reminder"]?.integer ?? 0)")
        #expect(try reminders(again).map { $0["state"]?.string }.sorted { ($0 ?? "") < ($1 ?? "") } == ["done", "due"])
    }
}

extension JSON {
    /// The document at the end of a line: `EVENT 17 reminder.due {…}`.
    fileprivate init(endOf line: String) throws { self = try JSON.parse(String(line.drop { $0 != "{" })) }
}
