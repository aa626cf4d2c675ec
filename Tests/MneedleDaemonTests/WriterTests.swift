import Dispatch
import Foundation
import MneedleKit
import Synchronization
import Testing

@testable import MneedleDaemon

@Suite("The writer")
struct WriterTests {
    @Test("proves that it moves each time it is asked, however much work comes meanwhile")
    func movesUnderLoad() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("writer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = try Store(path: folder.appendingPathComponent("test.sqlite").path)
        let engine = try Engine(store: store, house: House(), clock: SystemClock())
        let writer = try Writer(engine: engine) { _ in }
        writer.start()
        let isOver = Atomic<Bool>(false)
        let load = Thread {
            while !isOver.load(ordering: .relaxed) {
                writer.submit([Job(actor: .service, module: "test", run: { _ in [:] })])
            }
        }
        load.start()
        let proof = DispatchSemaphore(value: 0)
        for _ in 0..<200 {
            writer.proveMoving { proof.signal() }
            try #require(proof.wait(timeout: .now() + 30) == .success)
        }
        isOver.store(true, ordering: .relaxed)
        writer.stop()
        try engine.close()
    }
}
