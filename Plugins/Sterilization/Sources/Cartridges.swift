import MneedleKit

/// A single-use cartridge from its opening on.
struct Cartridge: Sendable {
    let cartridge: String
    let device: String
    /// The one person it was opened for.
    let person: String
    let lot: String?
    let expires: CivilDate?
    let openedAt: Instant
    /// The session that claimed the cartridge, its only one; `nil` before that.
    let session: Int64?
    let usedAt: Instant?
    let discardedAt: Instant?

    /// Reads the cartridge of that name; `nil` when none was ever opened.
    init?(_ name: String, in reading: any Reading) throws {
        let name = trimmed(name)
        guard let row = try reading.store.row("SELECT * FROM sterilization_cartridges WHERE cartridge = ?", name) else {
            return nil
        }
        guard let device = row.text("device"), let person = row.text("person"), let openedAt = row.instant("opened_at")
        else { throw ModuleError.internal("a row of sterilization_cartridges cannot be read") }
        cartridge = name
        self.device = device
        self.person = person
        lot = row.text("lot")
        expires = row.date("expires")
        self.openedAt = openedAt
        session = row.integer("session")
        usedAt = row.instant("used_at")
        discardedAt = row.instant("discarded_at")
    }

    enum State: String, CaseIterable, ReplyValue {
        case opened
        case inUse = "in-use"
        case used, discarded
    }

    var state: State {
        if discardedAt != nil { return .discarded }
        if usedAt != nil { return .used }
        return session == nil ? .opened : .inUse
    }

    /// The facts that every entry about the cartridge has.
    var facts: Object {
        [
            "cartridge": cartridge, "device": device, "person": person, "lot": lot, "expires": expires,
            "opened": openedAt,
        ]
    }
}

/// The reply of `sterilization.open-cartridge`.
private struct OpenedCartridge: Reply {
    var cartridge: Cartridge
    var useBy: Instant
    var findings: [Finding]

    static let members: [Member<OpenedCartridge>] = [
        Member("cartridge", "the cartridge", \.cartridge.cartridge), Member("device", "its device", \.cartridge.device),
        Member("person", "the person it is for", \.cartridge.person),
        Member("lot", "its lot number", \.cartridge.lot), Member("expires", "its last day", \.cartridge.expires),
        Member("opened", "when it was opened", \.cartridge.openedAt),
        Member("use_by", "until when it may be used, now that it is open", \.useBy),
        Member("findings", "what its label leaves unknown, and names that are easily taken for this one", \.findings),
    ]

    /// The body of the entry about it: the reply without the findings.
    var facts: Object {
        var facts = object
        facts["findings"] = nil
        return facts
    }
}

/// The reply of `sterilization.discard-cartridge`.
private struct DiscardedCartridge: Reply {
    var cartridge: String
    var at: Instant

    static let members: [Member<DiscardedCartridge>] = [
        Member("cartridge", "the cartridge", \.cartridge),
        Member("state", "discarded") { _ in Cartridge.State.discarded }, Member("discarded", "when", \.at),
    ]
}

extension Sterilization {
    private static let opened = Parameter.required(
        "cartridge", .printed, "This one cartridge as its label has it, upper case and blanks too; never given twice.")
    private static let goesInto = Parameter.required("device", .slug, "The device it goes into.")
    private static let isFor = Parameter.required("person", .slug, "The one person it is for.")
    private static let lot = Parameter.optional(
        "lot", .printed, "The lot number on the blister; required in a clinic.")
    private static let expires = Parameter.optional(
        "expires", .date, "The last day on which it may be used, from the blister; required in a clinic.")
    private static let discarded = Parameter.required("cartridge", .printed, "The cartridge, as its label has it.")

    var openCartridge: Command {
        Command(
            "open-cartridge", "Registers that a sealed single-use cartridge is opened, for one person and one session.",
            role: .operator,
            takes: Sterilization.opened, Sterilization.goesInto, Sterilization.isFor, Sterilization.lot,
            Sterilization.expires, gives: OpenedCartridge.self, errors: [.notFound, .conflict, .blocked],
            concerns: .named("device", "person"),
            example:
                "sterilization.open-cartridge cartridge=c-0417 device=pen-1 person=anna lot=A12 expires=2027-03-31",
            writes: { transaction, name, device, person, lot, expires in
                let name = try printed(name, Sterilization.opened)
                let lot = try lot.map { try printed($0, Sterilization.lot) }
                return try open(
                    name, lot: lot, expires: expires, on: transaction.device(device),
                    for: transaction.person(person), transaction)
            })
    }

    var discardCartridge: Command {
        Command(
            "discard-cartridge", "Registers that a cartridge was thrown away.", role: .operator,
            takes: Sterilization.discarded, gives: DiscardedCartridge.self, errors: [.notFound, .conflict],
            concerns: .named("cartridge"), example: "sterilization.discard-cartridge cartridge=c-0417",
            writes: { transaction, name in try discard(trimmed(name), transaction) })
    }

    /// The time until which an opened cartridge may be used.
    func useBy(_ openedAt: Instant) -> Instant { Zone.utc.adding(knowledge.lasting.openedCartridge, to: openedAt) }

