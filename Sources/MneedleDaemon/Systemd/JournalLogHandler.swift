import CSystemd
import Foundation
import Logging

/// Writes log messages to the journal with their metadata as fields: `MNEEDLE_MODULE`, `MNEEDLE_VERB`, …
struct JournalLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info
    let label: String

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields = [
            "MESSAGE=\(event.message)", "PRIORITY=\(event.level.priority)", "SYSLOG_IDENTIFIER=\(label)",
        ]
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) {
            fields.append("MNEEDLE_\(JournalLogHandler.fieldName(key))=\(value)")
            if key == JournalMessage.key, let explained = JournalMessage(rawValue: "\(value)") {
                fields.append("MESSAGE_ID=\(explained.id)")
            }
        }
        JournalLogHandler.send(fields)
    }

    private static func fieldName(_ key: String) -> String {
        String(key.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    private static func send(_ fields: [String]) {
        let buffers = fields.map { Array($0.utf8) }
        var vectors: [iovec] = []
        // The pointers are used before the arrays they point into can go.
        withExtendedLifetime(buffers) {
            for buffer in buffers {
                buffer.withUnsafeBytes {
                    vectors.append(
                        iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count))
                }
            }
            sd_journal_sendv(vectors, Int32(vectors.count))
        }
    }

    /// Whether standard error is connected to the journal, so that fields reach it directly.
    static var isConnected: Bool {
        guard let stream = ProcessInfo.processInfo.environment["JOURNAL_STREAM"] else { return false }
        var status = stat()
        return fstat(STDERR_FILENO, &status) == 0 && stream == "\(status.st_dev):\(status.st_ino)"
    }
}

extension Logger.Level {
    /// The priority by syslog's numbers.
    fileprivate var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
