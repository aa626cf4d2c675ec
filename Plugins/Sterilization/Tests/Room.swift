import MneedleKit
import MneedleTestKit

@testable import Sterilization

/// A bench with people and devices to treat.
struct Room {
    let bench: Bench
    private let busy = Busy()

    /// Until when the people here were at work: who soaks a head waits until then, and for as long as the soak takes.
    private final class Busy {
        var until: Instant?
    }

    private func take(_ minutes: Double) {
        let began = bench.clock.now().adding(milliseconds: -Span.minutes(minutes).totalMilliseconds)
        if let until = busy.until, began < until {
            bench.clock.set(until.adding(milliseconds: Span.minutes(minutes).totalMilliseconds))
        }
        busy.until = bench.clock.now()
    }

    /// anna and ben at home, cleo and dan in a clinic; anna owns `roller`, the pens take cartridges.
    init(at now: String = "2026-11-20T12:00:00Z", section: Object = [:], knowledge: String? = nil) throws {
        bench = try Bench(definition, at: now, section: section, knowledge: knowledge)
        bench.fake("records.show-person") { arguments in
            let name = arguments.text("person") ?? ""
            guard let person = Room.people[name] else { throw ModuleError.notFound("person", name) }
            return person.object
        }
        bench.fake("records.show-device") { arguments in
            let name = arguments.text("device") ?? ""
            guard let device = Room.devices[name] else { throw ModuleError.notFound("device", name) }
            return device.object
        }
    }

    static let people: [String: Person] = [
        "anna": Person(person: "anna", setting: .home, goal: .collagen, timeZone: "Europe/Berlin"),
        "ben": Person(person: "ben", setting: .home, goal: .collagen),
        "cleo": Person(person: "cleo", setting: .clinic, goal: .collagen),
        "dan": Person(person: "dan", setting: .clinic, goal: .collagen),
    ]

    static let devices: [String: Device] = [
        "roller": Device(device: "roller", kind: .roller, owner: "anna"),
        "loose-roller": Device(device: "loose-roller", kind: .roller),
        "pen": Device(device: "pen", kind: .pen, cartridges: true),
        "other-pen": Device(device: "other-pen", kind: .pen, cartridges: true),
        "plain-pen": Device(device: "plain-pen", kind: .pen),
        "steel": Device(device: "steel", kind: .stamp, owner: "cleo"),
        "steel-2": Device(device: "steel-2", kind: .stamp, owner: "dan"),
        "unowned": Device(device: "unowned", kind: .stamp),
        "old-pen": Device(device: "old-pen", kind: .pen, cartridges: true, retired: true),
    ]

    func soak(
        _ device: String, agent: String = "isopropyl-alcohol", percent: Double = 70, minutes: Double = 10,
        at: String? = nil, handsWashed: Bool? = true, cleanSurface: Bool? = true
    ) throws -> Object {
        if at == nil { take(minutes) }
        return try bench.call(
            "sterilization.soak",
            [
                "device": device, "agent": agent, "concentration_percent": percent, "minutes": minutes, "at": at,
                "hands_washed": handsWashed, "clean_surface": cleanSurface,
            ], as: .operator)
    }

    func cycle(
        _ device: String, method: String = "gravity", celsius: Double = 121, minutes: Double = 30,
        indicator: String? = "pass", load: String? = nil, steriliser: String? = nil, waits: Bool = true
    ) throws -> Object {
        if waits { take(minutes) }
        return try bench.call(
            "sterilization.cycle",
            [
                "device": device, "method": method, "temperature_c": celsius, "minutes": minutes,
                "indicator": indicator, "load": load, "steriliser": steriliser,
            ], as: .operator)
    }

    @discardableResult
    func open(
        _ cartridge: String, on device: String = "pen", for person: String, lot: String? = "L1",
        expires: String? = "2027-03-31"
    ) throws -> Object {
        try bench.call(
            "sterilization.open-cartridge",
            ["cartridge": cartridge, "device": device, "person": person, "lot": lot, "expires": expires], as: .operator)
    }

    func status(_ device: String) throws -> Object {
        try bench.call("sterilization.status", ["device": device], as: .reader)
    }

    func start(_ session: Int64, _ person: String, _ device: String, cartridge: String? = nil) throws {
        try happen("session.started", session, person, device, cartridge, ended: nil)
    }

    func end(
        _ session: Int64, _ person: String, _ device: String, cartridge: String? = nil,
        as kind: String = "session.finished"
    ) throws {
        try happen(kind, session, person, device, cartridge, ended: bench.clock.now())
    }

    /// A whole session, which begins and ends now.
    func treat(_ session: Int64, _ person: String, _ device: String, cartridge: String? = nil) throws {
        try start(session, person, device, cartridge: cartridge)
        try end(session, person, device, cartridge: cartridge)
    }

    private func happen(
        _ kind: String, _ session: Int64, _ person: String, _ device: String, _ cartridge: String?, ended: Instant?
    ) throws {
        busy.until = bench.clock.now()
        try bench.happen(
            kind, subject: "session/\(session)", person: person,
            SessionEntry(
                session: session, person: person, device: device, areas: ["cheeks"], depthMM: 0.3, goal: .collagen,
                setting: Room.people[person]?.setting ?? .home, cartridge: cartridge, started: bench.clock.now(),
                ended: ended
            ).object)
    }

    func findings(_ person: String, _ device: String, cartridge: String? = nil) throws -> [Finding] {
        try bench.findings(
            for: SessionPlan(
                person: Room.people[person]!, device: Room.devices[device]!, areas: ["cheeks"], depthMM: 0.3,
                goal: .collagen, cartridge: cartridge, at: bench.clock.now()))
    }

    /// What is found of a head that has had time to dry; one that is wet has its own test.
    func codes(_ person: String, _ device: String, cartridge: String? = nil) throws -> [String] {
        try findings(person, device, cartridge: cartridge).map(\.code).filter { $0 != "head-wet" }
    }
}
