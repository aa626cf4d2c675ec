import MneedleKit

/// One soak or cycle from its beginning on, kept so that no other can have been in the same place at the same time.
struct Run: Sendable {
    enum Kind: String { case soak, cycle }

    var kind: Kind
    var device: String
    var began: Instant
    var ended: Instant
    var minutes: Double
    /// The method, temperature, steriliser, load and indicator of a cycle; `nil` for a soak.
    var method: String?
    var celsius: Double?
    var steriliser: String?
    var load: String?
    var indicator: Indicator?

    init(_ soak: Soak, _ device: String) {
        (kind, self.device, began, ended, minutes) = (.soak, device, soak.began, soak.at, soak.minutes)
    }

    init(_ cycle: Cycle, _ device: String) {
        (kind, self.device, began, ended, minutes) = (.cycle, device, cycle.began, cycle.at, cycle.minutes)
        (method, celsius, indicator) = (cycle.method, cycle.celsius, cycle.indicator)
        (steriliser, load) = (cycle.steriliser, cycle.load)
    }

    private init(_ row: Row) throws {
        guard let kind = row.text("kind").flatMap(Kind.init), let device = row.text("device"),
            let began = row.instant("began"), let ended = row.instant("ended"), let minutes = row.number("minutes")
        else { throw ModuleError.internal("a row of sterilization_runs cannot be read") }
        (self.kind, self.device, self.began, self.ended, self.minutes) = (kind, device, began, ended, minutes)
        (method, celsius) = (row.text("method"), row.number("celsius"))
        (steriliser, load) = (row.text("steriliser"), row.text("load"))
        indicator = row.text("indicator").flatMap(Indicator.init)
    }

    /// The runs on record that were under way at some time of this one.
    func overlapping(_ reading: any Reading) throws -> [Run] {
        try reading.store.rows(
            "SELECT * FROM sterilization_runs WHERE began < ? AND ended > ? ORDER BY id", ended, began
        )
        .map { try Run($0) }
    }

    /// The cycles on record of this load.
    func ofSameLoad(_ reading: any Reading) throws -> [Run] {
        guard let load else { return [] }
        return try reading.store.rows(
            "SELECT * FROM sterilization_runs WHERE kind = 'cycle' AND load = ? ORDER BY id", load
        ).map { try Run($0) }.filter { mayShareSteriliser(with: $0) }
    }

    /// Whether both may have been in one steriliser: unless both name theirs, and differently.
    func mayShareSteriliser(with other: Run) -> Bool {
        steriliser == nil || other.steriliser == nil || steriliser == other.steriliser
    }

    /// Whether both are the same cycle, logged for several heads or again with its indicator's result.
    func isSameCycle(as other: Run) -> Bool {
        guard kind == .cycle, other.kind == .cycle, mayShareSteriliser(with: other), method == other.method,
            celsius == other.celsius, minutes == other.minutes, load == other.load
        else { return false }
        // Without a load number only the same times make both the same cycle.
        return load != nil || (began == other.began && ended == other.ended)
    }

    func save(_ transaction: any Transaction) throws {
        _ = try transaction.store.insert(
            """
            INSERT INTO sterilization_runs
                (kind, device, began, ended, minutes, method, celsius, steriliser, load, indicator)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, kind.rawValue, device, began, ended, minutes, method, celsius, steriliser, load, indicator?.rawValue)
    }
}

extension Sterilization {
    /// The findings by which a run cannot have been as it is told: its head, or its steriliser, was in another run then.
    func overlapRefusals(_ run: Run, _ setting: Setting, _ reading: any Reading) throws -> [Finding] {
        let others = try run.overlapping(reading).filter { !run.isSameCycle(as: $0) }
        let own = try Head.records(of: run.device, reading)
        var found: [Finding] = []
        if others.contains(where: { own.contains($0.device) }) {
            found += try find(.headOverlaps, setting, ["device": run.device])
        }
        if run.kind == .cycle, others.contains(where: { $0.kind == .cycle && run.mayShareSteriliser(with: $0) }) {
            found += try find(.steriliserBusy, setting, ["steriliser": run.steriliser ?? "without a name"])
        }
        return found
    }
}
