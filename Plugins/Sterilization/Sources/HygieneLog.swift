import MneedleKit

/// The practice's hygiene log, which `sterilization.list` shows.
enum HygieneLog {
    enum Kind: String, CaseIterable, ReplyValue {
        case soak, cycle, recalled, exposed
        case cartridgeOpened = "cartridge-opened"
        case cartridgeUsed = "cartridge-used"
        case cartridgeDiscarded = "cartridge-discarded"
    }

    static func add(_ kind: Kind, device: String, at: Instant, _ facts: Object, to transaction: any Transaction) throws
    {
        var body: Object = ["kind": kind.rawValue, "at": at, "device": device]
        for member in facts.members where body[member.name] == nil { body[member.name] = member.value }
        _ = try transaction.store.insert(
            "INSERT INTO sterilization_log (at, device, person, body) VALUES (?, ?, ?, ?)", at, device,
            body.string("person"), transaction.store.json(body.value))
    }

    /// One line of the log. Its members beside kind, time and device depend on the kind.
    struct Line: Reply {
        let kind: Kind
        let at: Instant
        let device: String
        private let body: Object

        init(_ row: Row, _ reading: any Reading) throws {
            guard let json = row.text("body"), case .object(let body) = try reading.store.value(json: json),
                let kind = body.string("kind").flatMap(Kind.init), let at = body.instant("at"),
                let device = body.string("device")
            else { throw ModuleError.internal("a line of the hygiene log cannot be read") }
            (self.kind, self.at, self.device, self.body) = (kind, at, device, body)
        }

        /// A line whose facts were sealed by the key of somebody who has been erased: what the list of cartridges still says
        /// of it, for the lot that somebody was treated from has to be found. `nil` where it was about no cartridge.
        /// - Throws: `internal` for a line that lost its facts and not its person.
        init?(erased row: Row, _ reading: any Reading) throws {
            guard let person = row.text("person"), try reading.modules.has("person", named: person) != true,
                let at = row.instant("at"), let device = row.text("device")
            else { throw ModuleError.internal("a line of the hygiene log cannot be read") }
            let times: [(column: String, kind: Kind)] = [
                ("opened_at", .cartridgeOpened), ("used_at", .cartridgeUsed), ("discarded_at", .cartridgeDiscarded),
            ]
            for (column, kind) in times {
                let sql = "SELECT cartridge, person FROM sterilization_cartridges WHERE device = ? AND \(column) = ?"
                let name = try reading.store.rows(sql, device, at).first { $0.text("person") == person }?
                    .text("cartridge")
                guard let cartridge = try name.flatMap({ try Cartridge($0, in: reading) }) else { continue }
                (self.kind, self.at, self.device, body) = (kind, at, device, cartridge.facts)
                return
            }
            return nil
        }

        static let members: [Member<Line>] = [
            Member(
                "kind", "soak, cycle, recalled, exposed, cartridge-opened, cartridge-used or cartridge-discarded",
                \.kind),
            Member("at", "when it ended or happened", \.at), Member("device", "the device", \.device),
            text("agent", "for a soak: what the head lay in"),
            number("concentration_percent", "for a soak: the strength by volume"),
            text("method", "for a cycle: how"), number("temperature_c", "for a cycle: the temperature that was held"),
            number("minutes", "for a soak or cycle: how long"),
            flag("hands_washed", "for a soak: whether hands were washed before the head was touched"),
            flag("clean_surface", "for a soak: whether it dries and lies on a clean surface"),
            Member("indicator", "for a cycle or an exposed person: what the load's indicator showed") {
                $0.body.string("indicator").flatMap(Indicator.init)
            },
            text("steriliser", "for a cycle: which steriliser"),
            text("load", "for a cycle, a recalled head or an exposed person: the load's number"),
            flag("counts", "for a soak or cycle: whether it counted"),
            text("profile", "for a cycle: the profile that it meets, if any"),
            time("ready_until", "for a soak or cycle that counts: how long the head stays ready"),
            texts("reasons", "the codes of why it did not"),
            texts("recalled", "for a cycle: other devices of the same load that are not sterile any more"),
            text("cartridge", "the cartridge"), text("person", "whom it is for, or who was treated"),
            text("lot", "for a cartridge: its lot number"),
            Member("expires", "for a cartridge: its last day") { $0.body.date("expires") },
            time("opened", "for a cartridge: when it was opened"),
            time("use_by", "for a cartridge that was opened: until when it may be used"),
            Member("session", "the session of a cartridge that was in one, or of an exposed person") {
                $0.body.integer("session")
            },
            time("used", "for a cartridge that was used: when"),
            time("discarded", "for a cartridge that was discarded: when"),
            time("treated", "for an exposed person: when they were treated"),
        ]

        private static func text(_ name: String, _ meaning: String) -> Member<Line> {
            Member(name, meaning) { $0.body.string(name) }
        }
        private static func texts(_ name: String, _ meaning: String) -> Member<Line> {
            Member(name, meaning) { $0.body[name] == nil ? nil : $0.body.strings(name) }
        }
        private static func number(_ name: String, _ meaning: String) -> Member<Line> {
            Member(name, meaning) { $0.body.number(name) }
        }
        private static func flag(_ name: String, _ meaning: String) -> Member<Line> {
            Member(name, meaning) { $0.body.bool(name) }
        }
        private static func time(_ name: String, _ meaning: String) -> Member<Line> {
            Member(name, meaning) { $0.body.instant(name) }
        }
    }
}

extension Sterilization {
    private static let ofDevice = Parameter.optional("device", .slug, "Only this device's.")
    private static let since = Parameter.optional("since", .time, "Only what happened at or after this time.")

    var list: Command {
        Command(
            "list", "Lists the hygiene log, newest first: soaks, cycles and cartridges.", role: .reader,
            takes: Sterilization.ofDevice, Sterilization.since, gives: HygieneLog.Line.self, errors: [.notFound],
            concerns: .named("device", rows: ["device", .init("person", names: "person", isOptional: true)]),
            example: "sterilization.list device=roller-1 since=2026-11-01T00:00:00Z",
            lists: { reading, send, device, since in
                var conditions: [String] = []
                var values: [SQLValue] = []
                if let device {
                    conditions.append("device = ?")
                    values.append(try reading.device(device).device.sql)
                }
                if let since {
                    conditions.append("at >= ?")
                    values.append(since.sql)
                }
                let filter = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND ")) "
                let sql = "SELECT at, device, person, body FROM sterilization_log \(filter)ORDER BY at DESC, id DESC"
                try reading.store.forEach(sql, values) { row in
                    if row["body"] != .null {
                        try send(HygieneLog.Line(row, reading))
                    } else if let line = try HygieneLog.Line(erased: row, reading) {
                        try send(line)
                    }
                }
            })
    }
}