    private func open(
        _ name: String, lot: String?, expires: CivilDate?, on device: Device, for person: Person,
        _ transaction: any Transaction
    ) throws -> OpenedCartridge {
        if let known = try Cartridge(name, in: transaction) {
            throw ModuleError.conflict(
                "cartridge '\(name)' was opened before and is single-use; open a new one under a new name",
                state: try transaction.privacy.sees(known.person)
                    ? known.state.rawValue : Cartridge.State.opened.rawValue)
        }
        try refuseUnfit(device)
        let today = transaction.today(of: person)
        if let expires, expires < today {
            throw ModuleError.blocked(
                try find(
                    .cartridgeExpired, person.setting,
                    ["cartridge": name, "device": device.device, "person": person.person, "expires": expires]),
                "cartridge '\(name)' expired on \(expires); discard it unopened and take another")
        }
        let unlabelled = try self.unlabelled(name, lot: lot, expires: expires, person.setting)
        if unlabelled.contains(where: \.blocks) {
            throw ModuleError.blocked(
                unlabelled,
                "cartridge '\(name)' is not opened without its label; "
                    + "give \(Sterilization.lot.name)= and \(Sterilization.expires.name)= from the blister")
        }
        let findings = try unlabelled + lookAlike(name, person.setting, transaction)
        _ = try transaction.store.insert(
            """
            INSERT INTO sterilization_cartridges (cartridge, device, person, lot, expires, opened_at)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            name, device.device, person.person, lot, expires, transaction.now)
        guard let cartridge = try Cartridge(name, in: transaction) else {
            throw ModuleError.internal("a cartridge that was just opened is not there")
        }
        let opened = OpenedCartridge(cartridge: cartridge, useBy: useBy(cartridge.openedAt), findings: findings)
        try HygieneLog.add(
            .cartridgeOpened, device: device.device, at: transaction.now, opened.facts, to: transaction)
        try transaction.record(
            Entry("cartridge.opened", subject: "cartridge/\(name)", person: person.person, body: opened.facts))
        return opened
    }

    /// The finding that a cartridge's label lacks its lot or its last day: without them nobody can call it back or date it.
    func unlabelled(_ name: String, lot: String?, expires: CivilDate?, _ setting: Setting) throws -> [Finding] {
        let missing = [
            lot == nil ? Sterilization.lot.name : nil, expires == nil ? Sterilization.expires.name : nil,
        ].compactMap { $0 }
        guard !missing.isEmpty else { return [] }
        return try find(
            .cartridgeUnlabelled, setting, ["cartridge": name, "missing": missing.joined(separator: " and ")])
    }

    /// The finding that another cartridge's name differs by case, blanks and hyphens alone, and is easily mistaken for this one.
    private func lookAlike(_ name: String, _ setting: Setting, _ transaction: any Transaction) throws -> [Finding] {
        let row = try transaction.store.rows(
            """
            SELECT cartridge, person FROM sterilization_cartridges
            WHERE LOWER(REPLACE(REPLACE(cartridge, ' ', ''), '-', '')) = LOWER(REPLACE(REPLACE(?, ' ', ''), '-', ''))
            ORDER BY opened_at DESC
            """, name
        ).first { try $0.text("person").map(transaction.privacy.sees) ?? false }
        guard let other = row?.text("cartridge") else { return [] }
        return try find(.cartridgeLookAlike, setting, ["cartridge": name, "other": other])
    }

    private func refuseUnfit(_ device: Device) throws {
        if device.retired {
            throw ModuleError.conflict("device '\(device.device)' is retired; use another", state: "retired")
        }
        // A pen takes cartridges by its kind, even where its record does not say so.
        if !device.cartridges && device.kind != .pen {
            throw ModuleError.conflict(
                "device '\(device.device)' is a \(device.kind.rawValue) without cartridges; "
                    + "register one with cartridges=yes, or start without a cartridge",
                state: "no-cartridges")
        }
    }

    private func discard(_ name: String, _ transaction: any Transaction) throws -> DiscardedCartridge {
        guard let cartridge = try Cartridge(name, in: transaction) else {
            throw ModuleError.notFound(
                "cartridge", name, suggestions: try cartridgeNames(like: name, transaction),
                next: "only opened cartridges are registered")
        }
        if cartridge.state == .inUse || cartridge.state == .discarded {
            let hint = cartridge.state == .inUse ? "finish or stop its session first" : "nothing is left to do"
            let state = cartridge.state.rawValue
            throw ModuleError.conflict("cartridge '\(name)' is \(state); \(hint)", state: state)
        }
        try transaction.store.execute(
            "UPDATE sterilization_cartridges SET discarded_at = ? WHERE cartridge = ?", transaction.now, name)
        var facts = cartridge.facts
        facts["session"] = cartridge.session?.value
        facts["discarded"] = transaction.now.value
        try HygieneLog.add(.cartridgeDiscarded, device: cartridge.device, at: transaction.now, facts, to: transaction)
        try transaction.record(
            Entry(
                "cartridge.discarded", subject: "cartridge/\(name)", person: cartridge.person, body: facts, stands: true
            ))
        return DiscardedCartridge(cartridge: name, at: transaction.now)
    }

    private func cartridgeNames(like name: String, _ reading: any Reading) throws -> [String] {
        try reading.store.rows(
            """
            SELECT cartridge FROM sterilization_cartridges WHERE lower(cartridge) LIKE lower(?)
            ORDER BY opened_at DESC LIMIT 5
            """, "\(name.prefix(1))%"
        ).compactMap { $0.text("cartridge") }
    }
}
