/// A key that was pressed.
package enum Key: Hashable, Sendable {
    case up, down, pageUp, pageDown, first, last
    case enter, escape
    /// Ctrl-C, Ctrl-Z and Ctrl-L.
    case interrupt, suspend, redraw
    case character(Character)
}

/// Makes keys of the bytes that a terminal sends.
package struct KeyReader {
    private var bytes: [UInt8] = []

    package init() {}

    /// The keys in what has come. The begin of a key whose rest has not come yet waits for it.
    package mutating func keys(_ new: some Sequence<UInt8>) -> [Key] {
        bytes += new
        var keys: [Key] = []
        while let (key, length) = next() {
            bytes.removeFirst(length)
            if let key { keys.append(key) }
        }
        return keys
    }

    /// The first key and its length; a sequence that means nothing here has no key.
    private func next() -> (key: Key?, length: Int)? {
        guard let first = bytes.first else { return nil }
        switch first {
        case 0x1B: return sequence()
        case 0x03: return (.interrupt, 1)
        case 0x1A: return (.suspend, 1)
        case 0x0C: return (.redraw, 1)
        case 0x0A, 0x0D: return (.enter, 1)
        case 0x20..<0x7F: return (.character(Character(Unicode.Scalar(first))), 1)
        // A key of no Latin alphabet is one key, and means nothing.
        case 0xC0...: return (nil, min(bytes.count, first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2))
        default: return (nil, 1)
        }
    }

    /// The key of `ESC [ … letter` or `ESC O letter`. An ESC with nothing behind it is the key of that name: a terminal sends a
    /// sequence in one piece.
    private func sequence() -> (key: Key?, length: Int)? {
        guard bytes.count > 1 else { return (.escape, 1) }
        guard bytes[1] == UInt8(ascii: "[") || bytes[1] == UInt8(ascii: "O") else { return (.escape, 1) }
        guard let end = bytes[2...].firstIndex(where: { (0x40...0x7E).contains($0) }) else {
            // Longer than any key's: it is not one.
            return bytes.count > 16 ? (nil, bytes.count) : nil
        }
        let parameters = String(decoding: bytes[2..<end], as: UTF8.self)
        let key: Key? =
            switch (bytes[end], parameters) {
            case (UInt8(ascii: "A"), _): .up
            case (UInt8(ascii: "B"), _): .down
            case (UInt8(ascii: "H"), _), (UInt8(ascii: "~"), "1"), (UInt8(ascii: "~"), "7"): .first
            case (UInt8(ascii: "F"), _), (UInt8(ascii: "~"), "4"), (UInt8(ascii: "~"), "8"): .last
            case (UInt8(ascii: "~"), "5"): .pageUp
            case (UInt8(ascii: "~"), "6"): .pageDown
            default: nil
            }
        return (key, end + 1)
    }
}
