import MneedleKit

/// Something that people put on their skin.
struct Product: Reply {
    enum Use: String, CaseIterable, ReplyValue { case avoid, helps, fine }

    let name: String
    let aliases: [String]
    let use: Use
    /// The window in which the product is avoided.
    let window: String?
    /// Whether the product may go on the skin while a reaction is open.
    let isForReactions: Bool
    /// The time by which its use puts off the next session.
    private let defers: (days: Int, months: Int)?
    let reason: String
    let sources: [Source]

    var names: [String] { [name] + aliases }

    static let members: [Member<Product>] = [
        Member("product", "its name", \.name), Member("aliases", "other words for it", \.aliases),
        Member("use", "avoid, helps or fine", \.use),
        Member("window", "the window in which it is avoided", \.window), Member("reason", "why", \.reason),
        Member("sources", "what it rests on", \.sources),
    ]

    init(_ table: Table) {
        (name, aliases) = table.names("product")
        use = table.choice("use", default: .avoid)
        window = table.optionalString("window")
        isForReactions = table.bool("with_reaction", default: false)
        let (days, months) = (
            table.optionalInteger("defers_days", in: 1...365), table.optionalInteger("defers_months", in: 1...24)
        )
        defers = days == nil && months == nil ? nil : (days ?? 0, months ?? 0)
        reason = table.string("reason")
        sources = table.sources()
        if (use == .avoid) != (window != nil) {
            table.report("window", "give it where use = \"avoid\", and only there")
        }
    }

    /// The first day on which a session may follow its use on `day`; `nil` where it puts nothing off.
    func sessionPossible(afterUseOn day: CivilDate) -> CivilDate? {
        defers.map { day.adding(months: $0.months).adding(days: $0.days) }
    }
}

extension AftercareKnowledge {
    /// The product that a person means: its name, an alias, or one of them with its form and strength
    /// (`Retinol serum 0.5 %`).
    func product(named text: String) -> Product? {
        let whole = normalised(text)
        if let product = products.first(where: { $0.names.contains(whole) }) { return product }
        let bare = whole.split(separator: "-").filter { !forms.contains(String($0)) && !isStrength($0) }
        let rest = bare.joined(separator: "-")
        return products.first { $0.names.contains(rest) }
    }

    private func isStrength(_ word: Substring) -> Bool {
        word.utf8.allSatisfy {
            ($0 >= 48 && $0 <= 57) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "%")
        }
    }
}

/// The reply of `aftercare.may-use`.
private struct Usable: Reply {
    let person: String
    let product: String
    let isAllowed: Bool
    var until: Instant?
    let findings: [Finding]

    static let members: [Member<Usable>] = [
        Member("person", "whose skin", \.person), Member("product", "the product as it is known here", \.product),
        Member("allowed", "whether it may be used then", \.isAllowed),
        Member("until", "how long not, if it may not; absent while a reaction is open", \.until),
        Member("findings", "why, and whether it puts off the next session", \.findings),
    ]
}

extension Aftercare {
    private static let whoseSkin = Parameter.required("person", .slug, "Whose skin.")
    private static let product = Parameter.required(
        "product", .line(maximum: 100), "What: see aftercare.products; another word for it may do.")
    private static let at = Parameter.optional("at", .time, "When; default now.")

    var mayUse: Command {
        Command(
            "may-use", "Says whether a product may go on a person's skin now, and from when if not.", role: .reader,
            takes: Aftercare.whoseSkin, Aftercare.product, Aftercare.at, gives: Usable.self, errors: [.notFound],
            concerns: .named("person"), example: "aftercare.may-use person=anna product=retinol",
            reads: { reading, slug, word, at in
                try usable(word, reading.person(slug), at: at ?? reading.now, reading)
            })
    }

    var products: Command {
        Command(
            "products", "Lists the products that are known and what holds for them after a session.", role: .reader,
            gives: Product.self, concerns: .nobody, example: "aftercare.products",
            lists: { _, send in
                for product in knowledge.products { try send(product) }
            })
    }

