import MneedleKit
import MneedleSystem

/// One of the things that the daemon is made of. They start in their order, go on together by a reload, and stop in the
/// reverse order, so that each may rely on those before it for as long as it works.
protocol Part: Sendable {
    /// Begins to work. Whatever could be wrong beforehand, its `init` has found out already.
    func start() async throws

    /// Goes on by what a reload has read and found good. On the event loop, all parts in one turn of it: nobody is let in or
    /// served halfway between old and new.
    func adopt(_ settings: Settings, _ registry: ModuleRegistry)

    /// Finishes what is under way and ends. Called on the event loop, which has to go on meanwhile.
    func stop() async throws
}

extension Part {
    func start() {}
    func adopt(_ settings: Settings, _ registry: ModuleRegistry) {}
    func stop() {}
}

extension [any Part] {
    /// Starts all, in their order.
    /// - Throws: The error of the one that does not start; those before it are stopped then.
    func start() async throws {
        for (index, part) in enumerated() {
            do {
                try await part.start()
            } catch {
                try? await Array(self[..<index]).stop()
                throw error
            }
        }
    }

    func adopt(_ settings: Settings, _ registry: ModuleRegistry) {
        for part in self { part.adopt(settings, registry) }
    }

    /// Stops all, the last one first, also when one fails.
    /// - Throws: The first error, when all have stopped.
    func stop() async throws {
        var failure: (any Error)?
        for part in reversed() {
            do { try await part.stop() } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }
}

/// Runs what blocks on a thread of its own, while the event loop goes on.
func offEventLoop(_ body: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { continuation in
        NamedThread("blocking", stackBytes: 1 << 18).start {
            body()
            continuation.resume()
        }
    }
}
