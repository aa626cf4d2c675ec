import MneedleKit

/// An entry of the ledger, as the model reads it.
struct LedgerFact {
    var sequence: Int64
    var at: Instant
    var kind: String
    var subject: String
    var person: String?
    var body: Object
}

/// A promise that was not kept.
struct Violation: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// What the ledger has said so far, as far as the promises need it: plain values, and no code of the modules. Each entry is
/// held against the promises as it comes.
struct Model {
    struct Session {
        var person: String
        var device: String
        var isRunning = true
    }

    struct Cartridge {
        var person: String
        var device: String
        var session: Int64?
        var isDiscarded = false
    }

    struct Reminder {
        enum State { case waiting, came, closed }

        var person: String
        var due: Instant
        var state = State.waiting
    }

    /// The unix user of each person on record; `nil` for those that belong to nobody.
    private(set) var people: [String: String?] = [:]
    private(set) var sessions: [Int64: Session] = [:]
    private(set) var cartridges: [String: Cartridge] = [:]
    private(set) var reminders: [Int64: Reminder] = [:]
    private(set) var reactions: [Int64: String] = [:]
    /// The devices that take cartridges.
    private var takesCartridges: Set<String> = []
    /// The heads that were made ready and not used since.
    private var ready: Set<String> = []
    /// Whether records of devices, or of people, were joined: then names say less.
    private var hasJoined = false
    private var lastEnd: [String: Instant] = [:]
    private var screened: [String: [Instant]] = [:]
    /// The latest time of an entry since the clock was last accepted.
    private var latest: Instant?
    /// The people who are being erased, whom the entry does not name.
    var erasing: [String] = []
    /// The devices of sessions that were put on record afterwards.
    private var loggedDevices: Set<String> = []

    // MARK: Entries

    mutating func take(_ entry: LedgerFact) throws {
        let body = entry.body
        switch entry.kind {
        case "person.added": people[try body.text("person")] = .some(body.string("unix_user"))
        case "person.changed":
            guard let after = body.object("after") else { throw Violation("no person in \(entry)") }
            people[try after.text("person")] = .some(after.string("unix_user"))
        case "person.erased": try erase(as: body.text("name"))
        case "twin.decided", "twin.device-decided": hasJoined = hasJoined || body.bool("same") == true
        case "device.added", "device.changed": try takeDevice(body.object("after") ?? body)
        case "screening.assessed":
            if body.string("valid_until") != nil { screened[try body.text("person"), default: []].append(entry.at) }
        case "sterilization.soaked", "sterilization.cycled": try takeCleaning(body)
        case "session.started", "session.finished", "session.stopped": try takeSession(entry)
        case "cartridge.opened", "cartridge.used", "cartridge.discarded": try takeCartridge(entry)
        case "reaction.opened": reactions[try body.integral("reaction")] = try body.text("person")
        case "reaction.resolved": reactions[try body.integral("reaction")] = nil
        case "mneedled.clock-accepted": latest = nil
        default: if entry.kind.hasPrefix("reminder.") { try takeReminder(entry) }
        }
        latest = max(latest ?? entry.at, entry.at)
    }

    private mutating func takeDevice(_ device: Object) throws {
        let name = try device.text("device")
        if device.bool("cartridges") == true { takesCartridges.insert(name) } else { takesCartridges.remove(name) }
    }

    private mutating func takeCleaning(_ body: Object) throws {
        if body.bool("counts") == true { ready.insert(try body.text("device")) }
    }

    private mutating func erase(as pseudonym: String) throws {
        guard !erasing.isEmpty else { throw Violation("somebody was erased whom nobody asked to erase: \(pseudonym)") }
        let person = erasing.removeFirst()
        people[person] = nil
        reminders = reminders.filter { $0.value.person != person }
        reactions = reactions.filter { $0.value != person }
        (lastEnd[person], screened[person]) = (nil, nil)
        for name in cartridges.keys where cartridges[name]?.person == person { cartridges[name]?.person = pseudonym }
    }

    // MARK: Sessions

    private mutating func takeSession(_ entry: LedgerFact) throws {
        let body = entry.body
        let (id, person, device) = (try body.integral("session"), try body.text("person"), try body.text("device"))
        if body.bool("logged") == true { return try takeLogged(body, id, person, device) }
        guard entry.kind == "session.started" else {
            guard sessions[id]?.isRunning == true else { throw Violation("session \(id) ends and did not run") }
            sessions[id]?.isRunning = false
            lastEnd[person] = body.instant("ended") ?? entry.at
            ready.remove(device)
            return
        }
        guard sessions[id] == nil else { throw Violation("session \(id) starts twice") }
        for (other, session) in sessions where session.isRunning {
            if session.person == person { throw Violation("\(person) is in sessions \(other) and \(id) at once") }
            if session.device == device { throw Violation("\(device) is in sessions \(other) and \(id) at once") }
        }
        try holdAgainstSafety(entry, id, person, device, body.strings("overridden"))
        sessions[id] = Session(person: person, device: device)
        ready.remove(device)
    }

    /// A session that was put on record afterwards, with its own times.
    private mutating func takeLogged(_ body: Object, _ id: Int64, _ person: String, _ device: String) throws {
        guard sessions[id] == nil else { throw Violation("session \(id) is put on record, and was there") }
        guard let began = body.instant("started"), let ended = body.instant("ended"), began <= ended else {
            throw Violation("session \(id) is put on record without its times")
        }
        var session = Session(person: person, device: device)
        session.isRunning = false
        sessions[id] = session
        lastEnd[person] = max(lastEnd[person] ?? ended, ended)
        // A head that was made ready since stays ready; which came first the model does not keep.
        ready.remove(device)
        loggedDevices.insert(device)
        if let name = body.string("cartridge").map(trimmed), cartridges[name]?.session == nil {
            cartridges[name]?.session = id
        }
    }

