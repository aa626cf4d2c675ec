/// One line from the daemon.
public enum ReplyLine: Hashable, Sendable {
    /// The first line of a connection, with the protocol's major version.
    case greeting(major: Int, JSON)
    /// One of many results; an ``ok(tag:_:)`` or ``err(tag:code:_:)`` ends them.
    case row(tag: String?, JSON)
    /// The request was carried out; the last line of its reply.
    case ok(tag: String?, JSON)
    /// The request was refused, or failed; the last line of its reply.
    case err(tag: String?, code: String, JSON)
    /// An event for a subscriber; `seq` is `nil` for a live one that is not in the ledger.
    case event(tag: String?, seq: Int64?, topic: String, JSON)
    /// The daemon waits for bulk lines.
    case ready(tag: String?, JSON)
    /// The number of bulk lines that are durable so far.
    case ack(tag: String?, JSON)
}

extension ReplyLine {
    /// Reads a line, given without its LF and without the CR before that.
    public static func parse(_ line: UnsafeBufferPointer<UInt8>) throws(LineError) -> ReplyLine {
        var cursor = try LineCursor(line)
        let tag = cursor.tag
        let start = cursor.index
        switch cursor.word() {
        case "MNEEDLE":
            let at = cursor.index
            guard let major = Int(cursor.word()) else {
                throw cursor.malformed("the protocol's version is missing", at: at)
            }
            return .greeting(major: major, try object(&cursor))
        case "ROW": return .row(tag: tag, try object(&cursor))
        case "OK": return .ok(tag: tag, try object(&cursor))
        case "ERR": return .err(tag: tag, code: cursor.word(), try object(&cursor))
        case "READY": return .ready(tag: tag, try object(&cursor))
        case "ACK": return .ack(tag: tag, try object(&cursor))
        case "EVENT":
            let at = cursor.index
            let seq = cursor.word()
            guard seq == "-" || Int64(seq) != nil else {
                throw cursor.malformed("an event's number or '-' is missing", at: at)
            }
            return .event(tag: tag, seq: Int64(seq), topic: cursor.word(), try object(&cursor))
        default:
            throw cursor.malformed("this is no line of the mneedle protocol", at: start)
        }
    }

    /// Reads a line from a text.
    public static func parse(_ line: String) throws(LineError) -> ReplyLine {
        let bytes = Array(line.utf8)
        let result = bytes.withUnsafeBufferPointer { bytes in
            Result { () throws(LineError) in try parse(bytes) }
        }
        return try result.get()
    }

    /// Reads the object of a reply. It may nest deeper than a request's: the daemon is trusted, and some replies are schemas.
    private static func object(_ cursor: inout LineCursor) throws(LineError) -> JSON {
        try cursor.lastObject(maximumDepth: 128)
    }
}
