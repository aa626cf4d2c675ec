/// One call of `org.freedesktop.Notifications.Notify`.
struct Notification: Hashable, Sendable {
    /// The value of a hint.
    enum Hint: Hashable, Sendable {
        case byte(UInt8)
        case text(String)
        case flag(Bool)
    }

    var replaces: UInt32
    var icon: String
    var summary: String
    var body: String
    var actions: [NoticeAction]
    var hints: [String: Hint]
    /// The time until it expires, in milliseconds; with 0 it never expires, -1 leaves it to the server.
    var expires: Int32

    /// The notification's words alone.
    var bare: Notification {
        Notification(replaces: replaces, icon: "", summary: summary, body: body, actions: [], hints: [:], expires: -1)
    }
}

/// Makes notifications of notices, as far as the server, the settings and the role allow.
struct Presentation {
    /// The capabilities that the notification server names.
    var capabilities: Set<String>
    /// Whether names and health data stay off the screen.
    var isPrivate = false
    /// Whether the daemon takes answers from this user.
    var mayAnswer = true

    func notification(of notice: Notice) -> Notification {
        let shown = isPrivate ? withoutFacts(notice) : notice
        let actions = actions(of: shown)
        let body = body(of: shown, actions)
        let hasBody = capabilities.contains("body")
        return Notification(
            replaces: notice.shown?.id ?? 0, icon: icon(of: notice.kind),
            // A summary is one line, also where nothing else can be shown.
            summary: plain(hasBody || body.isEmpty ? shown.title : "\(shown.title): \(body)").replacing(
                "\n", with: " "),
            body: hasBody ? marked(plain(body)) : "", actions: actions, hints: hints(of: notice),
            expires: expiry(of: notice))
    }

    /// A notice without health data, for a lock screen too.
    private func withoutFacts(_ notice: Notice) -> Notice {
        var bare = notice
        (bare.body, bare.reasons) = ("", [])
        bare.title =
            switch notice.kind {
            case .reminder: "A reminder is due"
            case .alarm: "Look at the device now"
            case .refusal: "An answer was not taken"
            }
        return bare
    }

    private func actions(of notice: Notice) -> [NoticeAction] {
        guard capabilities.contains("actions") else { return [] }
        return NoticeAction.allCases.filter { action in
            action == .why ? !notice.reasons.isEmpty && !notice.isExplained : notice.reminder != nil && mayAnswer
        }
    }

    private func body(of notice: Notice, _ actions: [NoticeAction]) -> String {
        var lines = [notice.body]
        // Where there are no buttons, the text tells at once how to answer.
        if notice.isExplained { lines += notice.reasons }
        if !capabilities.contains("actions"), mayAnswer, let reminder = notice.reminder {
            lines.append("Answer with: mneedlectl scheduling done --reminder \(reminder)")
        }
        return lines.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    /// A text as the server takes it. A server that knows markup gets it without markup. The others should filter tags out, and
    /// some (dunst) take everything in angle brackets for one: a limit such as "< 5 days" must not vanish from the screen.
    private func marked(_ text: String) -> String {
        guard capabilities.contains("body-markup") else {
            return text.replacing("<", with: "‹").replacing(">", with: "›")
        }
        return text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    /// A text without control characters: D-Bus text holds no NUL, and the others have no business on a screen.
    private func plain(_ text: String) -> String {
        String(text.unicodeScalars.filter { $0 == "\n" || $0 == "\t" || !($0.value < 32 || $0.value == 127) })
    }

    private func icon(of kind: Notice.Kind) -> String {
        switch kind {
        case .reminder: "appointment-soon"
        case .alarm: "dialog-warning"
        case .refusal: "dialog-error"
        }
    }

    private func hints(of notice: Notice) -> [String: Notification.Hint] {
        let urgency: UInt8 =
            switch notice.urgency {
            case .low: 0
            case .normal: 1
            case .critical: 2
            }
        var hints: [String: Notification.Hint] = [
            "urgency": .byte(urgency), "desktop-entry": .text("mneedle-notify"),
            "category": .text(notice.kind == .alarm ? "device.error" : "x-mneedle.\(notice.kind.rawValue)"),
        ]
        // It stays while a person reads the reasons, and until it is answered.
        if notice.urgency == .critical { hints["resident"] = .flag(true) }
        if notice.isQuiet { hints["suppress-sound"] = .flag(true) }
        return hints
    }

    /// The time until it expires. A server with persistence may take it from the screen. Without that, a person who was not
    /// there in time would never know of it.
    private func expiry(of notice: Notice) -> Int32 {
        switch notice.urgency {
        case .low: -1
        case .normal: capabilities.contains("persistence") ? -1 : 0
        case .critical: 0
        }
    }
}
