import MneedleWire

extension Inbox {
    /// The version of the stored form.
    private static let version: Int64 = 1

    /// The inbox in its stored form.
    public var json: JSON {
        [
            "version": .integer(Inbox.version), "seen": JSON(seen), "daemon": JSON(daemon), "server": JSON(server),
            "revisions": .integer(revisions), "notices": .array(notices.map(\.json)),
            "answers": .array(answers.map(\.json)), "withdrawn": .array(withdrawn.map { .integer(Int64($0)) }),
        ]
    }

    /// Reads the stored form; `nil` if it is another one.
    public init?(_ json: JSON) {
        guard json["version"]?.integer == Inbox.version, let revisions = json["revisions"]?.integer,
            let notices = json["notices"]?.elements, let answers = json["answers"]?.elements
        else { return nil }
        self.init()
        self.revisions = revisions
        seen = json["seen"]?.integer
        daemon = json["daemon"]?.string
        server = json["server"]?.string
        for notice in notices {
            guard let notice = Notice(json: notice) else { return nil }
            self.notices.append(notice)
        }
        for answer in answers {
            guard let answer = ReminderAnswer(json: answer) else { return nil }
            self.answers.append(answer)
        }
        withdrawn = (json["withdrawn"]?.elements ?? []).compactMap { $0.integer.flatMap { UInt32(exactly: $0) } }
    }
}

extension Notice {
    fileprivate var json: JSON {
        [
            "key": .string(key), "kind": .string(kind.rawValue), "reminder": JSON(reminder),
            "digested": .array(digested.map(JSON.integer)), "title": .string(title),
            "body": .string(body), "urgency": .string(urgency.rawValue), "reasons": .array(reasons.map(JSON.string)),
            "explained": .bool(isExplained), "quiet": .bool(isQuiet), "revision": .integer(revision),
            "id": JSON(shown.map { Int64($0.id) }), "shown_revision": JSON(shown?.revision),
        ]
    }

    fileprivate init?(json: JSON) {
        guard let key = json["key"]?.string, let kind = json["kind"]?.string.flatMap(Kind.init),
            let title = json["title"]?.string, let body = json["body"]?.string,
            let urgency = json["urgency"]?.string.flatMap(Urgency.init), let revision = json["revision"]?.integer
        else { return nil }
        self.init(
            key, kind, reminder: json["reminder"]?.integer, title: title, body: body, urgency: urgency,
            reasons: json["reasons"]?.strings ?? [])
        digested = (json["digested"]?.elements ?? []).compactMap(\.integer)
        isExplained = json["explained"]?.bool ?? false
        isQuiet = json["quiet"]?.bool ?? false
        self.revision = revision
        if let id = json["id"]?.integer.flatMap({ UInt32(exactly: $0) }), let of = json["shown_revision"]?.integer {
            shown = Shown(id: id, revision: of)
        }
    }
}

extension ReminderAnswer {
    fileprivate var json: JSON {
        ["verb": .string(verb), "arguments": .object(arguments), "key": .string(idempotencyKey)]
    }

    fileprivate init?(json: JSON) {
        guard let verb = json["verb"]?.string, let arguments = json["arguments"]?.members,
            let key = json["key"]?.string
        else { return nil }
        self.init(verb: verb, arguments: arguments, idempotencyKey: key)
    }
}

extension JSON {
    fileprivate init(_ number: Int64?) { self = number.map(JSON.integer) ?? .null }
    fileprivate init(_ text: String?) { self = text.map(JSON.string) ?? .null }
}