    /// The rules that nobody may pass over, and those that were not.
    private mutating func holdAgainstSafety(
        _ entry: LedgerFact, _ id: Int64, _ person: String, _ device: String, _ overridden: [String]
    ) throws {
        func refuse(_ why: String, unless code: String) throws {
            if !overridden.contains(code) { throw Violation("session \(id) of \(person) started, and \(why)") }
        }
        if let latest, entry.at.milliseconds < latest.milliseconds - 121_000 {
            throw Violation("session \(id) started at \(entry.at), and it was \(latest) already")
        }
        // The floor of two weeks, counted in calendar days.
        if let last = lastEnd[person], entry.at.milliseconds - last.milliseconds < 13 * 86_400_000 {
            throw Violation("session \(id) of \(person) started at \(entry.at), and the last one ended at \(last)")
        }
        if reactions.values.contains(person) { try refuse("a reaction is open", unless: "open-reaction") }
        let isScreened = screened[person, default: []].contains {
            0...86_400_000 ~= entry.at.milliseconds - $0.milliseconds
        }
        if !isScreened { try refuse("there is no screening of the last day", unless: "not-screened") }
        if !ready.contains(device), !hasJoined, !loggedDevices.contains(device) {
            try refuse("\(device) was not cleaned", unless: "not-disinfected")
        }
        guard let name = entry.body.string("cartridge") else {
            if takesCartridges.contains(device) { try refuse("there is no cartridge", unless: "cartridge-missing") }
            return
        }
        guard let cartridge = cartridges[trimmed(name)] else { throw Violation("cartridge \(name) was never opened") }
        guard cartridge.person == person, cartridge.session == nil, !cartridge.isDiscarded else {
            throw Violation("session \(id) of \(person) takes a cartridge that is not theirs and new: \(cartridge)")
        }
        if cartridge.device != device { try refuse("the cartridge is another device's", unless: "cartridge-missing") }
        cartridges[trimmed(name)]?.session = id
    }

    private mutating func takeCartridge(_ entry: LedgerFact) throws {
        let name = trimmed(try entry.body.text("cartridge"))
        switch entry.kind {
        case "cartridge.opened":
            guard cartridges[name] == nil else { throw Violation("cartridge \(name) was opened twice") }
            cartridges[name] = Cartridge(
                person: try entry.body.text("person"), device: try entry.body.text("device"))
        case "cartridge.used":
            guard cartridges[name]?.session == entry.body.integer("session") else {
                throw Violation("cartridge \(name) was used in another session than it was taken for")
            }
        default:
            guard cartridges[name]?.isDiscarded == false else {
                throw Violation("cartridge \(name) is thrown away twice")
            }
            cartridges[name]?.isDiscarded = true
        }
    }

    private func trimmed(_ name: String) -> String {
        String(name.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    /// The sessions that run, the newest first.
    var running: [Int64] { sessions.filter(\.value.isRunning).keys.sorted(by: >) }

    // MARK: Reminders

    private mutating func takeReminder(_ entry: LedgerFact) throws {
        if entry.kind == "reminder.digest" {
            for case .object(let one) in entry.body.list("reminders") ?? [] {
                try deliver(one.integral("reminder"), entry)
            }
            return
        }
        let id = try entry.body.integral("reminder")
        switch entry.kind {
        case "reminder.queued":
            guard reminders[id] == nil else { throw Violation("reminder \(id) is queued twice") }
            reminders[id] = Reminder(person: try entry.body.text("person"), due: try entry.body.time("due"))
        case "reminder.due": try deliver(id, entry)
        case "reminder.snoozed", "reminder.held":
            guard let state = reminders[id]?.state, state != .closed else {
                throw Violation("reminder \(id) is put off and is not there")
            }
            reminders[id]?.due = try entry.body.time("due")
            reminders[id]?.state = .waiting
        case "reminder.closed":
            guard let state = reminders[id]?.state, state != .closed else {
                throw Violation("reminder \(id) is closed twice")
            }
            reminders[id]?.state = .closed
        default: throw Violation("an entry of unknown kind: \(entry)")
        }
    }

    private mutating func deliver(_ id: Int64, _ entry: LedgerFact) throws {
        guard let reminder = reminders[id], reminder.state == .waiting else {
            throw Violation("reminder \(id) comes, and came or was closed before")
        }
        guard reminder.due <= entry.at else {
            throw Violation("reminder \(id) comes at \(entry.at), before \(reminder)")
        }
        reminders[id]?.state = .came
    }

    /// The work that was due is done: nothing that was due still waits.
    func expectNothingDue(at now: Instant) throws {
        for (id, reminder) in reminders where reminder.state == .waiting && reminder.due <= now {
            throw Violation("reminder \(id) was due at \(reminder.due), and did not come until \(now)")
        }
    }

    /// The reminders that wait for an answer or for their time.
    var openReminders: [Int64] { reminders.filter { $0.value.state != .closed }.keys.sorted(by: >) }
}

extension Object {
    fileprivate func text(_ name: String) throws -> String {
        guard let text = string(name) else { throw Violation("an entry without '\(name)': \(jsonText)") }
        return text
    }

    fileprivate func integral(_ name: String) throws -> Int64 {
        guard let number = integer(name) else { throw Violation("an entry without '\(name)': \(jsonText)") }
        return number
    }

    fileprivate func time(_ name: String) throws -> Instant {
        guard let time = instant(name) else { throw Violation("an entry without '\(name)': \(jsonText)") }
        return time
    }
}
