import MneedleKit

extension Sterilization {
    /// The reaction to a session's start: its head counts as used from then on, whatever becomes of the session, and so does
    /// its cartridge.
    var whenStarted: Reaction {
        Reaction(to: .sessionStarted) { session, _, transaction in
            if let cartridge = session.cartridge {
                let claimed = try transaction.store.execute(
                    """
                    UPDATE sterilization_cartridges SET session = ?
                    WHERE cartridge = ? AND person = ? AND session IS NULL AND discarded_at IS NULL
                    """, session.session, trimmed(cartridge), session.person)
                guard claimed == 1 else {
                    throw ModuleError.conflict(
                        "cartridge '\(cartridge)' is not free for '\(session.person)'; open a new one",
                        state: try Cartridge(cartridge, in: transaction)?.state.rawValue ?? "unknown")
                }
            }
            var head = try Head(of: session.device, in: transaction)
            if session.cartridge == nil {
                try noteLoad(
                    of: head, session: session.session, person: session.person, at: session.started, transaction)
            }
            head.use(by: session.person, in: session.session, at: session.started)
            try head.save(transaction)
        }
    }

    /// The reaction to a decision that two records are the same device: they have one head from then on, with the uses of
    /// both.
    var whenTwinsDecided: Reaction {
        Reaction(to: .deviceDecided) { decision, _, transaction in
            guard decision.isSame else { return }
            var heads: [Head] = []
            // Heads that were joined before are alike, and count once.
            for head in try Head.records(of: decision.device, transaction).map({ try Head(of: $0, in: transaction) })
            where !heads.contains(where: { $0.isJoined(with: head) }) {
                heads.append(head)
            }
            guard var head = heads.first else { return }
            heads.dropFirst().forEach { head.join($0) }
            try head.save(transaction)
        }
    }

    var whenFinished: Reaction { Reaction(to: .sessionFinished) { try end($0, $2) } }
    var whenStopped: Reaction { Reaction(to: .sessionStopped) { try end($0, $2) } }

    /// Makes cleaning due from the end of a session on. The head of a stopped session has touched skin as well.
    private func end(_ session: SessionEntry, _ transaction: any Transaction) throws {
        let ended = session.ended ?? transaction.now
        if session.isLogged {
            try note(session, endedAt: ended, transaction)
        } else {
            var head = try Head(of: session.device, in: transaction)
            if head.running != session.session {
                head.use(by: session.person, in: session.session, at: session.started)
            }
            head.running = nil
            head.lastUse = max(head.lastUse ?? ended, ended)
            head.cleaningDueSince = head.lastUse
            try head.save(transaction)
        }
        if let cartridge = session.cartridge { try markUsed(cartridge, session, at: ended, transaction) }
    }

    /// Takes in a session that was put on record afterwards: the head was used once more. What was done with it since stands, a
    /// soak as well as another session.
    private func note(_ session: SessionEntry, endedAt ended: Instant, _ transaction: any Transaction) throws {
        guard session.device != SessionEntry.elsewhere else { return }
        var head = try Head(of: session.device, in: transaction)
        head.uses += 1
        if head.lastUse.map({ $0 <= ended }) ?? true {
            head.lastUse = ended
            head.lastPerson = session.person
            if head.readiness.map({ $0.since < ended }) ?? true {
                head.readiness = nil
                head.cleaningDueSince = ended
            }
        }
        try head.save(transaction)
    }

    private func markUsed(_ name: String, _ session: SessionEntry, at ended: Instant, _ transaction: any Transaction)
        throws
    {
        let marked = try transaction.store.execute(
            """
            UPDATE sterilization_cartridges SET session = ?, used_at = ?
            WHERE cartridge = ? AND used_at IS NULL AND (session IS NULL OR session = ?)
            """, session.session, ended, trimmed(name), session.session)
        guard marked == 1, let cartridge = try Cartridge(name, in: transaction) else { return }
        var body = cartridge.facts
        body["session"] = session.session.value
        body["used"] = ended.value
        try HygieneLog.add(.cartridgeUsed, device: cartridge.device, at: ended, body, to: transaction)
        try transaction.record(
            Entry(
                "cartridge.used", subject: "cartridge/\(cartridge.cartridge)", person: cartridge.person, body: body,
                stands: true))
    }
}

extension Head {
    /// Notes that a session has begun, by which the head is no longer ready.
    fileprivate mutating func use(by person: String, in session: Int64, at: Instant) {
        lastPerson = person
        running = session
        lastUse = max(lastUse ?? at, at)
        readiness = nil
        uses += 1
    }
}
