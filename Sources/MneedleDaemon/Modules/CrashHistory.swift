import CMneedleSystem
import Foundation
import MneedleKit
import MneedleSystem

/// The crashes of the last minutes, the modules quarantined for them, and the requests refused for them.
///
/// A crash in a module's own work (start, timer, reaction) counts against the module: after 3 times in 10 minutes it is
/// quarantined at the next start, so that one broken module does not take the others away. A crash in a peer's request counts
/// against that request of that peer: after 3 times it is refused to that peer, and everything else goes on, so that nobody
/// can take a module from the others. Being killed from outside counts for nobody.
struct CrashHistory {
    static let limit = 3
    static let window = 600.0
    /// Its files in the state folder.
    static let fileNames = ["crashes.json", "running"]
    /// More crashes than can end the service in the window; of a damaged file with more of them the rest is not kept.
    private static let most = 1000

    struct Crash: Codable, Equatable {
        var module: String
        /// Milliseconds since 1970.
        var at: Int64
        /// The signal, or `MNEEDLE_CRASH_EXIT` or `MNEEDLE_CRASH_OVERDUE`.
        var signal: Int32
        /// The peer's request that ran, and the peer's user; `nil` for the module's own work.
        var request: String?
        var uid: uid_t?
    }

    private let folder: String
    private(set) var crashes: [Crash] = []

    /// Reads the notes of the last run and adds its crash if it had one.
    init(folder: String, now: Instant) throws {
        self.folder = folder
        let historyPath = folder + "/crashes.json"
        // A file that cannot be understood names no module and no peer, and is written anew.
        crashes =
            CrashHistory.content(historyPath).flatMap { try? JSONDecoder().decode([Crash].self, from: Data($0)) } ?? []
        crashes = crashes.filter { CrashHistory.isRecent($0.at, now) }.suffix(CrashHistory.most)
        crashes += CrashHistory.lastRun(folder + "/running", now)
        do {
            if crashes.isEmpty {
                unlink(historyPath)
            } else {
                try AtomicFile.replace(historyPath, with: Array(JSONEncoder().encode(crashes)))
            }
        } catch {
            throw CrashHistory.unwritable(historyPath, String(describing: error))
        }
    }

    private static func unwritable(_ path: String, _ reason: String) -> ModuleError {
        ModuleError(
            .storage,
            "'\(path)' cannot be written: \(reason); the state folder must be the service's, on a disk with room")
    }

    private static func content(_ path: String) -> [UInt8]? {
        try? Descriptor(opening: path).read(limit: 1 << 18)
    }

    /// Whether a crash counts still. A clock that was set back may have left one in the future.
    private static func isRecent(_ at: Int64, _ now: Instant) -> Bool {
        let (difference, isTooFar) = now.milliseconds.subtractingReportingOverflow(at)
        return !isTooFar && abs(Double(difference)) <= window * 1000
    }

    /// Begins the notes of this process.
    func startNoting() throws {
        let result = mneedle_crash_notes_open(folder + "/running")
        guard result == 0 else {
            throw CrashHistory.unwritable(folder + "/running", SystemError(-result).description)
        }
    }

    func isQuarantined(_ module: String) -> Bool {
        crashes.count { $0.module == module && $0.request == nil } >= CrashHistory.limit
    }

    /// The requests that ended the service too often.
    var refusals: Refusals {
        var counts: [Refusals.Culprit: (count: Int, last: Int64)] = [:]
        for crash in crashes {
            guard let request = crash.request, let uid = crash.uid else { continue }
            let known = counts[.init(request: request, uid: uid)] ?? (0, .min)
            counts[.init(request: request, uid: uid)] = (known.count + 1, max(known.last, crash.at))
        }
        let window = Int64(CrashHistory.window) * 1000
        return Refusals(
            until: counts.filter { $1.count >= CrashHistory.limit }
                .mapValues { Instant(milliseconds: $0.last.addingReportingOverflow(window).partialValue) })
    }

    /// The work of the threads that a fatal signal ended.
    private static func lastRun(_ path: String, _ now: Instant) -> [Crash] {
        let size = MemoryLayout<mneedle_crash_slot>.size
        // A file of another size is another version's.
        guard let bytes = content(path), bytes.count == size * Int(MNEEDLE_CRASH_SLOTS) else { return [] }
        return (0..<Int(MNEEDLE_CRASH_SLOTS)).compactMap { index in
            let slot = Array(bytes[index * size..<(index + 1) * size])
            let signal = slot.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 0, as: Int32.self) }
            let uid = slot.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self) }
            let (name, request) = (text(slot[8...], MNEEDLE_CRASH_NAME), text(slot[56...], MNEEDLE_CRASH_REQUEST))
            guard signal != 0, !name.isEmpty else { return nil }
            return Crash(
                module: name, at: now.milliseconds, signal: signal, request: request.isEmpty ? nil : request,
                uid: request.isEmpty ? nil : uid)
        }
    }

    private static func text(_ bytes: ArraySlice<UInt8>, _ room: Int32) -> String {
        String(decoding: bytes.prefix(Int(room)).prefix { $0 != 0 }, as: UTF8.self)
    }
}

extension CrashHistory.Crash: CustomStringConvertible {
    /// The end of the daemon, in words for the log.
    var description: String {
        let how =
            switch signal {
            case MNEEDLE_CRASH_EXIT: "ended by a call of exit() while module \(module) ran"
            case MNEEDLE_CRASH_OVERDUE: "ended because module \(module) did not finish"
            default: "ended by signal \(signal) while module \(module) ran"
            }
        let whose = request.map { ", for the request '\($0)' of uid \(uid ?? 0)" } ?? ""
        return "the daemon was \(how)\(whose)"
    }
}

/// Requests that ended the service again and again, with their peers, and until when they are refused to them.
package struct Refusals: Sendable {
    package struct Culprit: Hashable, Sendable {
        var request: String
        var uid: uid_t
    }

    var until: [Culprit: Instant] = [:]

    /// - Throws: `module-failed` when the request is refused to this peer.
    func check(_ request: String?, of actor: Actor, module: String, at now: Instant) throws {
        guard !until.isEmpty, let request, let end = until[Culprit(request: request, uid: actor.uid)], now < end
        else { return }
        throw ModuleError.moduleFailed(
            module,
            "'\(request)' ended the service \(CrashHistory.limit) times in 10 minutes when you asked for it; it is "
                + "refused to you until \(end). Everything else goes on; report it to whoever runs the service")
    }

    /// The requests that are refused now, for `status`.
    func problems(at now: Instant) -> [String] {
        until.filter { now < $1 }.map { culprit, end in
            "'\(culprit.request)' of uid \(culprit.uid) is refused until \(end): it ended the service "
                + "\(CrashHistory.limit) times in 10 minutes"
        }.sorted()
    }
}
