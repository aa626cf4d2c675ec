/// The first byte of a line that no text may hold.
struct TextFault {
    let index: Int
    let message: String

    /// Looks for invalid UTF-8 and, if asked, for control characters other than TAB.
    static func first(in bytes: UnsafeBufferPointer<UInt8>, refusingControls: Bool) -> TextFault? {
        let raw = UnsafeRawBufferPointer(bytes)
        var index = 0
        while index < raw.count {
            if index + 8 <= raw.count, isPlain(raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)) {
                index += 8
                continue
            }
            let byte = bytes[index]
            if byte < 0x80 {
                if refusingControls, byte < 0x20 && byte != 0x09 || byte == 0x7F {
                    return TextFault(index: index, message: "a control character")
                }
                index += 1
                continue
            }
            guard let length = length(of: bytes, at: index) else {
                return TextFault(index: index, message: "invalid UTF-8")
            }
            if refusingControls, byte == 0xC2, bytes[index + 1] < 0xA0 {
                return TextFault(index: index, message: "a control character")
            }
            index += length
        }
        return nil
    }

    /// Eight bytes at once, all from space to `~`.
    @inline(__always)
    private static func isPlain(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let belowSpace = (word &- ones &* 0x20) & ~word
        let notDelete = word ^ (ones &* 0x7F)
        let delete = (notDelete &- ones) & ~notDelete
        return (word | belowSpace | delete) & (ones &* 0x80) == 0
    }

    /// The length of the multi-byte character here, or `nil` if it is none (Unicode, table 3-7).
    private static func length(of bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Int? {
        let second: ClosedRange<UInt8>
        let length: Int
        switch bytes[index] {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return nil
        }
        guard index + length <= bytes.count, second ~= bytes[index + 1] else { return nil }
        for offset in 2..<max(length, 2) where bytes[index + offset] & 0xC0 != 0x80 { return nil }
        return length
    }
}
