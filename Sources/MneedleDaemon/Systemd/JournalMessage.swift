import Logging

/// The messages that concern an administrator. Each has an id under which the journal's catalogue
/// (`systemd/catalog/mneedle.catalog`, shown by `journalctl -x`) explains it and gives the next step.
enum JournalMessage: String, CaseIterable {
    case ledgerHead = "ledger-head"
    case moduleMissing = "module-missing"
    case moduleFailed = "module-failed"
    case moduleQuarantined = "module-quarantined"
    case moduleCrashed = "module-crashed"
    case moduleTrouble = "module-trouble"
    case guardRetired = "guard-retired"
    case defect
    case reloaded
    case reloadRefused = "reload-refused"
    case restartNeeded = "restart-needed"
    case unknownNames = "unknown-names"
    case degraded
    case mended
    case clockJumped = "clock-jumped"
    case stopForced = "stop-forced"
    case storeAccepted = "store-accepted"

    /// systemd's `MESSAGE_ID=`: made once by `journalctl --new-id128`, never changed.
    var id: String {
        switch self {
        case .ledgerHead: "a9b0f87734c14313bc9240943c793218"
        case .moduleMissing: "f4645f2bd14c4beb8d08e38c18846b3e"
        case .moduleFailed: "2363925b046c4866979754999a5b5834"
        case .moduleQuarantined: "97b600440519493abb13d88167c7840c"
        case .moduleCrashed: "12fc192c4fa747adb7861d8d3e9bb1ff"
        case .moduleTrouble: "cbb882e9d5ee4ac894e7706c697fe7a8"
        case .guardRetired: "7c1b6d0e52f94a3c8be1f0a2d94c6e37"
        case .defect: "e9ee77e50e4a4011a62e6547e633ee6b"
        case .reloaded: "fc582b06fe1b4b34a080ef0dd177f331"
        case .reloadRefused: "b800ea5b28284fcd981dbba430a045f4"
        case .restartNeeded: "3bf908917b6d4015808499cf3066eb58"
        case .unknownNames: "ac3e17bf7ee34462a93c8babb1c6909d"
        case .degraded: "4fd2c322382b482185257d1146039d61"
        case .mended: "3dec737c26c94430b220eff814fd1aad"
        case .clockJumped: "46ec320d52e448398333a8753edc0445"
        case .stopForced: "5d0f2c7b94e84b6fa4a1c3e86b1d97f2"
        case .storeAccepted: "9f0ac2c5a6b34b0ea1b7e1a4d2c8f6e3"
        }
    }

    /// The metadata under which a message carries its name; on standard error it reads `notice=module-failed`.
    static let key = "notice"
}

extension Logger {
    /// Logs a message that the journal's catalogue explains.
    func say(_ explained: JournalMessage, _ level: Level, _ message: Message, _ fields: [String: String] = [:]) {
        var metadata = fields.mapValues { MetadataValue.string($0) }
        metadata[JournalMessage.key] = .string(explained.rawValue)
        log(level: level, message, metadata: metadata)
    }
}
