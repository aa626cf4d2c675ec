/// A scanner that cuts a stream of bytes into lines, in linear time, whatever the chunks in which it arrives.
///
/// ``next()`` returns one line at a time, so a caller may stop between two lines and go on later. Empty lines are left
/// out, a CR before the LF is dropped. A line over the limit is reported once, as soon as it is known to be
/// too long, and the rest of it is dropped as it arrives.
///
///     scanner.append(chunk)
///     while case .line(let range) = scanner.next() { scanner.withLine(range) { … } }
public struct LineScanner: Sendable {
    /// The result of ``next()``.
    public enum Found: Hashable, Sendable {
        /// A line, without its end; to be read with ``withLine(_:_:)`` before the next `append`.
        case line(Range<Int>)
        /// A line is over the limit.
        case tooLong
        /// No complete line is left.
        case needMore
    }

    /// The greatest number of bytes of a line, its end included.
    public let limit: Int
    @usableFromInline var buffer: [UInt8] = []
    /// The place where the unread line starts.
    private var start = 0
    /// The place up to which there is no LF in the unread bytes.
    private var searched = 0
    private var isDiscarding = false

    /// Makes a scanner for lines of at most so many bytes.
    public init(limit: Int = 65_536) { self.limit = limit }

    /// The number of bytes that wait to be read.
    public var unread: Int { buffer.count - start }

    /// Takes the next bytes of the stream.
    public mutating func append(_ chunk: UnsafeRawBufferPointer) {
        makeRoom()
        buffer.append(contentsOf: chunk)
    }

    /// Takes the next bytes of the stream.
    public mutating func append(_ chunk: some Collection<UInt8>) {
        makeRoom()
        buffer.append(contentsOf: chunk)
    }

    /// Returns and removes the bytes that wait to be read, for a reader with another grammar.
    public mutating func takeUnread() -> [UInt8] {
        let rest = Array(buffer[start...])
        (buffer, start, searched) = ([], 0, 0)
        return rest
    }

    /// The next line, or the reason why there is none.
    public mutating func next() -> Found {
        while let end = nextEnd() {
            let line = start..<end
            start = end + 1
            if isDiscarding {
                isDiscarding = false
            } else if line.count >= limit {
                return .tooLong
            } else if let content = trimmed(line) {
                return .line(content)
            }
        }
        if isDiscarding {
            start = buffer.count
        } else if unread >= limit {
            isDiscarding = true
            start = buffer.count
            return .tooLong
        }
        return .needMore
    }

    /// The bytes of a line that ``next()`` found.
    @inlinable
    public func withLine<Result, Failure>(
        _ range: Range<Int>, _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try buffer.withUnsafeBufferPointer { bytes throws(Failure) in
            try body(UnsafeBufferPointer(rebasing: bytes[range]))
        }
    }

    /// Drops the bytes that were read; only the rest of the last line is moved.
    private mutating func makeRoom() {
        guard start > 0 else { return }
        buffer.removeSubrange(..<start)
        searched -= start
        start = 0
    }

    /// The place of the next LF; `nil` where there is none yet.
    private mutating func nextEnd() -> Int? {
        let from = max(searched, start)
        let found = buffer.withUnsafeBytes { Self.firstLineFeed(in: $0, from: from) }
        searched = found.map { $0 + 1 } ?? buffer.count
        return found
    }

    private func trimmed(_ line: Range<Int>) -> Range<Int>? {
        let hasReturn = !line.isEmpty && buffer[line.upperBound - 1] == 0x0D
        let content = line.lowerBound..<(hasReturn ? line.upperBound - 1 : line.upperBound)
        return content.isEmpty ? nil : content
    }

    private static func firstLineFeed(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var index = start
        while index + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let difference = word ^ (ones &* 0x0A)
            let zeros = (difference &- ones) & ~difference & (ones &* 0x80)
            if zeros != 0 { return index + zeros.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < bytes.count {
            if bytes[index] == 0x0A { return index }
            index += 1
        }
        return nil
    }
}
