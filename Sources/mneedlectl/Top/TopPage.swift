import FoundationEssentials
import MneedleClient
import MneedlePictures
import MneedleWire

/// What `top` shows: how the service is, what runs and what is wrong with it, then what there is to do.
struct TopPage {
    let state: TopState
    /// The matter that is chosen, by its place.
    let chosen: Int
    /// What to say to the person; `nil` for nothing.
    let message: (text: String, isAlarm: Bool)?
    let now: Date
    /// Whether the keys are explained in place of all else.
    var explainsKeys = false

    /// A line, in pieces that each have a style.
    struct Line {
        var pieces: [(text: String, style: CellGrid.Style)]

        init(_ text: String, _ style: CellGrid.Style = .init()) { pieces = [(text, style)] }
        init(pieces: [(String, CellGrid.Style)]) { self.pieces = pieces.map { (text: $0.0, style: $0.1) } }
    }

    static let bold = CellGrid.Style(bold: true)
    static let reversed = CellGrid.Style(reversed: true)
    static let alarm = CellGrid.Style(.red, bold: true)
    static let warning = CellGrid.Style(.yellow)

    func grid(width: Int, height: Int) -> CellGrid {
        var grid = CellGrid(width: width, height: height)
        drawHead(on: &grid)
        drawFoot(on: &grid)
        let room = max(0, height - 4)
        if explainsKeys {
            draw(TopPage.keys.map { Line("  \($0.key.padded(to: 12))\($0.what)") }, on: &grid, from: 2, room: room)
            return grid
        }
        // What is to be done has a third of the room at least, and what runs what it needs of the rest.
        let most = room - max(3, room / 3) - 1
        var above = lines(width: TopPage.textWidth(width), gauges: .max)
        for gauges in stride(from: 4, through: 1, by: -1) where above.count > most {
            above = lines(width: TopPage.textWidth(width), gauges: gauges)
        }
        if above.count > most {
            above = Array(above.prefix(max(most - 1, 1))) + [Line("… and more: make the window higher")]
        }
        draw(above, on: &grid, from: 1, room: room)
        let start = 1 + above.count + 1
        drawMatters(on: &grid, from: start, room: height - 2 - start)
        return grid
    }

    /// The width that texts are made for: in a narrower window they are cut.
    private static func textWidth(_ width: Int) -> Int { max(width, 32) }

    private func draw(_ lines: [Line], on grid: inout CellGrid, from row: Int, room: Int) {
        for (index, line) in lines.prefix(max(room, 0)).enumerated() {
            var column = 0
            for piece in line.pieces {
                column = grid.put(piece.text, row: row + index, column: column, style: piece.style)
            }
        }
    }

    // MARK: The first row and the last ones

    private func drawHead(on grid: inout CellGrid) {
        var style = TopPage.reversed
        var text = " mneedled"
        if let greeting = state.greeting { text += " \(greeting.version)" }
        if let away = state.away {
            text += " is away since \(LocalTime.clock(away.since))"
            style = CellGrid.Style(.red, bold: true, reversed: true)
        } else {
            switch state.status {
            case .asked: text += ": asked how it is"
            case .unknown: text += ": does not say how it is"
            case .known(let status):
                let health = status["state"]?.string ?? "unknown"
                text += ": \(health)"
                if health != "ok" { style = CellGrid.Style(.red, bold: true, reversed: true) }
            }
            if let greeting = state.greeting { text += ", you are \(greeting.user), \(greeting.role)" }
        }
        let clock = LocalTime.text(now, "%a %d %b, %H:%M") + " "
        grid.fill(row: 0, style: style)
        grid.put(text, row: 0, style: style, before: grid.width - clock.count - 1)
        grid.put(clock, row: 0, column: grid.width - clock.count, style: style)
    }

    private func drawFoot(on grid: inout CellGrid) {
        if let message {
            grid.put(message.text, row: grid.height - 2, style: message.isAlarm ? TopPage.alarm : TopPage.warning)
        }
        var column = 1
        let last = grid.height - 1
        for (key, what, isOf) in [
            ("q", "quit", true), ("?", "keys", true), ("↑↓", "choose", canChoose), ("Enter", "do it", canDo),
            ("s", "stop", canStop),
        ] {
            column = grid.put(key, row: last, column: column, style: isOf ? TopPage.bold : .init())
            column = grid.put(isOf ? " \(what)   " : " (\(what))   ", row: last, column: column)
        }
    }

