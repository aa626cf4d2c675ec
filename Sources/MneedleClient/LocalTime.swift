import FoundationEssentials
import Glibc

/// Writes the daemon's times for a person.
package enum LocalTime {
    /// The moment of one of the daemon's times; `nil` for a text that is none.
    package static func date(_ time: String) -> Date? {
        // The daemon writes UTC, with or without a fraction of a second.
        time.hasSuffix("Z") ? try? Date("\(time.prefix(19))Z", strategy: .iso8601) : nil
    }

    /// `2026-11-20T17:00:00.148Z` → `Fri 20 Nov 2026, 18:00` in the time zone here; a text that is no time stays.
    package static func text(_ time: String) -> String {
        guard let date = date(time) else { return time }
        var seconds = time_t(date.timeIntervalSince1970)
        var parts = tm()
        localtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 64)
        let count = strftime(&buffer, buffer.count, "%a %d %b %Y, %H:%M", &parts)
        return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
