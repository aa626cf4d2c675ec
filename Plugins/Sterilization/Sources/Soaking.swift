import MneedleKit

/// A soak that is under way: begun and ended by two commands, so that the service's clock says how long it was.
struct Soaking: Sendable {
    var device: String
    var began: Instant
    /// Its begin by the clock without its jumps.
    var steadyBegan: Instant
    var agent: String
    var concentrationPercent: Double
    var handsWashed: Bool
    var cleanSurface: Bool

    init(
        device: String, began: Instant, steadyBegan: Instant, agent: String, concentrationPercent: Double,
        handsWashed: Bool, cleanSurface: Bool
    ) {
        (self.device, self.began, self.steadyBegan) = (device, began, steadyBegan)
        (self.agent, self.concentrationPercent) = (agent, concentrationPercent)
        (self.handsWashed, self.cleanSurface) = (handsWashed, cleanSurface)
    }

    /// The soak that the device's head lies in; `nil` where none is under way.
    init?(of device: String, in reading: any Reading) throws {
        guard let row = try reading.store.row("SELECT * FROM sterilization_soaking WHERE device = ?", device) else {
            return nil
        }
        guard let began = row.instant("began"), let steadyBegan = row.instant("steady_began"),
            let agent = row.text("agent"), let percent = row.number("concentration_percent")
        else { throw ModuleError.internal("a row of sterilization_soaking cannot be read") }
        self.init(
            device: device, began: began, steadyBegan: steadyBegan, agent: agent, concentrationPercent: percent,
            handsWashed: row.bool("hands_washed"), cleanSurface: row.bool("clean_surface"))
    }

    /// Notes it for each record that was decided to be the same device: they have one head.
    func begin(_ transaction: any Transaction) throws {
        for record in try Head.records(of: device, transaction) {
            try transaction.store.execute(
                """
                INSERT INTO sterilization_soaking
                    (device, began, steady_began, agent, concentration_percent, hands_washed, clean_surface)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (device) DO UPDATE SET began = excluded.began, steady_began = excluded.steady_began,
                    agent = excluded.agent, concentration_percent = excluded.concentration_percent,
                    hands_washed = excluded.hands_washed, clean_surface = excluded.clean_surface
                """, record, began, steadyBegan, agent, concentrationPercent, handsWashed, cleanSurface)
        }
    }

    /// Forgets it: the head is out of the alcohol.
    func end(_ transaction: any Transaction) throws {
        for record in try Head.records(of: device, transaction) {
            try transaction.store.execute("DELETE FROM sterilization_soaking WHERE device = ?", record)
        }
    }

    /// The soak as it is once it lasted so long.
    func soak(of minutes: Double, endedAt at: Instant) -> Soak {
        Soak(
            agent: agent, concentrationPercent: concentrationPercent, minutes: minutes, at: at,
            handsWashed: handsWashed, cleanSurface: cleanSurface, isTimed: true)
    }
}

/// The reply of `sterilization.begin-soak`.
private struct SoakBegun: Reply {
    var soaking: Soaking
    var countsFrom: Instant
    var findings: [Finding]

    static let members: [Member<SoakBegun>] = [
        Member("device", "the device", \.soaking.device), Member("began", "when the soak began", \.soaking.began),
        Member("counts_from", "when it has lasted long enough to count", \.countsFrom),
        Member("findings", "why it will not count however long it lasts, or what would be better", \.findings),
    ]
}

extension Sterilization {
    var beginSoak: Command {
        Command(
            "begin-soak", "Begins a soak of a device's head, whose time the service measures; end-soak ends it.",
            role: .operator, takes: Sterilization.soaked, agent, Sterilization.concentration,
            Sterilization.handsWashed, Sterilization.cleanSurface, gives: SoakBegun.self, errors: [.notFound],
            concerns: .named("device"),
            example:
                "sterilization.begin-soak device=roller-1 agent=isopropyl-alcohol concentration_percent=70 hands_washed=yes clean_surface=yes",
            writes: { transaction, name, agent, percent, handsWashed, cleanSurface in
                let device = try transaction.device(name)
                let soaking = Soaking(
                    device: device.device, began: transaction.now, steadyBegan: transaction.steadyNow,
                    agent: normalised(agent), concentrationPercent: percent, handsWashed: handsWashed,
                    cleanSurface: cleanSurface)
                return try begin(soaking, of: device, transaction)
            })
    }

    var endSoak: Command {
        Command(
            "end-soak", "Ends the soak that a device's head lies in, and says whether it counts as disinfection.",
            role: .operator, takes: Sterilization.soaked, gives: Soaked.self, errors: [.notFound, .conflict],
            concerns: .named("device"), example: "sterilization.end-soak device=roller-1",
            writes: { transaction, name in
                let device = try transaction.device(name)
                guard let soaking = try Soaking(of: device.device, in: transaction) else {
                    throw ModuleError(
                        .notFound,
                        "no soak of '\(name)' is under way; begin one with sterilization.begin-soak, or log one that is done with sterilization.soak"
                    )
                }
                // A tenth of a minute that is not over does not count.
                let passed = transaction.steadyNow.milliseconds - soaking.steadyBegan.milliseconds
                let minutes = (Double(max(0, passed)) / 6000).rounded(.down) / 10
                guard minutes <= Sterilization.longestSoak else {
                    throw ModuleError.conflict(
                        "the soak of '\(name)' was begun more than a day ago, and nobody knows what is left of the alcohol; "
                            + "begin it anew with sterilization.begin-soak", state: "soaking")
                }
                return try log(soaking.soak(of: minutes, endedAt: transaction.now), of: device, transaction)
            })
    }

    /// The moment from which on a soak that is under way counts, by the clock of now.
    func countsFrom(_ soaking: Soaking) -> Instant {
        soaking.began.adding(milliseconds: Span.minutes(knowledge.soak.leastMinutes).totalMilliseconds)
    }

    /// The finding about a head that lies in the alcohol.
    func underWay(_ soaking: Soaking, _ setting: Setting, _ zone: Zone) throws -> [Finding] {
        try knowledge.findings.find(
            .soakUnderWay, setting, in: zone,
            [
                "device": soaking.device, "began": soaking.began, "counts_from": countsFrom(soaking),
                "minutes": shortText(knowledge.soak.leastMinutes),
            ])
    }

    private func begin(_ soaking: Soaking, of device: Device, _ transaction: any Transaction) throws -> SoakBegun {
        let head = try Head(of: device.device, in: transaction)
        let setting = try setting(of: device, head, transaction) ?? .home
        // What it lacks is told while it can still be put right: it is judged as if it lasted as long as is advised.
        let advised = knowledge.soak.advisedMinutes
        let whole = soaking.soak(
            of: advised,
            endedAt: soaking.began.adding(milliseconds: Span.minutes(advised).totalMilliseconds))
        let judgement = try judge(whole, of: head, device: device, setting, transaction)
        try soaking.begin(transaction)
        try transaction.record(
            Entry(
                "sterilization.soak-begun", subject: "device/\(device.device)", person: device.owner,
                body: [
                    "device": device.device, "agent": soaking.agent,
                    "concentration_percent": soaking.concentrationPercent, "hands_washed": soaking.handsWashed,
                    "clean_surface": soaking.cleanSurface, "began": soaking.began,
                ]))
        return SoakBegun(soaking: soaking, countsFrom: countsFrom(soaking), findings: judgement.findings)
    }
}
