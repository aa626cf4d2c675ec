import MneedleKit

/// The state of a device's head: its last use, whether it has to be cleaned, and how long it stays ready.
struct Head: Sendable {
    enum State: String { case disinfected, sterile }

    /// A head that was soaked or sterilised and not used since.
    struct Readiness: Sendable {
        var state: State
        var since: Instant
        var until: Instant
        /// The steriliser load that the head came from.
        var load: String?
    }

    let device: String
    var lastPerson: String?
    /// The end of the last session with the head, or the begin of one that is running.
    var lastUse: Instant?
    /// The running session that the head is in use for.
    var running: Int64?
    var cleaningDueSince: Instant?
    var readiness: Readiness?
    /// The soak that it lies in.
    var soaking: Soaking?
    var uses: Int64

    /// Reads the head as it stands; a head that nothing was logged about is neither used nor ready.
    init(of device: String, in reading: any Reading) throws {
        self.device = device
        soaking = try Soaking(of: device, in: reading)
        guard let row = try reading.store.row("SELECT * FROM sterilization_heads WHERE device = ?", device) else {
            uses = 0
            return
        }
        guard let uses = row.integer("uses") else {
            throw ModuleError.internal("a row of sterilization_heads cannot be read")
        }
        self.uses = uses
        lastPerson = row.text("last_person")
        lastUse = row.instant("last_use")
        running = row.integer("running")
        cleaningDueSince = row.instant("cleaning_due_since")
        if let state = row.text("ready_as").flatMap(State.init), let since = row.instant("ready_since"),
            let until = row.instant("ready_until")
        {
            readiness = Readiness(state: state, since: since, until: until, load: row.text("ready_load"))
        }
    }

    /// Writes the head down for each record that was decided to be the same device: they have one head.
    func save(_ transaction: any Transaction) throws {
        for record in try Head.records(of: device, transaction) { try write(as: record, transaction) }
    }

    /// The records that are this device for certain. While nobody keeps records, that is the given one alone, for a head that
    /// touched skin is noted all the same.
    static func records(of device: String, _ reading: any Reading) throws -> [String] {
        do {
            let twins = try reading.modules.ask("records.same-device", ["device": device])
            let undecided = twins.strings("undecided")
            return [device] + twins.strings("records").filter { $0 != device && !undecided.contains($0) }
        } catch let error as ModuleError where error.code == .moduleFailed || error.code == .notFound {
            return [device]
        }
    }

    /// Takes over the history of another record of the same device. The order of cleaning and use over both records is not
    /// certain, so that the head has to be made ready anew.
    mutating func join(_ other: Head) {
        if let theirs = other.lastUse, lastUse.map({ theirs > $0 }) ?? true { lastPerson = other.lastPerson }
        lastUse = [lastUse, other.lastUse].compactMap { $0 }.max()
        running = running ?? other.running
        cleaningDueSince = [cleaningDueSince, other.cleaningDueSince].compactMap { $0 }.max()
        readiness = nil
        uses += other.uses
    }

    /// Whether both have the same history, so that they were joined before.
    func isJoined(with other: Head) -> Bool {
        uses == other.uses && lastUse == other.lastUse && lastPerson == other.lastPerson && running == other.running
    }

    private func write(as device: String, _ transaction: any Transaction) throws {
        try transaction.store.execute(
            """
            INSERT INTO sterilization_heads (device, last_person, last_use, running, cleaning_due_since,
                ready_as, ready_since, ready_until, ready_load, uses)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (device) DO UPDATE SET last_person = excluded.last_person, last_use = excluded.last_use,
                running = excluded.running, cleaning_due_since = excluded.cleaning_due_since,
                ready_as = excluded.ready_as, ready_since = excluded.ready_since,
                ready_until = excluded.ready_until, ready_load = excluded.ready_load, uses = excluded.uses
            """,
            device, lastPerson, lastUse, running, cleaningDueSince, readiness?.state.rawValue, readiness?.since,
            readiness?.until, readiness?.load, uses)
    }

    /// Whether a soak or cycle that began at `began` came after the last use, so that it can make the head ready.
    func isAfterUse(_ began: Instant) -> Bool { running == nil && lastUse.map { began >= $0 } ?? true }

    /// The newest time of its record, where that is still to come because the clock was set back, or was ahead before. The
    /// state of such a head is not known.
    func timeAhead(of now: Instant) -> Instant? {
        [lastUse, cleaningDueSince, readiness?.since].compactMap { $0 }.filter { $0 > now }.max()
    }

    /// Takes over a counting soak or released cycle. The later one decides the head's state; one on record whose time is
    /// still to come decides nothing.
    /// - Returns: Whether this ended a cleaning that was due.
    mutating func prepare(_ new: Readiness, now: Instant) -> Bool {
        if let known = readiness, known.since > now { readiness = nil }
        if readiness.map({ new.since >= $0.since }) ?? true { readiness = new }
        let wasDue = cleaningDueSince != nil
        cleaningDueSince = nil
        return wasDue
    }

    /// Whether the head is fit for the skin at `at`, in the wanted state; a sterile head is also disinfected.
    func isReady(at: Instant, as wanted: State) -> Bool {
        guard running == nil, timeAhead(of: at) == nil, let readiness, at < readiness.until else { return false }
        return readiness.state == .sterile || wanted == .disinfected
    }
}
