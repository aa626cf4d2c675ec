import FoundationEssentials
import Glibc

/// Writes the daemon's times for a person.
package enum LocalTime {
    /// The moment of one of the daemon's times; `nil` for a text that is none.
    package static func date(_ time: String) -> Date? {
        // The daemon writes UTC, with or without a fraction of a second.
        guard time.hasSuffix("Z"), let date = try? Date("\(time.prefix(19))Z", strategy: .iso8601) else { return nil }
        let fraction = time.dropFirst(19).dropLast()
        guard fraction.first == ".", fraction.dropFirst().allSatisfy({ ("0"..."9").contains($0) }) else { return date }
        return date.addingTimeInterval(Double("0\(fraction)") ?? 0)
    }

    /// `2026-11-20T17:00:00.148Z` → `Fri 20 Nov 2026, 18:00` in the time zone here; a text that is no time stays.
    package static func text(_ time: String) -> String {
        date(time).map { text($0, "%a %d %b %Y, %H:%M") } ?? time
    }

    /// `18:00:07`, the time of day here.
    package static func clock(_ date: Date) -> String { text(date, "%H:%M:%S") }

    /// A moment in the form of `strftime(3)`.
    package static func text(_ date: Date, _ form: String) -> String {
        var seconds = time_t(date.timeIntervalSince1970)
        var parts = tm()
        localtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 64)
        let count = strftime(&buffer, buffer.count, form, &parts)
        return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
