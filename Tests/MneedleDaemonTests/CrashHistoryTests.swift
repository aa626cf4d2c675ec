import CMneedleSystem
import Foundation
import MneedleKit
import MneedleTestKit
import Testing

@testable import MneedleDaemon

@Suite("Whose crash it was")
struct CrashHistoryTests {
    private static let now = Instant("2026-11-20T12:00:00Z")!

    /// The history after a run that ended so, on a folder with these crashes.
    private func history(
        _ crashes: String = "[]", slot: (module: String, request: String, uid: UInt32, signal: Int32)? = nil
    ) throws -> CrashHistory {
        try TemporaryFolder.with { folder in
            try crashes.write(toFile: folder + "/crashes.json", atomically: true, encoding: .utf8)
            if let slot {
                let size = MemoryLayout<mneedle_crash_slot>.size
                var page = [UInt8](repeating: 0, count: size * Int(MNEEDLE_CRASH_SLOTS))
                withUnsafeBytes(of: slot.signal) { page.replaceSubrange(size..<(size + 4), with: $0) }
                withUnsafeBytes(of: slot.uid) { page.replaceSubrange((size + 4)..<(size + 8), with: $0) }
                page.replaceSubrange((size + 8)..<(size + 8 + slot.module.utf8.count), with: slot.module.utf8)
                page.replaceSubrange((size + 56)..<(size + 56 + slot.request.utf8.count), with: slot.request.utf8)
                try Data(page).write(to: URL(fileURLWithPath: folder + "/running"))
            }
            return try CrashHistory(folder: folder, now: Self.now)
        }
    }

    private func crash(_ request: String? = nil, _ uid: Int? = nil, secondsAgo: Int64 = 60) -> String {
        let whose = request.map { #","request":"\#($0)","uid":\#(uid ?? 0)"# } ?? ""
        return #"{"module":"trial","at":\#(Self.now.milliseconds - secondsAgo * 1000),"signal":4\#(whose)}"#
    }

    private func refuses(_ history: CrashHistory, _ request: String, _ uid: uid_t, at: Instant = now) -> Bool {
        let actor = Actor(user: "somebody", uid: uid, role: .reader)
        return (try? history.refusals.check(request, of: actor, module: "trial", at: at)) == nil
    }

    @Test("three of a module's own in ten minutes keep it out; older ones and requests' do not count for that")
    func own() throws {
        let two = "\(crash()),\(crash())"
        #expect(try history("[\(two)]", slot: ("trial", "", 0, 4)).isQuarantined("trial"))
        #expect(try !history("[\(two)]", slot: ("trial", "trial.trap", 7, 4)).isQuarantined("trial"))
        #expect(try !history("[\(two),\(crash(secondsAgo: 601))]").isQuarantined("trial"))
        #expect(try history("[\(two),\(crash(secondsAgo: -30))]").isQuarantined("trial"))
    }

    @Test("three by one request of one peer refuse that to that peer, for ten minutes from the last on")
    func requests() throws {
        let two = "\(crash("trial.trap", 7)),\(crash("trial.trap", 7))"
        let third = try history("[\(two)]", slot: ("other", "trial.trap", 7, -2))
        #expect(
            third.crashes.last
                == .init(
                    module: "other", at: Self.now.milliseconds, signal: MNEEDLE_CRASH_OVERDUE, request: "trial.trap",
                    uid: 7))
        #expect(
            refuses(third, "trial.trap", 7) && !refuses(third, "trial.trap", 8) && !refuses(third, "trial.count", 7))
        #expect(refuses(third, "trial.trap", 7, at: Self.now.adding(seconds: 599)))
        #expect(!refuses(third, "trial.trap", 7, at: Self.now.adding(seconds: 600)))
        #expect(third.refusals.problems(at: Self.now).count == 1)
        #expect(try !refuses(history("[\(two)]", slot: ("trial", "trial.trap", 8, 4)), "trial.trap", 7))
        #expect(try !refuses(history("[\(two)]", slot: ("trial", "trial.trap", 7, 0)), "trial.trap", 7))
    }

    @Test(
        "what stands in a damaged file is passed over",
        arguments: [
            "", "null", "{}", #"[{"module":"trial","at":-9223372036854775808,"signal":4}]"#,
            #"[{"module":"trial","at":9223372036854775807,"signal":4}]"#, #"[{"module":3}]"#,
        ])
    func damaged(text: String) throws {
        #expect(try history(text).crashes.isEmpty)
    }
}
