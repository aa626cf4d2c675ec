import MneedleKit

/// The reply of `sterilization.status`.
private struct HeadStatus: Reply {
    enum State: String, CaseIterable, ReplyValue {
        case disinfected, sterile
        case inUse = "in-use"
        case used, unknown

        init(_ state: Head.State) {
            self =
                switch state {
                case .disinfected: .disinfected
                case .sterile: .sterile
                }
        }
    }

    var head: Head
    var state: State
    var readyUntil: Instant?
    /// The person it was last used for, and the cartridge that is open for it, where the asking user may see them.
    var lastPerson: String?
    var cartridge: String?
    var findings: [Finding]

    static let members: [Member<HeadStatus>] = [
        Member("device", "the device", \.head.device),
        Member("ready", "whether its head, or its handpiece, may be used now") {
            !$0.findings.contains(where: \.blocks)
        },
        Member("state", "what the head is: disinfected, sterile, in-use, used or unknown", \.state),
        Member("ready_until", "how long it stays so", \.readyUntil),
        Member("cleaning_due", "whether it was not cleaned after its last use") { $0.head.cleaningDueSince != nil },
        Member("last_person", "the last person it was used for", \.lastPerson),
        Member("last_use", "when that was", \.head.lastUse),
        Member("uses", "in how many sessions it was used", \.head.uses),
        Member("cartridge", "the cartridge that is open for it and not discarded", \.cartridge),
        Member("findings", "what speaks against using it", \.findings),
    ]
}

extension Sterilization {
    private static let asked = Parameter.required("device", .slug, "The device.")

    var status: Command {
        Command(
            "status", "Says whether a device's head is ready, until when, and what has to be done first.",
            role: .reader, takes: Sterilization.asked, gives: HeadStatus.self, errors: [.notFound],
            concerns: .named("device"), example: "sterilization.status device=roller-1",
            reads: { reading, name in try status(of: reading.device(name), reading) })
    }

    var rules: Command {
        Command(
            "rules", "Lists what counts as clean, with reasons and sources.", role: .reader, gives: RuleInWords.self,
            concerns: .nobody, example: "sterilization.rules",
            lists: { _, send in for rule in knowledge.rules { try send(rule) } })
    }

    private func status(of device: Device, _ reading: any Reading) throws -> HeadStatus {
        let head = try Head(of: device.device, in: reading)
        let person = try user(of: device, head, reading)
        // A user who may not see the person sees the head's state, but not the person, whom the zone of the times would betray.
        let isOpen = try person.map { try reading.privacy.sees($0.person) } ?? true
        // A device that nobody owns or has used is judged as one at home: only whether it is disinfected is known.
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
        let otherwise: HeadStatus.State = isKnown && head.uses > 0 ? .used : .unknown
        let state = head.running != nil ? .inUse : lasts.map { HeadStatus.State($0.state) } ?? otherwise
        return HeadStatus(
            head: head, state: state, readyUntil: lasts?.until,
            lastPerson: try head.lastPerson.flatMap { try reading.privacy.sees($0) ? $0 : nil },
            cartridge: try cartridge.flatMap { try reading.privacy.sees($0.person) ? $0.cartridge : nil },
            findings: findings)
    }

    private func openCartridge(of device: String, _ reading: any Reading) throws -> Cartridge? {
        let name = try reading.store.row(
            """
            SELECT cartridge FROM sterilization_cartridges WHERE device = ? AND discarded_at IS NULL
            ORDER BY opened_at DESC, id DESC LIMIT 1
            """, device
        )?.text("cartridge")
        return try name.flatMap { try Cartridge($0, in: reading) }
    }
}
