import MneedleKit
import NIOCore

/// The open store: first to come and last to go.
struct StoreKeeper: Part {
    let engine: Engine
    let readers: Readers
    let loop: any EventLoop
    let reporter: Reporter

    func start() { reporter.logHead("started") }

    func adopt(_ settings: Settings, _ house: House) { engine.replaceHouse(house) }

    func stop() async throws {
        reporter.logHead("stopped")
        // What a lost thread still reads cannot be closed. What was acknowledged is on disk in any case.
        if try await !loop.submit({ readers.hasLost }).get() { try engine.close() }
    }
}
