/// The common part of many points: measurement and tags as they were sent, and their fields in their order.
public final class Layout {
    /// A field's name and what its values are.
    public struct Field: Hashable, Sendable {
        /// Without its escapes.
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
        /// Of the value that follows.
        var kind: Sample.Kind
    }

    /// Measurement and tags, with their escapes.
    public let series: String
    /// The tags without their escapes.
    public let tags: [String: String]
    /// The fields in their order.
    public let fields: [Field]
    /// Kept outside of arrays: they are looked at for every point.
    let pieces: UnsafeMutableBufferPointer<Piece>
    private let text: UnsafeMutableBufferPointer<UInt8>
    /// Of measurement, tags and names of fields together.
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
