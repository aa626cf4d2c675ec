import MneedleKit
import MneedleSystem

/// A part of the daemon. The parts start in their order, take over a reload together, and stop in the reverse order, so that
/// each may rely on those before it for as long as it works.
protocol Part: Sendable {
    /// Begins to work. Faults that can be found beforehand have been found by its `init`.
    func start() async throws

    /// Takes over settings and modules that a reload has read and found good. Runs on the event loop, all parts in one turn of
    /// it: no client is let in or served halfway between old and new.
    func adopt(_ settings: Settings, _ registry: ModuleRegistry)

    /// Finishes the work under way and ends. Called on the event loop, which has to go on meanwhile.
    func stop() async throws
}

extension Part {
    func start() {}
    func adopt(_ settings: Settings, _ registry: ModuleRegistry) {}
    func stop() {}
}

extension [any Part] {
    /// Starts all parts, in their order.
    /// - Throws: The error of the part that does not start; those before it are stopped then.
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

    /// Stops all parts, the last one first, also when one fails.
    /// - Throws: The first error, when all have stopped.
    func stop() async throws {
        var failure: (any Error)?
        for part in reversed() {
            do { try await part.stop() } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }
}

/// Runs blocking work on a thread of its own, while the event loop goes on. Where the system gives no thread the work is done
/// here, and ``Stopping`` ends what waits for the event loop then.
func offEventLoop(_ body: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { continuation in
        let work: @Sendable () -> Void = {
            body()
            continuation.resume()
        }
        do { try NamedThread("blocking", stackBytes: 1 << 18).start(work) } catch { work() }
    }
}
