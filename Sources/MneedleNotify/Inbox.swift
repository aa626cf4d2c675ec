import MneedleClient
import MneedleWire

/// What has been heard from the daemon and is not over: what is, or is to be, on the screen, and what somebody
/// answered. It is kept on disk, so that nothing is lost and nothing is shown twice over a restart of anything.
///
/// An event is *seen* once its notice is here; a notice is on the screen once the server has given it a number.
public struct Inbox: Hashable, Sendable {
    /// The number of the last event that is taken in; `nil` before the first.
    public var seen: Int64?
    /// The socket of the daemon that numbers those events.
    public var daemon: String?
    /// The notification server that gave the numbers of what is shown.
    public var server: String?
    /// In the order in which they came.
    public var notices: [Notice] = []
    /// Answers that the daemon has not taken yet.
    public var answers: [ReminderAnswer] = []
    /// Numbers of notifications that are to be taken from the screen.
    public var withdrawn: [UInt32] = []
    /// The last revision given to a notice.
    public var revisions: Int64 = 0

    /// Makes an empty one.
    public init() {}

    // MARK: What the daemon says

    /// Takes an event in. `wanted` says whether this user wants to see what concerns a person.
    public mutating func take(_ event: Event, wanted: (_ person: String?) -> Bool) {
        // What is only live and stands in no ledger cannot be missed either.
        guard let seq = event.seq else { return }
        seen = max(seq, seen ?? seq)
        if event.topic == "telemetry.alarm" {
            if let notice = Notice(alarm: event.body), wanted(event.body["person"]?.string) { put(notice) }
        } else if event.topic == "telemetry.alarm-over" {
            takeAlarmOver(event.body)
        } else if event.topic == "reminder.digest" {
            if let notice = Notice(digest: event.body, seq: seq), wanted(event.body["person"]?.string) { put(notice) }
        } else if let reminder = event.body["reminder"]?.integer {
            // The state says more than the topic: whatever is not due does not belong on the screen.
            if event.body["state"]?.string == "due" {
                if let notice = Notice(reminder: event.body), wanted(event.body["person"]?.string) { put(notice) }
            } else {
                remove(Notice.key(reminder: reminder))
                removeFromDigests(reminder)
            }
        }
    }

    /// A digest stays until all that it tells of is answered.
    private mutating func removeFromDigests(_ reminder: Int64) {
        for index in notices.indices.reversed() where notices[index].digested.contains(reminder) {
            notices[index].digested.removeAll { $0 == reminder }
            if notices[index].digested.isEmpty { remove(notices[index].key) }
        }
    }

    /// An alarm that is over still has to be seen, but it no longer presses.
    private mutating func takeAlarmOver(_ facts: JSON) {
        guard let session = facts["session"]?.integer, let code = facts["code"]?.string,
            let index = notices.firstIndex(where: { $0.key == Notice.key(session: session, alarm: code) })
        else { return }
        notices[index].urgency = .normal
        notices[index].body += "\nOver" + (facts["at"]?.string.map { " since \(LocalTime.text($0))" } ?? "") + "."
        touch(index)
    }

    /// Starts anew with a daemon whose events cannot be followed up: with what is due there now.
    public mutating func begin(at seq: Int64?, of daemon: String, due: [JSON], wanted: (_ person: String?) -> Bool) {
        let all = due.filter { wanted($0["person"]?.string) }.compactMap { Notice(reminder: $0) }
        for notice in notices where notice.kind == .reminder && !all.contains(where: { $0.key == notice.key }) {
            // What a digest told of comes one by one now.
            remove(notice.key)
        }
        // What is on the screen already stays as it is. Another ledger may have given its number to something else.
        for notice in all where !notices.contains(where: { $0.key == notice.key && $0.title == notice.title }) {
            put(notice)
        }
        if self.daemon != daemon { answers = [] }
        self.daemon = daemon
        seen = seq
    }

    private mutating func put(_ notice: Notice) {
        var notice = notice
        if let index = notices.firstIndex(where: { $0.key == notice.key }) {
            notice.shown = notices[index].shown
            notices[index] = notice
            touch(index)
        } else {
            notices.append(notice)
            touch(notices.count - 1)
        }
    }

    private mutating func remove(_ key: String) {
        guard let index = notices.firstIndex(where: { $0.key == key }) else { return }
        if let shown = notices.remove(at: index).shown { withdrawn.append(shown.id) }
    }

    /// Gives it a new revision, so that it is shown again in its place.
    private mutating func touch(_ index: Int) {
        revisions += 1
        notices[index].revision = revisions
    }

    // MARK: What the notification server says

    /// A server is there. Nothing of ours is on the screen of another one than before. The same one may tell the
    /// answers to nobody but the connection that showed a notification last, so that with a connection of ours that
    /// `isNew` everything is put into its own place once more.
    public mutating func serverAppeared(_ name: String, isNew: Bool) {
        if name != server { forgetScreen() }
        server = name
        guard isNew else { return }
        for index in notices.indices where notices[index].shown != nil { touch(index) }
    }

    /// The server is gone, and with it what was on the screen.
    public mutating func serverVanished() {
        forgetScreen()
        server = nil
    }

    private mutating func forgetScreen() {
        withdrawn = []
        for index in notices.indices where notices[index].shown != nil {
            notices[index].shown = nil
            touch(index)
        }
    }

    /// The server shows this revision of a notice under a number.
    public mutating func shown(_ key: String, revision: Int64, id: UInt32) {
        guard let index = notices.firstIndex(where: { $0.key == key }) else {
            // Closed elsewhere meanwhile.
            withdrawn.append(id)
            return
        }
        if let earlier = notices[index].shown?.id, earlier != id { withdrawn.append(earlier) }
        notices[index].shown = Notice.Shown(id: id, revision: revision)
        notices[index].isQuiet = true
    }

    /// A notification is no longer on the screen: it expired or somebody put it away. Whether the reminder is
    /// answered is another matter, so that the daemon is told nothing.
    public mutating func closed(_ id: UInt32) {
        withdrawn.removeAll { $0 == id }
        guard let index = notices.firstIndex(where: { $0.shown?.id == id }) else { return }
        if notices[index].isCurrent {
            notices.remove(at: index)
        } else {
            // There is something new to show.
            notices[index].shown = nil
        }
    }

    /// Somebody chose an action of a notification.
    public mutating func chosen(_ action: NoticeAction, on id: UInt32) {
        guard let index = notices.firstIndex(where: { $0.shown?.id == id }) else { return }
        let notice = notices[index]
        if action == .why {
            notices[index].isExplained = true
            touch(index)
        } else if let reminder = notice.reminder {
            let key = "notify-\(reminder)-\(action.rawValue)-\(seen ?? 0)-\(notice.revision)"
            if let answer = action.answer(reminder, key: key) { answers.append(answer) }
            remove(notice.key)
        }
    }

    // MARK: What became of the answers

    /// The daemon has dealt with the first answer. What it says against it is shown, if there is something.
    public mutating func answered(refusal: String? = nil) {
        let answer = answers.removeFirst()
        guard let refusal else { return }
        put(
            Notice(
                "refusal/\(answer.idempotencyKey)", .refusal, title: "The answer was not taken", body: refusal,
                urgency: .normal))
    }
}
