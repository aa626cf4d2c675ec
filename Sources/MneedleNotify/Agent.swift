import CSystemd
import Glibc
import MneedleClient
import MneedleSystem

/// The desktop agent: one loop over the daemon's socket and the session's bus. It sleeps until one of them sends something,
/// or until a failed attempt is to be made again.
public final class Agent {
    /// Another agent of this user has the state folder.
    public struct Taken: Error, CustomStringConvertible {
        /// One sentence for a person.
        public let description: String
    }

    /// The state folder cannot be used.
    public struct Failed: Error, CustomStringConvertible {
        /// One sentence for a person.
        public let description: String

        /// Makes the error.
        public init(description: String) { self.description = description }
    }

    private let settings: AgentSettings
    private let file: StateFile
    private let daemon: DaemonLink
    private var inbox: Inbox
    private var server: NotificationServer?
    /// The notification server's capabilities; `nil` while there is no server.
    private var capabilities: Set<String>?
    /// Whether the server has not answered on this connection yet.
    private var isNewConnection = true
    /// Keys of notices that the server is to show and has not yet answered.
    private var inFlight: Set<String> = []
    private var busPause = Backoff()
    private var serverPause = Backoff()
    private var answerPause = Backoff()
    private var filePause = Backoff()
    private var status = ""
    /// The state of the connection to the daemon that was logged last, so that each is logged once.
    private var trouble: String?

    /// Takes the state folder and reads its file.
    public init(_ settings: AgentSettings, state: String) throws {
        self.settings = settings
        do {
            file = try StateFile(folder: state)
        } catch {
            if error.isTaken { throw Taken(description: error.description) }
            throw Failed(description: "the state cannot be kept: \(error)")
        }
        inbox = file.load(Agent.log)
        daemon = DaemonLink { SocketPath.candidates(explicit: settings.socket) }
    }

    /// Runs until the process is ended, which may happen at any time.
    public func run() -> Never {
        sd_notify(0, "READY=1")
        while true {
            meetServer()
            // A person's choice is on disk before it is sent.
            save()
            daemon.connect(&inbox, wanted: settings.wants)
            answer()
            listen()
            save()
            present()
            tellStatus()
            wait()
        }
    }

    // MARK: The daemon

    private func listen() {
        if daemon.trouble != trouble {
            trouble = daemon.trouble
            if let trouble { Agent.log(trouble) }
        }
        daemon.drain { event in
            let isAlarm = event.topic.hasPrefix("telemetry.")
            inbox.take(event) { (settings.showsAlarms || !isAlarm) && settings.wants($0, own: daemon.own) }
        }
    }

    private func answer() {
        guard answerPause.isOver() else { return }
        while daemon.connection != nil, let answer = inbox.answers.first {
            switch daemon.send(answer) {
            case .taken, .pointless: inbox.answered()
            case .refused(let reason): inbox.answered(refusal: reason)
            case .later: return answerPause.failed()
            }
        }
        answerPause.succeeded()
    }

    // MARK: The screen

    private func meetServer() {
        do throws(Bus.Failed) {
            if server == nil, busPause.isOver() {
                server = try NotificationServer { [unowned self] in hear($0) }
                isNewConnection = true
                busPause.failed()
            }
            try server?.bus.process()
            if capabilities == nil, serverPause.due != nil, serverPause.isOver() {
                serverPause.failed()
                try server?.introduce()
            }
        } catch { loseBus(error) }
    }

    private func loseBus(_ error: Bus.Failed) {
        Agent.log("\(error)")
        server = nil
        capabilities = nil
        inFlight = []
        serverPause.succeeded()
        busPause.failed()
    }

    private func hear(_ word: NotificationServer.Word) {
        switch word {
        case .appeared(let name, let capabilities):
            busPause.succeeded()
            serverPause.rest()
            self.capabilities = capabilities
            inbox.serverAppeared(name, isNew: isNewConnection)
            isNewConnection = false
        case .vanished:
            capabilities = nil
            inbox.serverVanished()
            serverPause.failed()
        case .absent:
            busPause.succeeded()
            serverPause.rest()
            capabilities = nil
            inbox.serverVanished()
        case .unwell(let reason):
            Agent.log("the notification server: \(reason)")
            capabilities = nil
            serverPause.failed()
        case .chosen(let action, let id):
            if let action = NoticeAction(rawValue: action) { inbox.chosen(action, on: id) }
        case .closed(let id):
            inbox.closed(id)
        }
    }

    private func present() {
        guard let server, let capabilities else { return }
        let presentation = Presentation(
            capabilities: capabilities, isPrivate: settings.isPrivate, mayAnswer: daemon.mayAnswer)
        do throws(Bus.Failed) {
            for id in inbox.withdrawn { try server.close(id) }
            inbox.withdrawn = []
            for notice in inbox.notices where !notice.isCurrent && !inFlight.contains(notice.key) {
                try server.show(presentation.notification(of: notice)) { [unowned self] id in
                    inFlight.remove(notice.key)
                    guard let id else { return }
                    serverPause.succeeded()
                    inbox.shown(notice.key, revision: notice.revision, id: id)
                }
                inFlight.insert(notice.key)
            }
        } catch { loseBus(error) }
    }

    // MARK: The loop

    private func save() {
        guard filePause.isOver() else { return }
        do throws(StateFile.Failed) {
            try file.save(inbox)
            filePause.succeeded()
        } catch {
            // The screen matters more: a notice that is shown now may come once more after a restart.
            Agent.log("the state cannot be kept: \(error)")
            filePause.failed()
        }
    }

    private func wait() {
        var entries: [pollfd] = []
        var deadlines: [ContinuousClock.Instant?] = [answerPause.due, filePause.due]
        if let connection = daemon.connection {
            entries.append(pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0))
        } else {
            deadlines.append(daemon.backoff.due)
        }
        if let server {
            let wait = server.bus.wait
            entries.append(wait.entry)
            deadlines += [wait.deadline, serverPause.due]
        } else {
            deadlines.append(busPause.due)
        }
        let first = deadlines.compactMap { $0 }.min()
        let left = first.map { max($0 - .now, .zero) }
        poll(&entries, nfds_t(entries.count), left?.milliseconds ?? -1)
    }

    /// Tells the state for `systemctl --user status`, without names or health data.
    private func tellStatus() {
        let shown = inbox.notices.count { $0.isCurrent }
        let text =
            "daemon: \(daemon.trouble ?? "connected"); notification server: \(capabilities == nil ? "none" : "connected"); "
            + "on the screen: \(shown), waiting: \(inbox.notices.count - shown), answers to send: \(inbox.answers.count)"
        guard text != status else { return }
        status = text
        sd_notify(0, "STATUS=\(text)")
    }

    /// Writes to standard error, which the journal keeps: never names or health data.
    static func log(_ text: String) { StandardError.write("mneedle-notify: \(text)\n") }
}
