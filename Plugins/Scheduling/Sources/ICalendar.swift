import MneedleKit

/// Text in the iCalendar format (RFC 5545): lines end with CRLF and are folded at 75 octets.
struct ICalendar {
    private(set) var text = ""

    /// A property whose value is written as it stands.
    mutating func line(_ name: String, _ value: String) { append(name + ":" + value) }

    /// A property of type TEXT.
    mutating func text(_ name: String, _ value: String) { append(name + ":" + ICalendar.escaped(value)) }

    /// A time, in UTC.
    mutating func time(_ name: String, _ instant: Instant) {
        line(name, ICalendar.digits(Instant(milliseconds: instant.milliseconds / 1000 * 1000).description))
    }

    /// A whole day, wherever the reader is.
    mutating func day(_ name: String, _ date: CivilDate) {
        line(name + ";VALUE=DATE", ICalendar.digits(date.description))
    }

    /// A component with what `body` writes into it.
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

    /// A continued line begins with a blank, which counts; no character is cut in two.
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
