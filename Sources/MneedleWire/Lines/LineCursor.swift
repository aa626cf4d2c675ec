/// A cursor that reads the words that request and reply lines have in common.
struct LineCursor {
    let line: UnsafeBufferPointer<UInt8>
    var index = 0
    private(set) var tag: String?

    /// Starts after the tag, on the first byte of the next word. The whole text is checked first.
    init(_ line: UnsafeBufferPointer<UInt8>) throws(LineError) {
        if let fault = TextFault.first(in: line, refusingControls: true) {
            let start = try? LineCursor(checked: UnsafeBufferPointer(rebasing: line[..<fault.index]))
            throw LineError(.malformed, column: fault.index + 1, fault.message, tag: start?.tag)
        }
        try self.init(checked: line)
    }

    private init(checked line: UnsafeBufferPointer<UInt8>) throws(LineError) {
        self.line = line
        skipBlanks()
        guard current == UInt8(ascii: "#") else { return }
        index += 1
        let start = index
        skip(while: Self.isTag)
        guard 1...32 ~= index - start, Self.isBlank(current) else {
            throw malformed("a tag is 1 to 32 of A-Z a-z 0-9 . _ - and a blank", at: start)
        }
        tag = text(from: start)
        skipBlanks()
    }

    var atEnd: Bool { index == line.count }

    /// The byte here, or 0 at the end: a checked line holds no NUL.
    var current: UInt8 { index < line.count ? line[index] : 0 }

    func malformed(_ message: String, at position: Int? = nil) -> LineError {
        LineError(.malformed, column: (position ?? index) + 1, message, tag: tag)
    }

    func text(from start: Int) -> String {
        String(decoding: UnsafeBufferPointer(rebasing: line[start..<index]), as: UTF8.self)
    }

    @inline(__always)
    mutating func skip(while matches: (UInt8) -> Bool) {
        while index < line.count, matches(line[index]) { index += 1 }
    }

    mutating func skipBlanks() { skip(while: Self.isBlank) }

    /// The next run of bytes that are not blank, and the blanks after it.
    mutating func word() -> String {
        let start = index
        skip { !Self.isBlank($0) }
        defer { skipBlanks() }
        return text(from: start)
    }

    /// The JSON object that ends the line.
    mutating func lastObject(maximumDepth: Int, isRequest: Bool = false) throws(LineError) -> JSON {
        guard current == UInt8(ascii: "{") else { throw malformed("a JSON object is missing") }
        var parser = JSONParser(line, from: index, maximumDepth: maximumDepth, isRequest: isRequest)
        let object: JSON
        do { object = try parser.document() } catch { throw LineError(error, tag: tag) }
        index = parser.index
        skipBlanks()
        guard atEnd else { throw malformed("nothing may follow the JSON object") }
        return object
    }

    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    @inline(__always)
    static func isVerb(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }

    @inline(__always)
    static func isTag(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "."), UInt8(ascii: "_"): true
        default: isVerb(byte)
        }
    }
}
