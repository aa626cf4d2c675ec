import MneedleKit
import MneedleSystem

/// What the store has instead of a person's name: 128 random bits. The name and the key that belong to it stand in the key
/// file, and nowhere else.
package struct PersonID: Hashable, Sendable {
    static let length = 16

    private let high: UInt64
    private let low: UInt64

    private init(_ high: UInt64, _ low: UInt64) { (self.high, self.low) = (high, low) }

    /// - Returns: `nil` unless there are 16 bytes.
    init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == PersonID.length else { return nil }
        func number(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(number(bytes.prefix(8)), number(bytes.dropFirst(8)))
    }

    init?(hex: String) {
        guard let bytes = [UInt8](hex: hex) else { return nil }
        self.init(bytes)
    }

    /// A new id.
    static func random() -> PersonID { PersonID(.random(in: .min ... .max), .random(in: .min ... .max)) }

    /// The id of nobody: its key seals what concerns no person in particular.
    static let nobody = PersonID(0, 0)

    /// Appends the 16 bytes.
    func append(to bytes: inout [UInt8]) {
        for number in [high, low] { withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) } }
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(PersonID.length)
        append(to: &bytes)
        return bytes
    }

    var hex: String { bytes.hex }

    /// The name by which an erased person is still told from others.
    var pseudonym: String { "erased-" + bytes.prefix(4).hex }
}
