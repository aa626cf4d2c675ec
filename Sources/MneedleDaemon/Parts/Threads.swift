import MneedleKit
import NIOCore

/// The threads on which reads run.
struct ReadingPart: Part {
    let readers: Readers
    let loop: any EventLoop

    func adopt(_ settings: Settings, _ registry: ModuleRegistry) { readers.limits = settings.limits }

    func stop() async throws { try await loop.submit { readers.stop() }.get() }
}

/// The thread that changes the store.
struct WritingPart: Part {
    let writer: Writer

    func start() throws {
        writer.submit([FailedReactions.retrial])
        try writer.start()
    }

    func adopt(_ settings: Settings, _ registry: ModuleRegistry) {
        writer.maxLogBytes.store(Int64(settings.limits.maxLogBytes), ordering: .relaxed)
    }

    // Its last results need the event loop.
    func stop() async { await offEventLoop { writer.stop() } }
}

extension Writer {
    /// Runs `body` on the writer's thread, between two requests.
    func passThrough(_ body: @escaping @Sendable () -> Void) {
        submit([
            Job(
                actor: .service, module: Verb.host,
                run: { _ in
                    body()
                    return [:]
                })
        ])
    }
}
