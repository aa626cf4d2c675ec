import MneedleKit

/// A session with a head that came out of a load.
struct Exposed: Reply {
    let session: Int64
    let person: String
    let device: String
    let at: Instant
    /// The indicator's result that the person was told already; `nil` for none.
    let told: Indicator?

    init(_ row: Row) throws {
        guard let session = row.integer("session"), let person = row.text("person"), let device = row.text("device"),
            let at = row.instant("at")
        else { throw ModuleError.internal("a row of sterilization_treated cannot be read") }
        (self.session, self.person, self.device, self.at) = (session, person, device, at)
        told = row.text("told").flatMap(Indicator.init)
    }

    static let members: [Member<Exposed>] = [
        Member("session", "the session's number", \.session), Member("person", "who was treated", \.person),
        Member("device", "with what", \.device), Member("at", "when", \.at),
    ]
}

extension Sterilization {
    /// Notes the load that a session's head came from, for the day on which that load turns out to be bad.
    func noteLoad(of head: Head, session: Int64, person: String, at: Instant, _ transaction: any Transaction) throws {
        guard let readiness = head.readiness, readiness.state == .sterile, let load = readiness.load else { return }
        try transaction.store.execute(
            "INSERT INTO sterilization_treated (session, device, person, load, at) VALUES (?, ?, ?, ?, ?)",
            session, head.device, person, load, at)
    }

    /// The sessions with heads from a load that failed, or that no indicator ever proved.
    func exposed(_ cycle: Cycle, _ device: String, _ reading: any Reading) throws -> [Exposed] {
        guard let load = cycle.load, cycle.indicator != .pass else { return [] }
        if cycle.indicator == .none,
            try Run(cycle, device).ofSameLoad(reading).contains(where: { $0.indicator == .pass })
        {
            return []
        }
        return try reading.store.rows("SELECT * FROM sterilization_treated WHERE load = ? ORDER BY session", load)
            .map { try Exposed($0) }.filter { try isOfSameLoad($0.device, cycle, reading) }
    }

    /// Whether the device's head was in this load of this steriliser, as far as anybody knows.
    func isOfSameLoad(_ device: String, _ cycle: Cycle, _ reading: any Reading) throws -> Bool {
        let runs = try Run(cycle, device).ofSameLoad(reading)
        return runs.contains { $0.device == device }
    }

    /// Records an entry for each of these sessions, once for each result of the load.
    func tell(_ exposed: [Exposed], of cycle: Cycle, _ transaction: any Transaction) throws {
        for one in exposed where one.told != cycle.indicator && one.told != .fail {
            var body = one.object
            // The entry is of now; the session's time stands beside it.
            body["at"] = transaction.now.value
            body["treated"] = one.at.value
            body["load"] = cycle.load?.value
            body["indicator"] = cycle.indicator.rawValue.value
            try transaction.store.execute(
                "UPDATE sterilization_treated SET told = ? WHERE session = ?", cycle.indicator.rawValue, one.session)
            try HygieneLog.add(.exposed, device: one.device, at: transaction.now, body, to: transaction)
            try transaction.record(
                Entry("sterilization.exposed", subject: "session/\(one.session)", person: one.person, body: body))
        }
    }
}