    private var canChoose: Bool { (state.matters.value?.count ?? 0) > 1 }
    private var canDo: Bool { chosenMatter?.remedy != nil && state.away == nil }
    private var canStop: Bool { state.sessions.value?.isEmpty == false && state.away == nil }

    private var chosenMatter: Matter? {
        state.matters.value.flatMap { $0.indices.contains(chosen) ? $0[chosen] : nil }
    }

    static let keys: [(key: String, what: String)] = [
        ("↑ ↓, j k", "choose what to do; PgUp PgDn, Home End go further"),
        ("Enter", "do it: this leaves the screen, asks and comes back"),
        ("s", "stop the session that runs at once; why is asked then"),
        ("Ctrl-L", "draw everything anew"),
        ("Ctrl-Z", "stop this program; 'fg' goes on"),
        ("?", "these keys; any key goes back"),
        ("q, Ctrl-C", "quit; what runs goes on"),
    ]

    // MARK: What is wrong, and what runs

    private func lines(width: Int, gauges: Int) -> [Line] {
        var lines: [Line] = []
        if let away = state.away {
            lines += wrapped(
                "What stands below is from before; tried again each second. \(away.why).", width, TopPage.alarm)
        }
        for problem in state.status.value?["problems"]?.elements ?? [] {
            lines += wrapped("Problem: \(HumanText.cell(problem))", width, TopPage.alarm)
        }
        if case .unknown(let why) = state.status {
            lines += wrapped("Health is not known: \(why)", width, TopPage.alarm)
        }
        switch state.sessions {
        case .asked: lines.append(Line("Asked which sessions run."))
        case .unknown(let why): lines += wrapped("Which sessions run is not known: \(why)", width, TopPage.alarm)
        case .known(let sessions):
            if sessions.isEmpty { lines.append(Line("No session runs.")) }
            for session in sessions { lines += self.lines(of: session, width: width, gauges: gauges) }
        }
        return lines
    }

    private func wrapped(_ text: String, _ width: Int, _ style: CellGrid.Style) -> [Line] {
        HumanText.wrap(HumanText.safe(text), width: width - 2).map { Line("  " + $0, style) }
    }

    private func lines(of session: TopSession, width: Int, gauges: Int) -> [Line] {
        let lasts = session.started.map { "  \(TopPage.duration(from: $0, to: now))" } ?? ""
        var lines = [Line(pieces: [("Session \(session.number)\(lasts)  ", TopPage.bold), (session.text, .init())])]
        for alarm in session.alarms { lines += wrapped(text(of: alarm), width, TopPage.alarm) }
        if let why = session.alarmsUnknownBecause {
            lines += wrapped("Whether there are alarms is not known: \(why)", width, TopPage.alarm)
        }
        if let why = session.silentBecause {
            lines += wrapped("What the device reports is not known: \(why)", width, TopPage.alarm)
        } else if session.values.isEmpty {
            lines.append(Line("  Its device reports nothing."))
        }
        let limited = session.limits.filter { session.values[$0.field]?.last != nil }
        let widest = limited.map(\.field.count).max() ?? 0
        for limit in limited.prefix(gauges) { lines.append(gauge(limit, session, named: widest, width)) }
        let others = session.values.filter { field, _ in !limited.prefix(gauges).contains { $0.field == field } }
        if !others.isEmpty, gauges > 1 {
            let text = others.sorted { $0.key < $1.key }.compactMap { field, values in
                values.last.map { "\(field) \(HumanText.scalar(.number($0)))" }
            }
            lines.append(Line("  " + text.joined(separator: "  ")))
        }
        if let heard = session.heard {
            let age = Int(now.timeIntervalSince(heard))
            // Values that are old must not look like those of now.
            if age >= 3 {
                lines.append(Line("  These values are \(TopPage.duration(from: heard, to: now)) old.", TopPage.warning))
            }
        }
        return lines
    }

    private func text(of alarm: TopSession.Alarm) -> String {
        var text = "ALARM \(alarm.code)"
        if let field = alarm.field { text += ": \(field)" }
        if let value = alarm.value { text += " \(HumanText.scalar(.number(value)))" }
        if let limit = alarm.limit { text += ", limit \(HumanText.scalar(.number(limit)))" }
        if let since = alarm.since { text += ", since \(LocalTime.clock(since))" }
        return text
    }

