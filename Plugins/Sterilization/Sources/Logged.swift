import MneedleKit

/// The judgement of a soak or cycle.
struct ReprocessingJudgement: Sendable {
    /// The findings by which the soak or cycle does not count; empty where it counts.
    var refusals: [Finding] = []
    /// The findings that say what to do better, although the soak or cycle counts.
    var advice: [Finding] = []

    var counts: Bool { refusals.isEmpty }
    var findings: [Finding] { refusals + advice }
}

/// An identifier without the blanks around it, which are part of no label.
func trimmed(_ text: String) -> String {
    let start = text.drop { $0.isWhitespace }
    return String(start.reversed().drop { $0.isWhitespace }.reversed())
}

/// An identifier as printed, without the blanks around it.
/// - Throws: `invalid-argument` for an identifier of blanks alone.
func printed(_ text: String, _ key: Parameter<some Sendable>) throws -> String {
    let text = trimmed(text)
    guard !text.isEmpty else {
        throw ModuleError.invalidArgument(key.name, expected: "what the label says", got: "blanks")
    }
    return text
}

extension Sterilization {
    /// The parameter for the end of a soak or cycle.
    static let ended = Parameter.optional("at", .time, "When it ended; default now.")

    /// The end of a soak or cycle: now, unless the request gives another time.
    /// - Throws: `invalid-argument` for a time to come, or one too long ago to log from memory.
    func endTime(_ at: Instant?, _ reading: any Reading) throws -> Instant {
        guard let at else { return reading.now }
        let name = Sterilization.ended.name
        if at > reading.now {
            throw ModuleError.invalidArgument(
                name, expected: "a time that is over", got: at.description,
                "'\(name)' is when it ended and may not be in the future (now: \(reading.now)); log it when it is done")
        }
        let lateEntry = knowledge.lasting.lateEntry
        if Zone.utc.adding(lateEntry, to: at) < reading.now {
            throw ModuleError.invalidArgument(
                name, expected: "a time within the last \(lateEntry)", got: at.description,
                "'\(name)' is longer ago than \(lateEntry), too long to be logged from memory; do it again and log that"
            )
        }
        return at
    }

    /// The person whose a device is: its owner, or the last person it was used for; `nil` where there is none, and where that
    /// one has been erased.
    func user(of device: Device, _ head: Head, _ reading: any Reading) throws -> Person? {
        guard let person = device.owner ?? head.lastPerson else { return nil }
        if device.owner == nil, try reading.modules.has("person", named: person) == false { return nil }
        return try reading.person(person)
    }

    /// The setting that a device belongs to: its owner's, or that of the last person it was used for.
    func setting(of device: Device, _ head: Head, _ reading: any Reading) throws -> Setting? {
        try user(of: device, head, reading)?.setting
    }

    /// The findings by which a soak or cycle that began at `began` cannot make this head ready, however well it was done.
    func timingRefusals(_ head: Head, began: Instant, _ setting: Setting) throws -> [Finding] {
        if head.running != nil { return try find(.headInUse, setting, ["device": head.device]) }
        return head.isAfterUse(began) ? [] : try find(.beforeLastUse, setting, ["device": head.device])
    }

    /// A finding about a device, a run or a cartridge. It names no time, which would need somebody's zone.
    func find(
        _ code: SterilizationCode, _ setting: Setting, _ values: [String: any CustomStringConvertible]
    ) throws -> [Finding] {
        try knowledge.findings.find(code, setting, in: .utc, values)
    }

    /// Records the end of a cleaning that was due, beside the soak or cycle that ended it.
    func recordCleaned(_ head: Head, at: Instant, by process: String, _ transaction: any Transaction) throws {
        // The reminder to clean the device named it as the session did.
        for device in try Head.records(of: head.device, transaction) {
            try transaction.record(
                Entry(
                    "device.cleaned", subject: "device/\(device)", person: head.lastPerson,
                    body: ["device": device, "person": head.lastPerson, "at": at, "by": process]))
        }
    }
}
