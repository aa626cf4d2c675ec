import CZstd
import Synchronization

/// The packing of similar bytes: as they are, as one byte where all are the same, or by zstd, whichever is shortest.
enum Plane {
    private static let asTheyAre: UInt8 = 0
    private static let allEqual: UInt8 = 1
    private static let zstd: UInt8 = 2
    private static let level: Int32 = 3

    static func pack(_ bytes: [UInt8], _ packer: inout Packer) {
        if let first = bytes.first, bytes.allSatisfy({ $0 == first }) {
            packer.byte(allEqual)
            return packer.byte(first)
        }
        if let packed = compressed(bytes), packed.count < bytes.count {
            packer.byte(zstd)
            packer.count(packed.count)
            packer.bytes += packed
        } else {
            packer.byte(asTheyAre)
            packer.bytes += bytes
        }
    }

    /// - Returns: `nil` where compression is not worth its time.
    private static func compressed(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count > 32 else { return nil }
        return [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { room, count in
            let length = bytes.withUnsafeBytes { bytes in
                Workspace.compressing.use {
                    ZSTD_compressCCtx($0, room.baseAddress, room.count, bytes.baseAddress, bytes.count, level)
                }
            }
            // A failure counts as the whole room, which is longer than the bytes, so that they are stored as they are.
            count = ZSTD_isError(length) == 0 ? length : room.count
        }
    }

    static func unpack(_ count: Int, _ unpacker: inout Unpacker) throws(Damage) -> [UInt8] {
        switch try unpacker.byte() {
        case allEqual: return Array(repeating: try unpacker.byte(), count: count)
        case asTheyAre: return Array(try unpacker.slice(count))
        case zstd:
            let packed = try unpacker.slice(try unpacker.count(atMost: .max))
            // Room is made only for the size that the frame names and can have: three bytes come to 128 KiB at most.
            let size = packed.withUnsafeBytes { ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
            guard size == UInt64(count), count >> 17 <= packed.count / 3 else { throw Damage() }
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { room, length in
                let got = packed.withUnsafeBytes { packed in
                    Workspace.decompressing.use {
                        ZSTD_decompressDCtx($0, room.baseAddress, room.count, packed.baseAddress, packed.count)
                    }
                }
                length = ZSTD_isError(got) == 0 ? got : 0
            }
            guard bytes.count == count else { throw Damage() }
            return bytes
        default: throw Damage()
        }
    }
}

/// The contexts that zstd works in, kept because making one takes longer than packing a few hundred bytes. There are as many
/// as were ever in use at the same time.
private final class Workspace: Sendable {
    static let compressing = Workspace { ZSTD_createCCtx() }
    static let decompressing = Workspace { ZSTD_createDCtx() }

    // Being Sendable is safe, since a workspace has one user at a time.
    private struct Idle: @unchecked Sendable { var all: [OpaquePointer] = [] }

    private let idle = Mutex(Idle())
    private let make: @Sendable () -> OpaquePointer?

    init(_ make: @escaping @Sendable () -> OpaquePointer?) { self.make = make }

    func use(_ body: (OpaquePointer) -> Int) -> Int {
        // Where there is no memory for a workspace, the answer is one of zstd's errors.
        guard let workspace = idle.withLock({ $0.all.popLast() }) ?? make() else { return -1 }
        defer { idle.withLock { $0.all.append(workspace) } }
        return body(workspace)
    }
}
