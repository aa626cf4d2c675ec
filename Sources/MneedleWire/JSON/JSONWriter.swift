/// A writer that appends compact JSON to a byte buffer and puts the commas itself.
///
/// Its text is always one line that the protocol accepts: quotes, backslashes and all control characters
/// (C0, DEL, C1) are escaped, everything else stands as UTF-8.
public struct JSONWriter: Sendable {
    /// The text so far, in UTF-8.
    public var bytes: [UInt8]
    private var needsComma = false

    /// Starts after the bytes that are there already.
    public init(bytes: [UInt8] = []) { self.bytes = bytes }

    /// Appends text as it is, outside of any document: the words before it on its line, say.
    public mutating func verbatim(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// Ends the line; the next value begins a new document.
    public mutating func endLine() {
        bytes.append(0x0A)
        needsComma = false
    }

    /// Removes the text and keeps its memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    /// Writes `null`.
    public mutating func null() {
        beginValue()
        bytes.append(contentsOf: "null".utf8)
    }

    /// Writes `true` or `false`.
    public mutating func bool(_ flag: Bool) {
        beginValue()
        bytes.append(contentsOf: (flag ? "true" : "false").utf8)
    }

    /// Writes a whole number.
    public mutating func integer(_ number: Int64) {
        beginValue()
        if 0...9 ~= number {
            bytes.append(UInt8(ascii: "0") + UInt8(number))
        } else {
            bytes.append(contentsOf: String(number).utf8)
        }
    }

    /// Writes the shortest text that reads back as the same number: `0.1`, `2.0`, `1e+16`.
    /// A number that JSON has no text for (infinite, not a number) becomes `null`.
    public mutating func number(_ number: Double) {
        guard number.isFinite else { return null() }
        beginValue()
        bytes.append(contentsOf: number.description.utf8)
    }

    /// Writes a string in quotes.
    public mutating func string(_ text: String) {
        beginValue()
        quote(text)
    }

    /// Appends a value that is JSON already.
    public mutating func rawJSON(_ json: String) {
        beginValue()
        bytes.append(contentsOf: json.utf8)
    }

    /// Appends a value that is JSON already.
    public mutating func rawJSON(_ json: some Collection<UInt8>) {
        beginValue()
        bytes.append(contentsOf: json)
    }

    /// Starts a member; its value comes next.
    public mutating func key(_ name: String) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Opens an object; each member is a ``key(_:)`` and a value.
    public mutating func beginObject() { begin(UInt8(ascii: "{")) }
    /// Closes the object.
    public mutating func endObject() { end(UInt8(ascii: "}")) }
    /// Opens an array.
    public mutating func beginArray() { begin(UInt8(ascii: "[")) }
    /// Closes the array.
    public mutating func endArray() { end(UInt8(ascii: "]")) }

    // MARK: Parts

    private mutating func beginValue() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func begin(_ bracket: UInt8) {
        beginValue()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func quote(_ text: String) {
        var text = text
        bytes.append(UInt8(ascii: "\""))
        text.withUTF8 { utf8 in
            var start = 0
            var index = 0
            while index < utf8.count {
                let length = Self.lengthToEscape(utf8, at: index)
                if length > 0 {
                    bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<index]))
                    escape(utf8[index + length - 1])
                    start = index + length
                }
                index += max(length, 1)
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start...]))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// The number of bytes of the character here that must be escaped; 0 if it may stand as it is.
    @inline(__always)
    private static func lengthToEscape(_ utf8: UnsafeBufferPointer<UInt8>, at index: Int) -> Int {
        switch utf8[index] {
        case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x7F: 1
        case 0xC2 where utf8[index + 1] < 0xA0: 2  // C1; a lead byte in a String never stands last.
        default: 0
        }
    }

    /// Escapes a character up to U+00FF, of which this is the last byte (for C1 also its code).
    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            let digits: StaticString = "0123456789abcdef"
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(digits.utf8Start[Int(byte >> 4)])
            bytes.append(digits.utf8Start[Int(byte & 15)])
        }
    }
}
