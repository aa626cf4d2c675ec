import FoundationEssentials
import Glibc
import MneedleClient
import MneedlePictures
import MneedleSystem
import MneedleWire

struct TopArguments: OwnArguments {
    static let way = "mneedlectl top"
}

extension Tool {
    /// `top`: what runs, what is wrong and what there is to do, as it changes.
    func top(_ words: [String]) throws(Failure) {
        _ = try TopArguments.read(words)
        guard !options.form.isForPrograms, !options.quiet else {
            throw .usage(
                "'top' shows a screen, and \(options.quiet ? "--quiet" : "--format \(options.form.rawValue)") has none",
                next: "'mneedlectl status' and 'mneedlectl today' tell the same once")
        }
        // That there is no daemon, or none for this user, is said at once and not on a screen.
        let link = try TopLink(self)
        let screen = try FullScreen(hasColours: hasColours)
        var top = Top(tool: self, screen: screen, link: link)
        top.run()
        screen.end()
        if let signal = top.endedBy { kill(getpid(), signal) }
    }
}

/// The screen at work: it waits for keys, for signals, for what the daemon tells and for the time, and never for an answer.
struct Top {
    private let tool: Tool
    private let screen: FullScreen
    private var link: TopLink?
    private var state = TopState()
    private var chosen = 0
    private var message: (text: String, isAlarm: Bool)?
    private var explainsKeys = false
    /// Whether the next key says which of the sessions to stop.
    private var asksWhich = false
    private var isOver = false
    /// The signal that ends the program.
    private(set) var endedBy: CInt?
    private var nextMinute = Top.minute(after: Date())
    private var nextTry = ContinuousClock.now

    init(tool: Tool, screen: FullScreen, link: TopLink) {
        (self.tool, self.screen, self.link) = (tool, screen, link)
        state.isBack(link.connection.greeting)
    }

    mutating func run() {
        ask(TopState.everything)
        while !isOver {
            hear()
            pass()
            draw()
            guard !isOver else { return }
            let ready = waitUntilReadable(
                [STDIN_FILENO, screen.signals] + (link.map { [$0.connection.descriptor] } ?? []),
                milliseconds: CInt(patience * 1000) + 1)
            if ready[1] { for signal in screen.takeSignals() { take(signal) } }
            if ready[0] {
                guard let keys = screen.takeKeys() else { return }
                for key in keys where !isOver { press(key) }
            }
        }
    }

    private func draw() {
        let page = TopPage(state: state, chosen: chosen, message: message, now: Date(), explainsKeys: explainsKeys)
        let size = screen.size
        screen.show(page.grid(width: size.width, height: size.height))
    }

    // MARK: The time

    private static func minute(after date: Date) -> Date {
        Date(timeIntervalSince1970: (date.timeIntervalSince1970 / 60).rounded(.down) * 60 + 60)
    }

    /// How many seconds nothing changes by itself: up to the next minute, and to the next second where one is shown.
    private var patience: Double {
        let now = Date()
        let second = 1 - now.timeIntervalSince1970.truncatingRemainder(dividingBy: 1)
        let showsSeconds = state.sessions.value?.isEmpty == false
        let minute = max(0, min(60, nextMinute.timeIntervalSince(now)))
        return link?.silence == nil && link != nil && !showsSeconds ? minute : min(second, minute)
    }

    /// How many seconds the daemon may take to answer before it counts as away: what it does not tell then is told by nobody.
    private static let mostSilence = Duration.seconds(5)

    /// Does what it is time for.
    private mutating func pass() {
        let now = Date()
        if let silence = link?.silence, silence > Top.mostSilence {
            lose(Failure(ClientError(.timedOut, "the daemon does not answer")))
        }
        if link == nil, ContinuousClock.now >= nextTry { connect() }
        // A clock that was set back would otherwise leave it waiting.
        if now >= nextMinute || nextMinute.timeIntervalSince(now) > 60 {
            nextMinute = Top.minute(after: now)
            ask(TopState.timely)
        }
    }

    // MARK: The daemon

    private mutating func connect() {
        nextTry = .now + .seconds(1)
        do throws(Failure) {
            let new = try TopLink(tool)
            link = new
            state.isBack(new.connection.greeting)
            say("The daemon is back.")
            ask(state.afterAbsence)
        } catch {
            state.isAway(because: error.message)
        }
    }

    private mutating func lose(_ failure: Failure) {
        let stopping = state.sessions.value?.first { link?.isAsked(.stop($0.number)) == true }
        if let stopping {
            say("It is not known whether session \(stopping.number) is stopped on record.", isAlarm: true)
        }
        link = nil
        nextTry = .now + .seconds(1)
        state.isAway(because: failure.message)
        screen.ring()
    }

    private mutating func ask(_ questions: Set<TopQuestion>) {
        do throws(Failure) { try link?.ask(questions) } catch { lose(error) }
    }

    /// Takes all that the daemon has told, and then asks what that concerns.
    private mutating func hear() {
        var questions: Set<TopQuestion> = []
        do throws(Failure) {
            while let news = try link?.take() {
                switch news {
                case .answer(.stop, _, let reply): afterStop(reply)
                case .answer(let question, let rows, let end):
                    let former = chosenMatter
                    questions.formUnion(state.take(question, rows, end))
                    keepChosen(former)
                case .refused(let question, let failure):
                    state.refuse(question, failure)
                    if case .stop(let session) = question {
                        say("Session \(session) is NOT stopped: \(failure.message)", isAlarm: true)
                        questions.insert(.sessions)
                    }
                case .event(let event): questions.formUnion(take(event))
                }
            }
        } catch { return lose(error) }
        ask(questions)
    }

