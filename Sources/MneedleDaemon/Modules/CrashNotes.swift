import CMneedleSystem
import Foundation
import MneedleKit

/// Says, where a crash leaves it readable, which module is running on this thread.
package struct CrashNotes: Sendable {
    private let note: @Sendable (String) -> Void

    package init(_ note: @escaping @Sendable (String) -> Void) { self.note = note }

    package static let none = CrashNotes { _ in }

    /// - Parameter module: Empty when no module runs.
    func enter(_ module: String) { note(module) }
}

/// The crashes of the last minutes, and who is kept out for them.
///
/// A module that ended the daemon 3 times in 10 minutes is quarantined at the next start, so that one
/// broken module does not take the others away. Being killed from outside counts for nobody.
struct CrashHistory {
    static let limit = 3
    static let window = 600.0
    /// What it keeps in the state folder.
    static let fileNames = ["crashes.json", "running"]

    struct Crash: Codable, Equatable {
        var module: String
        /// Milliseconds since 1970.
        var at: Int64
        var signal: Int32
    }

    private let folder: String
    private(set) var crashes: [Crash] = []

    /// Reads what the last run left, adds its crash if it had one, and starts noting for this run.
    init(folder: String, now: Instant) throws {
        self.folder = folder
        let historyPath = folder + "/crashes.json"
        if let data = FileManager.default.contents(atPath: historyPath) {
            crashes = (try? JSONDecoder().decode([Crash].self, from: data)) ?? []
        }
        crashes.removeAll { now - Instant(milliseconds: $0.at) > CrashHistory.window }
        let found = CrashHistory.lastRun(folder + "/running")
        crashes += found.map { Crash(module: $0.module, at: now.milliseconds, signal: $0.signal) }
        if crashes.isEmpty {
            try? FileManager.default.removeItem(atPath: historyPath)
        } else {
            try JSONEncoder().encode(crashes).write(to: URL(fileURLWithPath: historyPath), options: .atomic)
        }
        let result = mneedle_crash_notes_open(folder + "/running")
        guard result == 0 else {
            throw ModuleError(.storage, "\(folder)/running: \(String(cString: strerror(-result)))")
        }
    }

    /// Notes for this process, once the file is open.
    static let notes = CrashNotes { module in
        var module = module
        module.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { mneedle_crash_note($0.baseAddress, $0.count) }
        }
    }

    func isQuarantined(_ module: String) -> Bool {
        crashes.count { $0.module == module } >= CrashHistory.limit
    }

    /// The modules that were running on threads which a fatal signal ended.
    private static func lastRun(_ path: String) -> [(module: String, signal: Int32)] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        let size = MemoryLayout<mneedle_crash_slot>.size
        return (0..<data.count / size).compactMap { index in
            let slot = data[data.startIndex + index * size..<data.startIndex + (index + 1) * size]
            let signal = slot.prefix(4).withUnsafeBytes { $0.loadUnaligned(as: Int32.self) }
            let name = String(decoding: slot.dropFirst(8).prefix { $0 != 0 }, as: UTF8.self)
            return signal == 0 || name.isEmpty ? nil : (name, signal)
        }
    }
}
