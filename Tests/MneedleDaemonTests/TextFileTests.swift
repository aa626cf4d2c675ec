import Foundation
import Logging
import MneedleKit
import Synchronization
import Testing

@testable import MneedleDaemon

@Suite("The file with the service's figures")
struct TextFileTests {
    /// Keeps what is logged.
    final class Log: Sendable {
        let messages = Mutex<[String]>([])
    }

    struct Handler: LogHandler {
        let log: Log
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { log.messages.withLock { $0.append("\(event.level): \(event.message)") } }
    }

    @Test("that cannot be written is said once, that it is written again too, and nothing half is left")
    func saidOnce() throws {
        let shelf = try FigureTests.Shelf([FigureTests.good])
        let log = Log()
        let metrics = Metrics(store: shelf.engine.store, version: "1", started: shelf.engine.clock.now()) {
            ServerCounters(modules: 1)
        }
        let folder = shelf.folder.appendingPathComponent("collector").path
        var settings = MetricsSettings()
        settings.textfile = folder + "/x.prom"
        let file = try TextFile(
            engine: shelf.engine, metrics: metrics, settings: settings,
            logger: Logger(label: "test") { _ in Handler(log: log) })
        for _ in 0..<3 { file.write(settings) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        for _ in 0..<3 { file.write(settings) }
        #expect(try String(contentsOfFile: folder + "/x.prom", encoding: .utf8).hasSuffix("\n# EOF\n"))
        // A folder in its place cannot be replaced by a file.
        try FileManager.default.removeItem(atPath: folder + "/x.prom")
        try FileManager.default.createDirectory(atPath: folder + "/x.prom", withIntermediateDirectories: false)
        for _ in 0..<3 { file.write(settings) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["x.prom"])
        let messages = log.messages.withLock { $0 }
        #expect(messages.count == 3, "\(messages)")
        #expect(messages[0].hasPrefix("warning: ") && messages[0].contains("No such file or directory; tried again"))
        #expect(messages[1].hasPrefix("info: ") && messages[1].hasSuffix("is written again"))
        #expect(messages[2].hasPrefix("warning: ") && messages[2].contains("Is a directory"))
    }
}
