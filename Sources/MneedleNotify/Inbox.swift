import MneedleClient
import MneedleWire

/// The open messages of the daemon: notices that are, or are to be, on the screen, and answers that it has not taken yet. It
/// is kept on disk, so that nothing is lost and nothing is shown twice over a restart of anything.
///
/// An event is *seen* once its notice is here; a notice is on the screen once the server has given it a number.
public struct Inbox: Hashable, Sendable {
    /// The number of the last event that is taken in; `nil` before the first.
    public var seen: Int64?
    /// The path of the socket of the daemon that numbers those events.
    public var daemon: String?
    /// The notification server that gave the numbers of the notifications.
    public var server: String?
    /// The notices, in the order in which they came.
    public var notices: [Notice] = []
    /// Answers that the daemon has not taken yet.
    public var answers: [ReminderAnswer] = []
    /// Numbers of notifications that are to be taken from the screen.
    public var withdrawn: [UInt32] = []
    /// The last revision given to a notice.
    public var revisions: Int64 = 0

    /// Makes an empty inbox.
    public init() {}

    // MARK: Events of the daemon

    /// Takes an event in. `wanted` tells whether this user wants notices about a person.
    public mutating func take(_ event: Event, wanted: (_ person: String?) -> Bool) {
        // A live value that stands in no ledger cannot be missed either.
        guard let seq = event.seq else { return }
        seen = max(seq, seen ?? seq)
        if event.topic == "telemetry.alarm" {
            if let notice = Notice(alarm: event.body), wanted(event.body["person"]?.string) { put(notice) }
        } else if event.topic == "telemetry.alarm-over" {
            takeAlarmOver(event.body)
        } else if event.topic == "reminder.digest" {
            if let notice = Notice(digest: event.body, seq: seq), wanted(event.body["person"]?.string) { put(notice) }
        } else if let reminder = event.body["reminder"]?.integer {
            // The state counts, not the topic: a reminder that is not due does not belong on the screen.
            if event.body["state"]?.string == "due" {
                if let notice = Notice(reminder: event.body), wanted(event.body["person"]?.string) { put(notice) }
            } else {
                remove(Notice.key(reminder: reminder))
                removeFromDigests(reminder)
            }
        }
    }

    /// Removes a reminder from digests. A digest stays until all its reminders are answered.
    private mutating func removeFromDigests(_ reminder: Int64) {
        for index in notices.indices.reversed() where notices[index].digested.contains(reminder) {
            notices[index].digested.removeAll { $0 == reminder }
            if notices[index].digested.isEmpty { remove(notices[index].key) }
        }
    }

    /// Lowers the urgency of an alarm that is over. It still has to be seen, but it no longer presses.
    private mutating func takeAlarmOver(_ facts: JSON) {
        guard let session = facts["session"]?.integer, let code = facts["code"]?.string,
            let index = notices.firstIndex(where: { $0.key == Notice.key(session: session, alarm: code) })
        else { return }
        notices[index].urgency = .normal
        notices[index].body += "\nOver" + (facts["at"]?.string.map { " since \(LocalTime.text($0))" } ?? "") + "."
        touch(index)
    }

    /// Starts anew with a daemon whose events do not continue the last ones: with the reminders that are due there now.
    public mutating func begin(at seq: Int64?, of daemon: String, due: [JSON], wanted: (_ person: String?) -> Bool) {
        let all = due.filter { wanted($0["person"]?.string) }.compactMap { Notice(reminder: $0) }
        for notice in notices where notice.kind == .reminder && !all.contains(where: { $0.key == notice.key }) {
            // The reminders of a digest come one by one now.
            remove(notice.key)
        }
        // A notice on the screen stays as it is, unless another ledger has given its number to something else.
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

    /// Gives a notice a new revision, so that it is shown again in its place.
    private mutating func touch(_ index: Int) {
        revisions += 1
        notices[index].revision = revisions
    }

    // MARK: Messages of the notification server

    /// Notes that a server is there. On the screen of another server than before there is nothing of ours. The same one may
    /// send the answers only to the connection that showed a notification last; so with a connection of ours that `isNew`
    /// everything is shown in its own place once more.
    public mutating func serverAppeared(_ name: String, isNew: Bool) {
        if name != server { forgetScreen() }
        server = name
        guard isNew else { return }
        for index in notices.indices where notices[index].shown != nil { touch(index) }
    }

    /// Notes that the server is gone, and all notifications with it.
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

    /// Notes that the server shows this revision of a notice under a number.
    public mutating func shown(_ key: String, revision: Int64, id: UInt32) {
        guard let index = notices.firstIndex(where: { $0.key == key }) else {
            // The notice was closed elsewhere meanwhile.
            withdrawn.append(id)
            return
        }
        if let earlier = notices[index].shown?.id, earlier != id { withdrawn.append(earlier) }
        notices[index].shown = Notice.Shown(id: id, revision: revision)
        notices[index].isQuiet = true
    }

    /// Notes that a notification is no longer on the screen: it expired or a person put it away. That does not answer the
    /// reminder, so the daemon is told nothing.
    public mutating func closed(_ id: UInt32) {
        withdrawn.removeAll { $0 == id }
        guard let index = notices.firstIndex(where: { $0.shown?.id == id }) else { return }
        if notices[index].isCurrent {
            notices.remove(at: index)
        } else {
            // The notice has a newer revision, which is to be shown.
            notices[index].shown = nil
        }
    }

    /// Notes that a person chose an action of a notification.
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

    // MARK: Outcomes of the answers

    /// Notes that the daemon has dealt with the first answer. Its refusal, if there is one, becomes a notice.
    public mutating func answered(refusal: String? = nil) {
        let answer = answers.removeFirst()
        guard let refusal else { return }
        put(
            Notice(
                "refusal/\(answer.idempotencyKey)", .refusal, title: "The answer was not taken", body: refusal,
                urgency: .normal))
    }
}