    /// A field's newest value against its limit, and how it came there.
    private func gauge(_ limit: TopSession.Limit, _ session: TopSession, named: Int, _ width: Int) -> Line {
        let values = session.values[limit.field] ?? []
        let value = values.last ?? 0
        let style = limit.isBroken(by: value) ? TopPage.alarm : CellGrid.Style(.green)
        let bounds = [
            limit.least.map { "≥ \(HumanText.scalar(.number($0)))" },
            limit.most.map { "≤ \(HumanText.scalar(.number($0)))" },
        ]
        let number = "\(HumanText.scalar(.number(value))) (\(bounds.compactMap { $0 }.joined(separator: ", ")))"
        let name = "  \(limit.field.padded(to: named))  "
        let rest = width - name.count - number.padded(to: 16).count - 2
        let bar = max(8, min(40, rest / 2))
        let trend = max(0, min(60, rest - bar - 2))
        return Line(pieces: [
            (name, .init()),
            (BarText.gauge(value, least: limit.least, most: limit.most, width: bar), style),
            ("  " + number.padded(to: 16), limit.isBroken(by: value) ? TopPage.alarm : .init()),
            ("  " + Sparkline.text(values.suffix(trend)), .init()),
        ])
    }

    /// `4:07`, or `1:04:07`.
    static func duration(from begin: Date, to end: Date) -> String {
        let seconds = max(0, Int(end.timeIntervalSince(begin)))
        let parts = [seconds / 3600, seconds / 60 % 60, seconds % 60].drop { $0 == 0 }.count
        let two = { (number: Int) in (number < 10 ? "0" : "") + String(number) }
        return parts == 3
            ? "\(seconds / 3600):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
            : "\(seconds / 60):\(two(seconds % 60))"
    }

    // MARK: What there is to do

    private func drawMatters(on grid: inout CellGrid, from row: Int, room: Int) {
        guard room > 0 else { return }
        let matters: [Matter]
        switch state.matters {
        case .asked: return draw([Line("Asked what there is to do.")], on: &grid, from: row, room: room)
        case .unknown(let why):
            return draw(
                wrapped("What there is to do is not known: \(why)", TopPage.textWidth(grid.width), TopPage.alarm),
                on: &grid, from: row,
                room: room)
        case .known(let known): matters = known
        }
        guard !matters.isEmpty else { return draw([Line("There is nothing to do.")], on: &grid, from: row, room: room) }
        var lines: [Line] = []
        var place = 0..<0
        for (index, matter) in matters.enumerated() {
            if index == 0 || matters[index - 1].kind != matter.kind {
                let heading = AgendaPage.headings.first { $0.0 == matter.kind }?.1 ?? "\(matter.kind):"
                lines.append(Line(heading, TopPage.bold))
            }
            let own = self.lines(of: matter, isChosen: index == chosen, width: TopPage.textWidth(grid.width))
            if index == chosen { place = lines.count..<lines.count + own.count }
            lines += own
        }
        // What is chosen is seen whole where it fits, in the middle of what is around it.
        let above = max(0, min(place.lowerBound - max(0, room - place.count) / 2, lines.count - room))
        draw(Array(lines.dropFirst(above)), on: &grid, from: row, room: room)
        if lines.count > room {
            let share = " \(min(above + room, lines.count)) of \(lines.count) lines "
            grid.put(share, row: row - 1, column: max(0, grid.width - share.count))
        }
    }

    private func lines(of matter: Matter, isChosen: Bool, width: Int) -> [Line] {
        let ends = ["waiting", "running"].contains(matter.kind)
        let until = ends ? matter.until.map { " (until \(LocalTime.text($0)))" } ?? "" : ""
        let message = HumanText.safe(matter.message + until)
        guard isChosen else {
            let room = width - 4
            let isLong = TextWidth.of(message) > room
            return [
                Line("  \(matter.remedy == nil ? " " : "·") " + (isLong ? message.prefix(room - 1) + "…" : message))
            ]
        }
        var lines = HumanText.wrap(message, width: width - 4).enumerated().map {
            Line(($0 == 0 ? "▶ " : "  ") + (matter.remedy == nil || $0 > 0 ? "  " : "· ") + $1, TopPage.bold)
        }
        let further = matter.remedy?.words ?? matter.advice
        lines += HumanText.wrap(HumanText.safe(further), width: width - 6).map { Line("      " + $0, .init(.cyan)) }
        return lines
    }
}
