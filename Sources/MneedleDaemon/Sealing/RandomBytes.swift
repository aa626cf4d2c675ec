import Glibc
import Synchronization

/// Random bytes of the system, fetched many at a time: salts and nonces take some with every change.
enum RandomBytes {
    /// As many as the system gives at once.
    private static let fetched = 256
    private static let rest = Mutex<[UInt8]>([])

    /// Appends so many bytes, at most 256, which nobody else gets.
    static func append(_ count: Int, to bytes: inout [UInt8]) {
        rest.withLock { rest in
            if rest.count < count { rest = fetch() }
            bytes.append(contentsOf: rest.suffix(count))
            rest.removeLast(count)
        }
    }

    private static func fetch() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: fetched)
        if getentropy(&bytes, fetched) != 0 {
            var generator = SystemRandomNumberGenerator()
            for index in bytes.indices { bytes[index] = generator.next() }
        }
        return bytes
    }
}
