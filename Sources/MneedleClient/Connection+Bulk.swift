import Glibc
import MneedleSystem
import MneedleWire

extension Connection {
    /// Sends a bulk command, then the lines read from the descriptor `input` up to its end or to a line with a
    /// single `.`, and waits for the end of the reply. Acknowledgements are handed over as they come.
    @discardableResult
    public func stream(
        _ request: RequestLine, from input: CInt, acknowledged: (JSON) -> Void = { _ in }
    ) throws(ClientError) -> JSON {
        try send(request)
        if let end = try readUntilReady() { return end }
        var bulk = BulkLines()
        while !bulk.isComplete && !isEnded {
            // Lines that have arrived come first: no poll reports them.
            while let line = try nextLine() {
                if let end = try takeBulk(line, acknowledged) { return end }
            }
            if inputIsReady(input) { try write(bulk.next(try Self.read(input))) }
        }
        while true {
            if let end = try takeBulk(try receive(), acknowledged) { return end }
        }
    }

    /// Reads until the daemon is ready for lines; returns the end of the reply if it wants none.
    private func readUntilReady() throws(ClientError) -> JSON? {
        while true {
            let line = try receive()
            if case .ready = line { return nil }
            if let end = try take(line, row: { _ in }) { return end }
        }
    }

    private func takeBulk(_ line: ReplyLine, _ acknowledged: (JSON) -> Void) throws(ClientError) -> JSON? {
        guard case .ack(_, let counts) = line else { return try take(line, row: { _ in }) }
        acknowledged(counts)
        return nil
    }

    /// Waits for input or for the daemon, whose lines are read at once: it may have ended the stream.
    private func inputIsReady(_ input: CInt) -> Bool {
        var entries = [
            pollfd(fd: input, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&entries, 2, -1) > 0 else { return false }
        if entries[1].revents != 0 { read() }
        return entries[0].revents != 0
    }

    /// The bytes that can be read now; empty at the end of the input.
    private static func read(_ input: CInt) throws(ClientError) -> [UInt8] {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, initialized in
            repeat { count = Glibc.read(input, buffer.baseAddress, buffer.count) } while count < 0 && errno == EINTR
            initialized = max(count, 0)
        }
        guard count >= 0 else {
            throw ClientError(.unreadableInput, "the input cannot be read: \(SystemError.last)")
        }
        return bytes
    }
}

/// Passes bulk lines on, and ends them once: at the end of the input, or at a line that holds a single `.`, for the lines
/// after it would be taken for requests.
struct BulkLines {
    private enum Line { case empty, dot, dotReturn, other }

    private(set) var isComplete = false
    private var line = Line.empty

    /// The bytes to send for the next bytes of the input; no bytes mean its end.
    mutating func next(_ chunk: [UInt8]) -> [UInt8] {
        for (index, byte) in chunk.enumerated() {
            switch (line, byte) {
            case (.dot, 0x0A), (.dotReturn, 0x0A):
                isComplete = true
                return Array(chunk[...index])
            case (_, 0x0A): line = .empty
            case (.empty, UInt8(ascii: ".")): line = .dot
            case (.dot, 0x0D): line = .dotReturn
            default: line = .other
            }
        }
        guard chunk.isEmpty else { return chunk }
        isComplete = true
        switch line {
        case .empty: return Array(".\n".utf8)
        case .dot, .dotReturn: return Array("\n".utf8)
        case .other: return Array("\n.\n".utf8)
        }
    }
}
