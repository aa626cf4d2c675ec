import MneedleKit

extension Sterilization {
    var status: Command {
        Command(
            "status", "Says whether a device's head is ready, until when, and what has to be done first.",
            role: .reader,
            parameters: [.required("device", .slug, "The device.")],
            reply: [
                ReplyMember("device", "the device"),
                ReplyMember("ready", "whether its head, or its handpiece, may be used now"),
                ReplyMember("state", "what the head is: disinfected, sterile, in-use, used or unknown"),
                ReplyMember("ready_until", "how long it stays so"),
                ReplyMember("cleaning_due", "whether it was not cleaned after its last use"),
                ReplyMember("last_person", "the last person it was used for"),
                ReplyMember("last_use", "when that was"),
                ReplyMember("uses", "in how many sessions it was used"),
                ReplyMember("cartridge", "the cartridge that is open for it and not discarded"),
                ReplyMember("findings", "what speaks against using it"),
            ],
            errors: [.notFound], concerns: .named("device"), example: "sterilization.status device=roller-1",
            .reads(showStatus))
    }

    var list: Command {
        Command(
            "list", "Lists the hygiene log, newest first: soaks, cycles and cartridges.", role: .reader,
            parameters: [
                .optional("device", .slug, "Only this device's."),
                .optional("since", .time, "Only what happened at or after this time."),
            ],
            reply: [
                ReplyMember(
                    "kind", "soak, cycle, recalled, exposed, cartridge-opened, cartridge-used or cartridge-discarded"),
                ReplyMember("at", "when it ended or happened"), ReplyMember("device", "the device"),
                ReplyMember("counts", "for a soak or cycle: whether it counted"),
                ReplyMember("reasons", "the codes of why it did not"),
            ],
            errors: [.notFound],
            concerns: .named("device", rows: ["device", .init("person", names: "person", isOptional: true)]),
            example: "sterilization.list device=roller-1 since=2026-11-01T00:00:00Z",
            .lists(showLog))
    }

    var rules: Command {
        Command(
            "rules", "Lists what counts as clean, with reasons and sources.", role: .reader,
            reply: [
                ReplyMember("rule", "its name"), ReplyMember("text", "what it says"), ReplyMember("reason", "why"),
                ReplyMember("sources", "what it rests on"),
            ],
            concerns: .nobody, example: "sterilization.rules",
            .lists { _, _, send in
                for rule in knowledge.rules { try send(rule.object) }
                return [:]
            })
    }

    @Sendable private func showStatus(_ request: Request, _ reading: any Reading) throws -> Object {
        let device = try reading.device(request.arguments.requiredText("device"))
        let head = try Head(of: device.device, in: reading)
        let person = try (device.owner ?? head.lastPerson).map { try reading.person($0) }
        // Of a device for everybody one sees what it is in, and not whose: that is in the times' zone too.
        let isOpen = try person.map { try reading.sees($0.person) } ?? true
        // Of a device that nobody has used or owns only this much is known: whether it is disinfected.
        let setting = person?.setting ?? .home
        let cartridge = try openCartridge(of: device.device, reading)
        let takesCartridge = device.cartridges || (device.kind == .pen && cartridge != nil)
        let findings =
            try readiness(
                of: device, head, takesCartridge: takesCartridge, setting: setting, at: reading.now,
                isOpen ? person.map(reading.zone(of:)) ?? .utc : .utc)
            + wear(device, head, takesCartridge: takesCartridge, setting)
        let isKnown = head.timeAhead(of: reading.now) == nil
        let lasts = head.readiness.flatMap { isKnown && $0.until > reading.now ? $0 : nil }
        return [
            "device": device.device, "ready": !findings.contains(where: \.blocks),
            "state": head.running != nil
                ? "in-use" : lasts?.state.rawValue ?? (isKnown && head.uses > 0 ? "used" : "unknown"),
            "ready_until": lasts?.until, "cleaning_due": head.cleaningDueSince != nil,
            "last_person": try head.lastPerson.flatMap { try reading.sees($0) ? $0 : nil }, "last_use": head.lastUse,
            "uses": head.uses, "cartridge": try cartridge.flatMap { try reading.sees($0.person) ? $0.cartridge : nil },
            "findings": findings,
        ]
    }

    private func openCartridge(of device: String, _ reading: any Reading) throws -> Cartridge? {
        let name = try reading.row(
            """
            SELECT cartridge FROM sterilization_cartridges WHERE device = ? AND discarded_at IS NULL
            ORDER BY opened_at DESC, id DESC LIMIT 1
            """, device
        )?.text("cartridge")
        return try name.flatMap { try Cartridge($0, in: reading) }
    }

    @Sendable private func showLog(_ request: Request, _ reading: any Reading, _ send: Command.RowSink) throws -> Object
    {
        var conditions: [String] = []
        var values: [SQLValue] = []
        if let name = request.arguments.text("device") {
            conditions.append("device = ?")
            values.append(.text(try reading.device(name).device))
        }
        if let since = request.arguments.time("since") {
            conditions.append("at >= ?")
            values.append(since.sql)
        }
        let filter = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND ")) "
        try reading.forEach("SELECT body FROM sterilization_log \(filter)ORDER BY at DESC, id DESC", values) { row in
            guard case .object(let body) = try reading.value(json: row.text("body") ?? "") else {
                throw ModuleError.internal("a line of the hygiene log is not an object")
            }
            try send(body)
        }
        return [:]
    }
}
