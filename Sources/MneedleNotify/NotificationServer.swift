/// The session's `org.freedesktop.Notifications`, whichever server has that name at the time.
final class NotificationServer {
    /// A signal of the server.
    enum Word {
        /// A server is there, with these capabilities, under this name, which no other server ever has.
        case appeared(name: String, capabilities: Set<String>)
        /// The server is gone, and its notifications with it; the bus may know how to start it again.
        case vanished
        /// There is no server, and the bus knows none to start. A signal tells of the next one.
        case absent
        /// The server cannot be asked now, for this reason; it may be asked again later.
        case unwell(String)
        case chosen(action: String, id: UInt32)
        case closed(id: UInt32)
    }

    private static let name = "org.freedesktop.Notifications"
    private static let path = "/org/freedesktop/Notifications"
    /// The errors when no server has the name, and the bus can start none.
    private static let nobody = [
        "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner",
    ]

    /// Errors that are no reason against the notification itself.
    private static let passing = [
        ".ExcessNotificationGeneration", ".NoReply", ".Timeout", ".TimedOut", ".Disconnected", ".LimitsExceeded",
        ".NoMemory", ".ServiceUnknown", ".NameHasNoOwner",
    ]

    let bus: Bus
    /// The unique name of the server that answered last.
    private var owner: String?
    private let tell: (Word) -> Void

    /// Looks for a server on the bus; starts it if the bus knows how to.
    init(_ tell: @escaping (Word) -> Void) throws(Bus.Failed) {
        bus = try Bus()
        self.tell = tell
        bus.signal = { [unowned self] in take($0) }
        try bus.listen(
            to: "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                + "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='\(Self.name)'")
        for member in ["ActionInvoked", "NotificationClosed"] {
            try bus.listen(
                to: "type='signal',path='\(Self.path)',interface='\(Self.name)',member='\(member)'")
        }
        try introduce()
    }

    /// Asks for the server and its capabilities.
    func introduce() throws(Bus.Failed) {
        try call("GetCapabilities") { [unowned self] reply in
            switch reply {
            case .message(let message):
                owner = message.sender
                tell(
                    .appeared(
                        name: "\(bus.identity)/\(message.sender)", capabilities: Set(message.texts() ?? [])))
            case .error(let name, _) where Self.nobody.contains(name):
                owner = nil
                tell(.absent)
            case .error(let name, let text):
                tell(.unwell("\(name): \(text)"))
            }
        }
    }

    /// Shows a notification; `done` gets its number, or `nil` if the server refused. A server that fails on pictures, buttons or
    /// hints is given the words alone: better they are seen than nothing.
    func show(_ notification: Notification, done: @escaping (UInt32?) -> Void) throws(Bus.Failed) {
        try call("Notify") { message in
            message.text("mneedle")
            message.unsigned(notification.replaces)
            message.text(notification.icon)
            message.text(notification.summary)
            message.text(notification.body)
            message.container("a", of: "s") { list in
                for action in notification.actions {
                    list.text(action.rawValue)
                    list.text(action.label)
                }
            }
            message.container("a", of: "{sv}") { list in
                for (name, hint) in notification.hints.sorted(by: { $0.key < $1.key }) {
                    list.container("e", of: "sv") { entry in
                        entry.text(name)
                        entry.hint(hint)
                    }
                }
            }
            message.signed(notification.expires)
        } reply: { [tell, weak self] reply in
            switch reply {
            case .message(let message): done(message.number())
            case .error(let name, let text):
                let bare = notification.bare
                guard !Self.passing.contains(where: name.hasSuffix), bare != notification,
                    (try? self?.show(bare, done: done)) != nil
                else {
                    done(nil)
                    return tell(.unwell("\(name): \(text)"))
                }
            }
        }
    }

    /// Takes a notification from the screen, if it is still there.
    func close(_ id: UInt32) throws(Bus.Failed) {
        // An error means that there is none of that number any more.
        try call("CloseNotification", write: { $0.unsigned(id) }, reply: { _ in })
    }

    private func call(
        _ member: String, write: (inout Outgoing) -> Void = { _ in }, reply: @escaping (Bus.Reply) -> Void
    ) throws(Bus.Failed) {
        try bus.call(Self.name, path: Self.path, interface: Self.name, member, write: write, reply: reply)
    }

    private func take(_ signal: Incoming) {
        switch signal.member {
        case "NameOwnerChanged":
            guard signal.text() == Self.name, signal.text() != nil, let new = signal.text() else { return }
            // The new owner is asked next; the notifications of the old one are gone in any case.
            if new != owner { tell(.vanished) }
            owner = new.isEmpty ? nil : new
            if !new.isEmpty, let failed = failure({ () throws(Bus.Failed) in try introduce() }) {
                tell(.unwell(failed))
            }
        case "ActionInvoked" where signal.sender == owner:
            if let id = signal.number(), let action = signal.text() { tell(.chosen(action: action, id: id)) }
        case "NotificationClosed" where signal.sender == owner:
            if let id = signal.number() { tell(.closed(id: id)) }
        default: break
        }
    }

    private func failure(_ body: () throws(Bus.Failed) -> Void) -> String? {
        do throws(Bus.Failed) {
            try body()
            return nil
        } catch { return error.description }
    }
}

extension Outgoing {
    fileprivate mutating func hint(_ hint: Notification.Hint) {
        switch hint {
        case .byte(let number): container("v", of: "y") { $0.byte(number) }
        case .text(let text): container("v", of: "s") { $0.text(text) }
        case .flag(let flag): container("v", of: "b") { $0.flag(flag) }
        }
    }
}
