import MneedleKit

/// Text in the iCalendar format (RFC 5545): lines end with CRLF and are folded at 75 octets.
struct ICalendar {
    private(set) var text = ""

    /// Writes a property whose value stands as it is.
    mutating func line(_ name: String, _ value: String) { append(name + ":" + value) }

    /// Writes a property of type TEXT.
    mutating func text(_ name: String, _ value: String) { append(name + ":" + ICalendar.escaped(value)) }

    /// Writes a time, in UTC.
    mutating func time(_ name: String, _ instant: Instant) {
        line(name, ICalendar.digits(Instant(milliseconds: instant.milliseconds / 1000 * 1000).description))
    }

    /// Writes a time as a clock in `zone` shows it; where `zone` is UTC, in UTC.
    mutating func localTime(_ name: String, _ instant: Instant, _ zone: Zone) {
        guard zone.identifier != Zone.utc.identifier else { return time(name, instant) }
        line(name + ";TZID=" + zone.identifier, ICalendar.local(instant, zone.offsetSeconds(at: instant)))
    }

    /// Writes `VTIMEZONE` with every change of the clock that is in force between two times, each as an observance of its
    /// own: that is right also where rules change, and for zones without any.
    mutating func zone(_ zone: Zone, from: Instant, to: Instant) {
        let changes = ZoneChange.all(of: zone, from: from, to: to)
        let least = (changes.flatMap { [$0.before, $0.after] }).min() ?? 0
        component("VTIMEZONE") { file in
            file.line("TZID", zone.identifier)
            for change in changes {
                file.component(change.after > least ? "DAYLIGHT" : "STANDARD") { file in
                    file.line("DTSTART", ICalendar.local(change.at, change.before))
                    file.line("TZOFFSETFROM", ICalendar.offset(change.before))
                    file.line("TZOFFSETTO", ICalendar.offset(change.after))
                }
            }
        }
    }

    /// The time on a clock with that offset, without the zone: `20261201T090000`.
    private static func local(_ instant: Instant, _ offsetSeconds: Int) -> String {
        let shown = Instant(seconds: instant.milliseconds / 1000 + Int64(offsetSeconds))
        return String(digits(shown.description).dropLast())
    }

    /// The offset as `+0100`, with seconds where there are any.
    private static func offset(_ seconds: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
        let size = abs(seconds)
        let rest = size % 60 == 0 ? "" : two(size % 60)
        return (seconds < 0 ? "-" : "+") + two(size / 3600) + two(size / 60 % 60) + rest
    }

    /// Writes a whole day, wherever the reader is.
    mutating func day(_ name: String, _ date: CivilDate) {
        line(name + ";VALUE=DATE", ICalendar.digits(date.description))
    }

    /// Writes a component with the properties that `body` writes into it.
    mutating func component(_ name: String, _ body: (inout ICalendar) throws -> Void) rethrows {
        line("BEGIN", name)
        try body(&self)
        line("END", name)
    }

    /// `2026-11-20T17:00:00Z` → `20261120T170000Z`
    private static func digits(_ text: String) -> String { text.filter { $0 != "-" && $0 != ":" } }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\", ";", ",":
                result += "\\"
                result.unicodeScalars.append(character)
            case "\n": result += "\\n"
            // TEXT holds no other control character than TAB.
            case _ where character.value < 32 && character != "\t" || character.value == 127: continue
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    /// Appends a line, folded: a continued line begins with a blank, which counts, and no character is cut in two.
    private mutating func append(_ line: String) {
        var octets = 0
        for character in line.unicodeScalars {
            let width = UTF8.width(character)
            if octets + width > 75 {
                text += "\r\n "
                octets = 1
            }
            text.unicodeScalars.append(character)
            octets += width
        }
        text += "\r\n"
    }
}
