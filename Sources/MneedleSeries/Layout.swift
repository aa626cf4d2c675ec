/// The common part of many points: measurement and tags as they were sent, and their fields in their order.
public final class Layout {
    /// A field's name and the type of its values.
    public struct Field: Hashable, Sendable {
        /// The field's name, without its escapes.
        public var name: String
        /// The type of its values.
        public var kind: Sample.Kind

        /// A field of that name and kind.
        public init(name: String, kind: Sample.Kind) {
            self.name = name
            self.kind = kind
        }
    }

    /// Bytes that every line of the layout has: first measurement and tags, then each field's name with its equals sign.
    struct Piece {
        var start: UnsafePointer<UInt8>
        var count: Int
        /// The type of the value that follows.
        var kind: Sample.Kind
    }

    /// The measurement and the tags, with their escapes.
    public let series: String
    /// The tags without their escapes.
    public let tags: [String: String]
    /// The fields in their order.
    public let fields: [Field]
    /// The pieces of a line; they are kept outside of arrays, because they are read for every point.
    let pieces: UnsafeMutableBufferPointer<Piece>
    private let text: UnsafeMutableBufferPointer<UInt8>
    /// The number of bytes of the measurement, the tags and the names of the fields together.
    public var byteCount: Int { text.count }

    init(
        series: UnsafeBufferPointer<UInt8>, tags: [String: String], fields: [Field], keys: [UnsafeBufferPointer<UInt8>]
    ) {
        self.series = String(decoding: series, as: UTF8.self)
        self.tags = tags
        self.fields = fields
        text = .allocate(capacity: series.count + keys.reduce(0) { $0 + $1.count })
        pieces = .allocate(capacity: keys.count + 1)
        var next = text.baseAddress!
        for (index, bytes) in ([series] + keys).enumerated() {
            next.update(from: bytes.baseAddress!, count: bytes.count)
            let kind = index == 0 ? .text : fields[index - 1].kind
            pieces.initializeElement(at: index, to: Piece(start: next, count: bytes.count, kind: kind))
            next += bytes.count
        }
    }

    deinit {
        pieces.deallocate()
        text.deallocate()
    }
}