    private func usable(
        _ word: String, _ person: Person, at asked: Instant, _ reading: any Reading
    ) throws -> Usable {
        let at = try timeOnSkin(asked, of: person.person, reading)
        let product = knowledge.product(named: word)
        let ends = try windowEnds(of: person.person, at: at, reading)
        let name = product?.name ?? normalised(word)
        let until = end(product, ends)
        if let refused = try refusal(of: product, name: name, person, reading) { return refused }
        let code: AftercareCode = product == nil ? .productUnknown : until == nil ? .productFine : .productAvoid
        var findings: [Finding] = []
        // While no window is open there is no finding about any product.
        if until != nil || (product != nil && !ends.isEmpty) {
            var values: [String: any CustomStringConvertible] = ["product": name, "reason": product?.reason ?? ""]
            values["time"] = until
            findings = try knowledge.findings.find(
                code, person.setting, in: reading.zone(of: person), until: until.map(Deadline.instant),
                sources: product?.sources, values)
        }
        let deferring = try deferral(by: product, at: at, person, reading)
        return Usable(
            person: person.person, product: name, isAllowed: until == nil, until: until,
            findings: findings + deferring)
    }

    /// The answer while a reaction is open, which allows only products meant for reactions; `nil` where nothing is refused.
    private func refusal(
        of product: Product?, name: String, _ person: Person, _ reading: any Reading
    ) throws -> Usable? {
        if product?.isForReactions ?? false { return nil }
        let found = try openReactions(of: person.person, reading).filter { open in
            guard let product, let symptom = knowledge.symptom(named: open.symptom) else { return true }
            return !symptom.allows.contains(product.name)
        }
        if found.isEmpty { return nil }
        let findings = try found.flatMap { open in
            try knowledge.findings.find(
                .productReaction, person.setting, in: reading.zone(of: person),
                [
                    "product": name, "reaction": open.reaction,
                    "symptom": knowledge.symptom(named: open.symptom)?.text ?? open.symptom,
                ])
        }
        return Usable(person: person.person, product: name, isAllowed: false, findings: findings)
    }

    /// The finding that using the product at `at` puts off the next session; empty where it puts nothing off.
    private func deferral(
        by product: Product?, at: Instant, _ person: Person, _ reading: any Reading
    ) throws -> [Finding] {
        let zone = reading.zone(of: person)
        let day = zone.date(of: at)
        guard let product, let possible = product.sessionPossible(afterUseOn: day) else { return [] }
        return try knowledge.findings.find(
            .productDefersSession, person.setting, in: zone, until: .date(possible), sources: product.sources,
            ["product": product.name, "day": day])
    }

    /// The time that a question about `at` is answered for. A session that lies ahead of the clock has taken place all the
    /// same, for the clock was set back: a question about now, or later, is then one about the session's end at the earliest.
    private func timeOnSkin(_ at: Instant, of person: String, _ reading: any Reading) throws -> Instant {
        guard at >= reading.now, let last = try lastCourse(of: person, reading) else { return at }
        return max(at, last.ended ?? last.began)
    }

    /// The ends of the windows that are open at `at` and in which things are avoided, by the window's code.
    private func windowEnds(of person: String, at: Instant, _ reading: any Reading) throws -> [String: Instant] {
        let rows = try reading.store.rows(
            """
            SELECT code, MAX(ends_at) AS ends_at FROM aftercare_windows
            WHERE person = ? AND kind = 'avoid' AND starts_at <= ? AND ends_at > ? GROUP BY code
            """, person, at, at)
        var ends: [String: Instant] = [:]
        for row in rows {
            guard let code = row.text("code"), let end = row.instant("ends_at") else {
                throw ModuleError.internal("a row of aftercare_windows cannot be read")
            }
            ends[code] = end
        }
        for (window, from, until) in try runningWindows(of: person, at: at, reading) {
            guard window.kind == .avoid, from <= at else { continue }
            ends[window.code] = max(until, ends[window.code] ?? until)
        }
        return ends
    }

    /// The time until which a product may not be used; `nil` when it may. An unknown product waits for every window.
    private func end(_ product: Product?, _ ends: [String: Instant]) -> Instant? {
        guard let product else { return ends.filter { knowledge.productWindows.contains($0.key) }.values.max() }
        return product.window.flatMap { ends[$0] }
    }
}
