import Foundation
import Glibc
import MneedleSystem
import Synchronization
import Testing

struct ThreadTests {
    @Test("a thread bears its name for the system, and its end can be waited for")
    func named() throws {
        let name = Mutex("")
        let thread = NamedThread("a-name-of-15-by")
        try thread.start {
            let comm = try? Descriptor(opening: "/proc/thread-self/comm").read()
            name.withLock { $0 = String(decoding: comm ?? [], as: UTF8.self) }
        }
        thread.join()
        #expect(name.withLock { $0 } == "a-name-of-15-by\n")
    }

    @Test("a thread that nobody waits for runs to its end, and waiting for one that never started ends at once")
    func unwatched() throws {
        let wakeUp = try WakeUp()
        try NamedThread("unwatched").start { wakeUp.signal() }
        #expect(waitUntilReadable([wakeUp.descriptor.number], milliseconds: 30_000) == [true])
        NamedThread("unstarted").join()
    }

    @Test("a thread that the system does not give is an error with its name; its work is not run and not kept")
    func refused() {
        final class Kept: Sendable {}
        weak var kept: Kept?
        let thread = NamedThread("greedy", stackBytes: 1 << 46)
        do {
            let work = Kept()
            kept = work
            let error = #expect(throws: NamedThread.NotStarted.self) {
                try thread.start { withExtendedLifetime(work) { _ = Issue.record("it ran") } }
            }
            #expect(error?.description.hasPrefix("cannot start the thread 'greedy': ") == true)
            #expect([EAGAIN, ENOMEM].contains(error?.error.number))
        }
        #expect(kept == nil)
        thread.join()
    }

    @Test("a signal wakes who waits now or later, once for all signals, until it is cleared")
    func wokenUp() throws {
        let (wakeUp, other) = (try WakeUp(), try WakeUp())
        let both = [other.descriptor.number, wakeUp.descriptor.number]
        #expect(waitUntilReadable(both, milliseconds: 0) == [false, false])
        wakeUp.signal()
        wakeUp.signal()
        #expect(waitUntilReadable(both) == [false, true])
        wakeUp.clear()
        #expect(waitUntilReadable(both, milliseconds: 0) == [false, false])
        wakeUp.clear()
    }

    @Test("a wait ends when the other side is gone")
    func ended() throws {
        var ends: [CInt] = [0, 0]
        try #require(pipe(&ends) == 0)
        let reader = try #require(Descriptor(ends[0]))
        close(ends[1])
        #expect(waitUntilReadable([reader.number]) == [true])
    }

    @Test("a duration is rounded up to milliseconds and bounded, so that no wait ends early or overflows")
    func rounded() {
        #expect(Duration.nanoseconds(1).milliseconds == 1)
        #expect(Duration.milliseconds(1500).milliseconds == 1500)
        #expect(Duration.zero.milliseconds == 0)
        #expect(Duration.seconds(10_000_000_000).milliseconds == .max)
    }
}
