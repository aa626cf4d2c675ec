import Foundation
import Glibc
import MneedleSystem

extension Descriptor {
    /// The whole of a large file, of which only the parts that are used are read.
    func mapped() throws(SystemError) -> Data {
        var status = stat()
        guard fstat(number, &status) == 0 else { throw .last }
        let size = Int(status.st_size)
        guard size > 0 else { return Data() }
        guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, number, 0), start != MAP_FAILED else { throw .last }
        return Data(bytesNoCopy: start, count: size, deallocator: .unmap)
    }
}
