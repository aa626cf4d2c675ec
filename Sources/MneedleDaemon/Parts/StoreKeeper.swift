import MneedleKit
import NIOCore

/// The open store: the first part to start and the last to stop.
struct StoreKeeper: Part {
    let engine: Engine
    let readers: Readers
    let loop: any EventLoop
    let reporter: Reporter

    func start() { reporter.logHead("started") }

    func adopt(_ settings: Settings, _ registry: ModuleRegistry) { engine.replaceHouse(registry) }

    func stop() async throws {
        reporter.logHead("stopped")
        // A store that a lost thread still reads cannot be closed. Acknowledged changes are on disk in any case.
        if try await !loop.submit({ readers.hasLost }).get() { try engine.close() }
    }
}
