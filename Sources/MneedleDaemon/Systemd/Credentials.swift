import Foundation
import MneedleKit

/// Secrets that systemd hands to the service alone (`LoadCredential=`, `LoadCredentialEncrypted=`). There is no other way in:
/// the configuration is read by people and backups, the environment by whoever may look at a process.
struct Credentials: Sendable {
    /// The key of encryption at rest; its description never shows it.
    struct StoreKey: Sendable, CustomStringConvertible {
        static let name = "mneedle.store-key"
        static let byteCount = 32
        let bytes: [UInt8]
        var description: String { "a key of \(bytes.count) bytes" }
    }

    /// `nil` when none was given.
    let storeKey: StoreKey?

    /// - Parameter folder: Where systemd put them: `$CREDENTIALS_DIRECTORY`.
    /// - Parameter problems: Gets what is wrong with a secret that is there; never the secret.
    init(folder: String?, problems: Problems) {
        storeKey = folder.flatMap { Credentials.readStoreKey($0 + "/" + StoreKey.name, problems) }
    }

    private static func readStoreKey(_ path: String, _ problems: Problems) -> StoreKey? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        func refuse(_ reason: String) -> StoreKey? {
            problems.report(Problem(file: StoreKey.name, key: "", reason: reason))
            return nil
        }
        guard let data = FileManager.default.contents(atPath: path) else { return refuse("cannot be read (\(path))") }
        if data.count == StoreKey.byteCount { return StoreKey(bytes: [UInt8](data)) }
        // Written by a person, for example by `openssl rand -hex 32`.
        let digits = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines).utf8
        let values = digits.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == 2 * StoreKey.byteCount, values.count == digits.count else {
            return refuse(
                "expected \(StoreKey.byteCount) bytes, or as many in hexadecimal, got \(data.count) bytes;"
                    + " 'openssl rand -hex 32' makes a key")
        }
        return StoreKey(
            bytes: stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) })
    }
}
