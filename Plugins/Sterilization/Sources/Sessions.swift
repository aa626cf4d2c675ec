import MneedleKit

/// What this module needs of a session's entry.
private struct SessionFacts {
    let session: Int64
    let person: String
    let device: String
    let cartridge: String?
    let started: Instant
    let ended: Instant

    init(_ entry: Entry, now: Instant) throws {
        guard let session = entry.body.integer("session"), let device = entry.body.string("device"),
            let person = entry.body.string("person") ?? entry.person
        else { throw ModuleError.internal("the entry \(entry.kind) lacks session, device or person") }
        self.session = session
        self.person = person
        self.device = device
        cartridge = entry.body.string("cartridge")
        started = entry.body.instant("started") ?? now
        ended = entry.body.instant("ended") ?? now
    }
}

extension Sterilization {
    /// A head that touches skin is used from then on, whatever becomes of the session; so is its cartridge.
    var whenStarted: Reaction {
        Reaction(to: "session.started") { entry, _, transaction in
            let facts = try SessionFacts(entry, now: transaction.now)
            if let cartridge = facts.cartridge {
                let claimed = try transaction.store.execute(
                    """
                    UPDATE sterilization_cartridges SET session = ?
                    WHERE cartridge = ? AND person = ? AND session IS NULL AND discarded_at IS NULL
                    """, facts.session, trimmed(cartridge), facts.person)
                guard claimed == 1 else {
                    throw ModuleError.conflict(
                        "cartridge '\(cartridge)' is not free for '\(facts.person)'; open a new one",
                        state: try Cartridge(cartridge, in: transaction)?.state.rawValue ?? "unknown")
                }
            }
            var head = try Head(of: facts.device, in: transaction)
            if facts.cartridge == nil {
                try noteLoad(
                    of: head, session: facts.session, person: facts.person, at: facts.started, transaction)
            }
            head.use(by: facts.person, in: facts.session, at: facts.started)
            try head.save(transaction)
        }
    }

    /// Two records that are the same device have one head from now on, with the uses of both.
    var whenTwinsDecided: Reaction {
        Reaction(to: "twin.device-decided") { entry, _, transaction in
            guard entry.body.bool("same") == true, let device = entry.body.string("device") else { return }
            var heads: [Head] = []
            // Those that were joined before are alike, and count once.
            for head in try Head.records(of: device, transaction).map({ try Head(of: $0, in: transaction) })
            where !heads.contains(where: { $0.isJoined(with: head) }) {
                heads.append(head)
            }
            guard var head = heads.first else { return }
            heads.dropFirst().forEach { head.join($0) }
            try head.save(transaction)
        }
    }

    var whenFinished: Reaction { Reaction(to: "session.finished") { try end($0, $2) } }
    var whenStopped: Reaction { Reaction(to: "session.stopped") { try end($0, $2) } }

    /// From the end of a session on the head has to be cleaned. A stopped session has touched skin as well.
    private func end(_ entry: Entry, _ transaction: any Transaction) throws {
        let facts = try SessionFacts(entry, now: transaction.now)
        var head = try Head(of: facts.device, in: transaction)
        if head.running != facts.session { head.use(by: facts.person, in: facts.session, at: facts.started) }
        head.running = nil
        head.lastUse = max(head.lastUse ?? facts.ended, facts.ended)
        head.cleaningDueSince = head.lastUse
        try head.save(transaction)
        if let cartridge = facts.cartridge { try markUsed(cartridge, facts, transaction) }
    }

    private func markUsed(_ name: String, _ facts: SessionFacts, _ transaction: any Transaction) throws {
        let marked = try transaction.store.execute(
            """
            UPDATE sterilization_cartridges SET session = ?, used_at = ?
            WHERE cartridge = ? AND used_at IS NULL AND (session IS NULL OR session = ?)
            """, facts.session, facts.ended, trimmed(name), facts.session)
        guard marked == 1, let cartridge = try Cartridge(name, in: transaction) else { return }
        var body = cartridge.facts
        body["session"] = facts.session.value
        body["used"] = facts.ended.value
        try HygieneLog.add(.cartridgeUsed, device: cartridge.device, at: facts.ended, body, to: transaction)
        try transaction.record(
            Entry(
                "cartridge.used", subject: "cartridge/\(cartridge.cartridge)", person: cartridge.person, body: body,
                stands: true))
    }
}

extension Head {
    /// A session has begun: what made the head ready is used up.
    fileprivate mutating func use(by person: String, in session: Int64, at: Instant) {
        lastPerson = person
        running = session
        lastUse = max(lastUse ?? at, at)
        readiness = nil
        uses += 1
    }
}
