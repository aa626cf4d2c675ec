import Foundation

/// The parts of an ELF file that are needed to find a note and the exported names. Every offset and size is a claim of the
/// file: a part that does not lie within it counts as absent.
struct ElfFile {
    private struct Section {
        var name: Int
        var type: UInt32
        var content: Range<Int>?
        var link: Int
    }

    private let data: Data
    private var sections: [Section] = []
    private var names = Data()

    init?(_ data: Data) {
        // Offsets count from 0.
        self.data = data.startIndex == 0 ? data : Data(data)
        guard data.count > 64, data.prefix(6) == Data([0x7F, 0x45, 0x4C, 0x46, 2, 1]) else { return nil }
        let size = Int(data.integer(at: 58) as UInt16)
        let count = Int(data.integer(at: 60) as UInt16)
        let namesIndex = Int(data.integer(at: 62) as UInt16)
        // Both are below 65536, so their product cannot overflow.
        guard size >= 64, count > namesIndex,
            let table = range(at: data.integer(at: 40), count: UInt64(size * count)), !table.isEmpty
        else { return nil }
        sections = (0..<count).map { index in
            let at = table.lowerBound + index * size
            return Section(
                name: Int(data.integer(at: at) as UInt32), type: data.integer(at: at + 4),
                content: range(at: data.integer(at: at + 24), count: data.integer(at: at + 32)),
                link: Int(data.integer(at: at + 40) as UInt32))
        }
        guard let names = content(sections[namesIndex]) else { return nil }
        self.names = names
    }

    func section(_ name: String) -> Data? {
        let wanted = Data(name.utf8) + [0]
        return sections.first { names.begins(with: wanted, at: $0.name) }.flatMap(content)
    }

    /// The first of the library's defined symbols whose name begins with `prefix`; at most `most` bytes of it.
    func symbol(beginningWith prefix: String, atMost most: Int) -> String? {
        let symbolTable: UInt32 = 11
        guard let section = sections.first(where: { $0.type == symbolTable }), section.link < sections.count,
            let symbols = content(section), let names = content(sections[section.link])
        else { return nil }
        let wanted = Data(prefix.utf8)
        for index in 0..<symbols.count / 24 where (symbols.integer(at: index * 24 + 6) as UInt16) != 0 {
            let at = Int(symbols.integer(at: index * 24) as UInt32)
            if names.begins(with: wanted, at: at) {
                return String(decoding: names[at...].prefix(most).prefix { $0 != 0 }, as: UTF8.self)
            }
        }
        return nil
    }

    private func content(_ section: Section) -> Data? { section.content.map { data.subdata(in: $0) } }

    /// A part of the file; `nil` where it does not lie within.
    private func range(at offset: UInt64, count: UInt64) -> Range<Int>? {
        let (end, isTooFar) = offset.addingReportingOverflow(count)
        guard !isTooFar, end <= UInt64(data.count) else { return nil }
        return Int(offset)..<Int(end)
    }
}

extension Data {
    /// A little-endian integer; zero where the data is too short.
    func integer<T: FixedWidthInteger>(at offset: Int) -> T {
        guard offset >= 0, offset <= count - MemoryLayout<T>.size else { return 0 }
        return withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
    }

    fileprivate func begins(with bytes: Data, at offset: Int) -> Bool {
        guard offset >= 0, offset <= count - bytes.count else { return false }
        return self[(startIndex + offset)..<(startIndex + offset + bytes.count)] == bytes
    }
}
