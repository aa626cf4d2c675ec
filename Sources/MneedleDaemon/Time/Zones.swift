import Foundation
import MneedleKit
import Synchronization

/// The civil time of places, from the system's time zone data.
struct Zones: TimeZones {
    private static let cache = Mutex<[String: Zone?]>([:])

    /// The zone of a name; `nil` for a name that is not an IANA zone known here. Each is looked up once.
    subscript(_ identifier: String) -> Zone? {
        Self.cache.withLock { zones in
            if let known = zones[identifier] { return known }
            // Peers give the names: a bound keeps one who invents names from filling the memory.
            if zones.count > 1000 { zones.removeAll() }
            let zone = Self.isPlausible(identifier) ? Self.make(identifier) : nil
            zones[identifier] = zone
            return zone
        }
    }

    var here: Zone {
        let identifier = TimeZone.current.identifier
        // The system has many names for it; records have one.
        let names = ["GMT", "Etc/UTC", "Etc/GMT", "Etc/UCT", "UCT", "Zulu", "Universal"]
        return names.contains(identifier) ? .utc : self[identifier] ?? .utc
    }

    func place(_ words: String) -> Zone? {
        if let zone = self[words] { return zone }
        guard words.utf8.count <= 64 else { return nil }
        let wanted = words.lowercased().replacing(" ", with: "_")
        let named = TimeZone.knownTimeZoneIdentifiers.filter { $0.lowercased() == wanted }
        let cities = TimeZone.knownTimeZoneIdentifiers.filter {
            $0.split(separator: "/").last?.lowercased() == wanted
        }
        guard let identifier = named.first ?? (cities.count == 1 ? cities[0] : nil) else { return nil }
        return self[identifier]
    }

    private static func make(_ identifier: String) -> Zone? {
        guard let zone = TimeZone(identifier: identifier) else { return nil }
        return Zone(identifier: identifier) { instant in
            zone.secondsFromGMT(for: Date(timeIntervalSince1970: instant.seconds))
        }
    }

    /// Whether a name can be a place's. Foundation takes abbreviations and offsets too; a record must name a place that the
    /// system knows, by any of its names, or UTC.
    private static func isPlausible(_ identifier: String) -> Bool {
        if identifier == "UTC" { return true }
        let isName = identifier.utf8.allSatisfy {
            (97...122).contains($0 | 32) || "/_-+0123456789".utf8.contains($0)
        }
        return isName && identifier.contains("/") && !identifier.hasPrefix("/")
            && FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/" + identifier)
    }
}
