import Crypto
import MneedleKit
import MneedleSystem

/// The people's keys in clear, as a copy of them has them: for whoever encrypts it at once.
enum KeyCopy {
    static let heading = "mneedle-person-keys 1"

    /// The lines of a copy: a heading, and each person's id, key and name, or that they have been erased.
    static func lines(_ entries: [KeyFile.KeyedPerson]) -> [String] {
        [heading]
            + entries.sorted { $0.id.hex < $1.id.hex }.map { entry in
                entry.key.map { "\(entry.id.hex) \($0.bytes.hex) \(entry.name)" } ?? "\(entry.id.hex) erased"
            }
    }

    /// - Returns: `nil` for a text that is no whole copy.
    static func read(_ text: String) -> [KeyFile.KeyedPerson]? {
        let lines = text.split(separator: "\n")
        guard lines.first.map({ $0 == heading }) == true else { return nil }
        var entries: [KeyFile.KeyedPerson] = []
        for line in lines.dropFirst() {
            let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            guard words.count > 1, let id = PersonID(hex: String(words[0])) else { return nil }
            if words[1] == "erased" {
                entries.append(KeyFile.KeyedPerson(id: id, name: "", key: nil))
            } else {
                guard words.count == 3, let key = [UInt8](hex: String(words[1])), key.count == 32 else { return nil }
                entries.append(KeyFile.KeyedPerson(id: id, name: String(words[2]), key: SymmetricKey(data: key)))
            }
        }
        // Without nobody's key the store cannot be read: a copy that lacks it was cut.
        guard entries.contains(where: { $0.id == .nobody }) else { return nil }
        return entries
    }

    /// What is known from both: whoever is erased in one is erased, and the key in use stands.
    static func merged(_ copy: [KeyFile.KeyedPerson], into present: [KeyFile.KeyedPerson]) -> [KeyFile.KeyedPerson] {
        var known: [PersonID: KeyFile.KeyedPerson] = [:]
        for entry in copy + present {
            if known[entry.id].map({ $0.key == nil }) == true { continue }
            known[entry.id] = entry
        }
        return Array(known.values)
    }
}
