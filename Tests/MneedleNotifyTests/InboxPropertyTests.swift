import MneedleClient
import MneedleRandom
import MneedleWire
import Testing

@testable import MneedleNotify

/// Random lives of an agent against a naive account of what belongs on the screen.
@Suite("Whatever happens in whatever order")
struct InboxPropertyTests {
    /// A notification server that keeps to the specification, and a ledger; the agent's part is the inbox's.
    struct World {
        var ledger: [Event] = []
        var inbox = Inbox()
        /// What was on disk last.
        var kept = Inbox()
        var server = 1
        var screen: [UInt32: String] = [:]
        var lastID: UInt32 = 0
        /// Calls that asked for a new notification, by what they showed, on this server.
        var fresh: [String: Int] = [:]
        /// Due and neither answered nor put away: what belongs on the screen.
        var open: [String: Int64] = [:]

        mutating func hear() {
            for event in ledger where (event.seq ?? 0) > (inbox.seen ?? 0) { inbox.take(event) { _ in true } }
            kept = inbox
        }

        mutating func present() {
            for id in inbox.withdrawn where screen.removeValue(forKey: id) != nil {}
            inbox.withdrawn = []
            for notice in inbox.notices where !notice.isCurrent {
                var id = notice.shown?.id ?? 0
                if screen[id] == nil {
                    lastID += 1
                    id = lastID
                    fresh["\(notice.key) \(open[notice.key] ?? -1)", default: 0] += 1
                }
                screen[id] = notice.key
                inbox.shown(notice.key, revision: notice.revision, id: id)
            }
            kept = inbox
        }

        mutating func event(_ reminder: Int64, _ state: String) {
            let seq = Int64(ledger.count + 1)
            let due = InboxTests.due(reminder, seq: seq)
            ledger.append(state == "due" ? due : InboxTests.state(state, of: reminder, seq: seq))
            open["reminder/\(reminder)"] = state == "due" ? seq : nil
        }
    }

    @Test("the screen shows what is open, each once, and nothing else", arguments: UInt64(1)...200)
    func screen(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        var world = World()
        world.inbox.serverAppeared("1", isNew: true)
        for _ in 0..<200 {
            switch Int.random(in: 0..<10, using: &dice) {
            case 0, 1, 2:
                world.event(Int64.random(in: 1...6, using: &dice), "due")
            case 3:
                world.event(Int64.random(in: 1...6, using: &dice), ["done", "snoozed"].randomElement(using: &dice)!)
            case 4, 5, 6:
                world.hear()
                world.present()
            case 7:
                // Killed, with what is on disk; the next one meets the same server.
                world.inbox = Inbox(world.kept.json) ?? Inbox()
                world.inbox.serverAppeared("\(world.server)", isNew: true)
            case 8:
                world.server += 1
                (world.screen, world.fresh) = ([:], [:])
                world.inbox.serverVanished()
                world.inbox.serverAppeared("\(world.server)", isNew: Bool.random(using: &dice))
            default:
                world.hear()
                world.present()
                // Somebody answers or puts away.
                guard let (id, key) = world.screen.sorted(by: { $0.key < $1.key }).randomElement(using: &dice) else {
                    continue
                }
                if Bool.random(using: &dice) {
                    world.inbox.chosen(.done, on: id)
                    world.event(Int64(key.dropFirst("reminder/".count)) ?? 0, "done")
                } else {
                    world.open[key] = nil
                }
                world.screen[id] = nil
                world.inbox.closed(id)
                world.kept = world.inbox
            }
            #expect(world.fresh.values.allSatisfy { $0 == 1 }, "\(world.fresh)")
        }
        world.hear()
        world.present()
        #expect(world.screen.values.sorted() == world.open.keys.sorted())
    }
}
