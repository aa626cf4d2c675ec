import Crypto
import Foundation
import MneedleKit

/// A value as the store holds it when it says something about a person: bytes that only that person's key opens.
///
///     "9D 6D 6E", form, id (16), and for what is sealed: nonce (12), ciphertext, tag (16)
///
/// The facts of a ledger entry have their commitment (32) before the nonce.
///
/// It tells by itself what it is, so whatever a statement makes of the column that holds it, a row gives the value.
enum SealedValue {
    /// What the bytes are.
    enum Form: UInt8 {
        /// A person's id alone.
        case person = 1
        /// A value, sealed differently each time.
        case sealed = 2
        /// A value that is sealed in the same way each time, so that it can be searched for.
        case matched = 3
        /// The facts of a ledger entry.
        case facts = 4
        /// By what people are looked for: a code that is the same for the same value, and from which nobody gets it back.
        case looked = 5
    }

    private static let mark: [UInt8] = [0x9D, 0x6D, 0x6E]
    static let head = mark.count + 1 + PersonID.length
    private static let nonceLength = 12
    private static let tagLength = 16

    /// The keys of one person.
    struct Keys: Sendable {
        let sealing: SymmetricKey
        let matching: SymmetricKey
        let nonces: SymmetricKey

        init(_ key: SymmetricKey) {
            func derived(_ use: String) -> SymmetricKey {
                HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: Data(use.utf8), outputByteCount: 32)
            }
            (sealing, matching, nonces) = (
                derived("mneedle sealed"), derived("mneedle matched"), derived("mneedle nonces")
            )
        }
    }

    // MARK: Making

    /// The bytes with which everything of a person begins.
    private static func beginning(_ form: Form, _ id: PersonID, room: Int = 0) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(head + room)
        bytes.append(contentsOf: mark)
        bytes.append(form.rawValue)
        id.append(to: &bytes)
        return bytes
    }

    static func bytes(of id: PersonID) -> [UInt8] { beginning(.person, id) }

    static func person(_ id: PersonID) -> SQLValue { .blob(bytes(of: id)) }

    /// - Parameter place: The table and the column: a value that is matched in one says nothing in another.
    static func seal(_ value: SQLValue, of id: PersonID, _ keys: Keys, as form: Form, in place: String) throws
        -> SQLValue
    {
        guard let plain = encode(value) else { return .null }
        var bytes = beginning(form, id, room: nonceLength + plain.count + tagLength)
        switch form {
        case .looked:
            code(of: plain, in: place, keys.matching).withUnsafeBytes { bytes.append(contentsOf: $0) }
        case .matched:
            let nonce = code(of: plain, in: place, keys.nonces).withUnsafeBytes { Array($0.prefix(nonceLength)) }
            try seal(plain, by: keys.matching, nonce, after: &bytes)
        default: try seal(plain, by: keys.sealing, after: &bytes)
        }
        return .blob(bytes)
    }

    private static func code(of plain: [UInt8], in place: String, _ key: SymmetricKey) -> HMAC<SHA256>.MAC {
        var code = HMAC<SHA256>(key: key)
        code.update(data: Array(place.utf8) + [0])
        code.update(data: plain)
        return code.finalize()
    }

    /// Appends nonce, ciphertext and tag to the bytes, which are authenticated with them.
    private static func seal(
        _ plain: [UInt8], by key: SymmetricKey, _ given: [UInt8]? = nil, after bytes: inout [UInt8]
    ) throws {
        var nonce = given ?? []
        if given == nil { RandomBytes.append(nonceLength, to: &nonce) }
        let box = try AES.GCM.seal(plain, using: key, nonce: AES.GCM.Nonce(data: nonce), authenticating: bytes)
        bytes.append(contentsOf: nonce)
        box.ciphertext.withUnsafeBytes { bytes.append(contentsOf: $0) }
        box.tag.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    // MARK: Reading

    /// What the bytes are and whose; `nil` for bytes that are no such value.
    static func look(_ bytes: [UInt8]) -> (form: Form, id: PersonID)? {
        guard bytes.count >= head, bytes[0] == mark[0], bytes[1] == mark[1], bytes[2] == mark[2],
            let form = Form(rawValue: bytes[mark.count]), let id = PersonID(bytes[(mark.count + 1)..<head])
        else { return nil }
        return (form, id)
    }

    /// - Returns: `nil` for bytes that the key does not open: they were altered.
    static func open(_ bytes: [UInt8], _ form: Form, _ keys: Keys) -> SQLValue? {
        if form == .looked { return .null }
        guard form != .facts else {
            return open(facts: bytes, keys).map { .text("\($0.subject)\n\($0.body)") }
        }
        return open(bytes, after: head, form == .matched ? keys.matching : keys.sealing).flatMap(decode)
    }

    private static func open(_ bytes: [UInt8], after head: Int, _ key: SymmetricKey) -> Data? {
        guard bytes.count >= head + nonceLength + tagLength else { return nil }
        let (nonce, rest) = (bytes[head..<head + nonceLength], bytes[(head + nonceLength)...])
        guard
            let box = try? AES.GCM.SealedBox(
                nonce: AES.GCM.Nonce(data: nonce), ciphertext: rest.dropLast(tagLength), tag: rest.suffix(tagLength))
        else { return nil }
        return try? AES.GCM.open(box, using: key, authenticating: bytes[..<head])
    }

    // MARK: Facts of the ledger

    static func seal(_ facts: LedgerFacts, of id: PersonID, _ keys: Keys) throws -> [UInt8] {
        let plain = facts.text
        var bytes = beginning(.facts, id, room: SHA256.byteCount + nonceLength + plain.count + tagLength)
        var commitment = SHA256()
        plain.withUnsafeBytes { commitment.update(bufferPointer: $0) }
        commitment.finalize().withUnsafeBytes { bytes.append(contentsOf: $0) }
        try seal(plain, by: keys.sealing, after: &bytes)
        return bytes
    }

    /// The commitment in the sealed facts: SHA-256 of their text, which begins with a salt. It can be held against facts that
    /// somebody shows, and nobody can guess from it what they are.
    static func commitment(in bytes: [UInt8]) -> ArraySlice<UInt8>? {
        let end = head + SHA256.byteCount
        guard bytes.count >= end, look(bytes)?.form == .facts else { return nil }
        return bytes[head..<end]
    }

    /// - Returns: `nil` for bytes that the key does not open: they were altered.
    static func open(facts bytes: [UInt8], _ keys: Keys) -> LedgerFacts? {
        open(bytes, after: head + SHA256.byteCount, keys.sealing).flatMap { LedgerFacts(text: Array($0)) }
    }

    // MARK: Values

    private static func encode(_ value: SQLValue) -> [UInt8]? {
        func typed(_ type: UInt8, _ bytes: some Collection<UInt8>) -> [UInt8] {
            var plain: [UInt8] = []
            plain.reserveCapacity(bytes.count + 1)
            plain.append(type)
            plain.append(contentsOf: bytes)
            return plain
        }
        func number(_ type: UInt8, _ bits: UInt64) -> [UInt8] {
            withUnsafeBytes(of: bits.bigEndian) { typed(type, $0) }
        }
        return switch value {
        case .null: nil
        case .integer(let value): number(1, UInt64(bitPattern: value))
        case .real(let value): number(2, value.bitPattern)
        case .text(let text): typed(3, text.utf8)
        case .blob(let bytes): typed(4, bytes)
        }
    }

    private static func decode(_ plain: Data) -> SQLValue? {
        guard let type = plain.first else { return nil }
        let rest = Array(plain.dropFirst())
        var bits: UInt64? { rest.count == 8 ? rest.reduce(0) { $0 << 8 | UInt64($1) } : nil }
        return switch type {
        case 1: bits.map { .integer(Int64(bitPattern: $0)) }
        case 2: bits.map { .real(Double(bitPattern: $0)) }
        case 3: String(validating: rest, as: UTF8.self).map { .text($0) }
        case 4: .blob(rest)
        default: nil
        }
    }
}