    private mutating func take(_ event: Event) -> Set<TopQuestion> {
        let (questions, rings) = state.take(event)
        if rings { screen.ring() }
        if event.topic == "telemetry.without-session" {
            say(
                "\(event.body["device"]?.string ?? "A device") moves its needles and no session of it runs.",
                isAlarm: true)
        }
        return questions
    }

    private mutating func say(_ text: String, isAlarm: Bool = false) {
        if isAlarm { screen.ring() }
        message = (text, isAlarm)
    }

    // MARK: Signals and keys

    private mutating func take(_ signal: CInt) {
        switch signal {
        case SIGWINCH: break
        case SIGCONT: screen.forget()
        case SIGTSTP: screen.suspend()
        default: (endedBy, isOver) = (signal, true)
        }
    }

    private mutating func press(_ key: Key) {
        message = nil
        if explainsKeys, key != .interrupt, key != .suspend {
            explainsKeys = false
            return
        }
        if asksWhich {
            asksWhich = false
            return stopChosen(key)
        }
        let count = state.matters.value?.count ?? 0
        switch key {
        case .character("q"), .interrupt: isOver = true
        case .character("?"), .character("h"): explainsKeys = true
        case .up, .character("k"): choose(chosen - 1)
        case .down, .character("j"): choose(chosen + 1)
        case .pageUp: choose(max(0, chosen - 5))
        case .pageDown: choose(min(count - 1, chosen + 5))
        case .first: choose(0)
        case .last: choose(count - 1)
        case .enter: settle()
        case .character("s"): stop()
        case .suspend: screen.suspend()
        case .redraw: screen.forget()
        case .escape: break
        case .character(let character): say("Nothing is on the key '\(character)'; ? tells the keys.")
        }
    }

    private var chosenMatter: Matter? {
        state.matters.value.flatMap { $0.indices.contains(chosen) ? $0[chosen] : nil }
    }

    /// What was chosen stays chosen, wherever it stands in a new list: Enter does what the person has seen.
    private mutating func keepChosen(_ former: Matter?) {
        let matters = state.matters.value ?? []
        let place = former.flatMap { former in
            matters.firstIndex { $0.message == former.message && $0.remedy?.words == former.remedy?.words }
        }
        chosen = place ?? max(0, min(chosen, matters.count - 1))
    }

    private mutating func choose(_ place: Int) {
        let count = state.matters.value?.count ?? 0
        if count == 0 {
            say("There is nothing to choose from.")
        } else if !(0..<count).contains(place) {
            say(place < 0 ? "This is the first." : "This is the last.")
        } else {
            chosen = place
        }
    }

    // MARK: Stopping

    private mutating func stop() {
        guard state.away == nil else {
            return say(
                "Nothing can be stopped on record while the daemon is away: s works as soon as it is back.",
                isAlarm: true)
        }
        guard let sessions = state.sessions.value else {
            return say("Which sessions run is not known, so none can be stopped here.")
        }
        guard let first = sessions.first else { return say("No session runs, so there is none to stop.") }
        guard sessions.count > 1 else { return send(stopOf: first) }
        asksWhich = true
        let names = sessions.prefix(9).enumerated().map { "\($0 + 1) \($1.row["person"]?.string ?? String($1.number))" }
        say("Stop which? \(names.joined(separator: ", ")); any other key: none", isAlarm: true)
    }

    private mutating func stopChosen(_ key: Key) {
        guard case .character(let character) = key, let number = character.wholeNumberValue,
            let sessions = state.sessions.value, sessions.indices.contains(number - 1)
        else { return say("None is stopped.") }
        send(stopOf: sessions[number - 1])
    }

    private mutating func send(stopOf session: TopSession) {
        message = ("Stopping session \(session.number) …", true)
        ask([.stop(session.number)])
    }

    /// The session is stopped; what to do now is told, and why is asked.
    private mutating func afterStop(_ reply: JSON) {
        message = nil
        aside { tool, connection throws(Failure) in
            tool.output.reply(reply.without("next"))
            guard tool.asks else { return }
            try Guide(tool, connection).offer(reply["next"]?.elements ?? [])
        }
        ask([.sessions, .today])
    }

    // MARK: Doing

    private mutating func settle() {
        guard state.away == nil else {
            return say("The daemon is away, so nothing can be done: it is tried each second.")
        }
        guard let matter = chosenMatter else { return say("There is nothing to do.") }
        guard matter.remedy != nil else {
            let end = matter.until.map { "It ends by itself: \(LocalTime.text($0))." }
            return say(end ?? "No command settles it; what it says is all there is to do.")
        }
        guard tool.asks else { return say("Doing it would ask, and --no-input says not to ask.") }
        aside { tool, connection throws(Failure) in
            let catalog = try tool.asking { () throws(ClientError) in try Catalog(connection) }
            try Guide(tool, connection).settle(matter, catalog)
        }
        ask(state.afterAbsence)
    }

    /// Leaves the screen, does something line by line, and comes back when that was read.
    private func aside(_ body: (Tool, Connection) throws(Failure) -> Void) {
        screen.end()
        do throws(Failure) { try body(tool, try tool.connect()) } catch { Output.complain(error) }
        Output.complain("\nEnter goes back to the overview: ", terminator: "")
        _ = readLine()
        screen.resume()
    }
}
