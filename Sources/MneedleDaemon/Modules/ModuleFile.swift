import Foundation
import Glibc
import MneedleKit

/// What a module's library says of itself in its file, read before any of its code runs: constructors run
/// at load, and a module built for another kit or by another compiler crashes rather than fails.
struct ModuleFile {
    /// The module's name, from the symbol `mneedle_module_<name>`.
    let name: String
    let symbol: String
    let kitAPI: UInt32
    let compiler: String

    struct Unusable: Error, CustomStringConvertible {
        let description: String
    }

    /// - Throws: `Unusable` with the reason when the file is no module of this kit and compiler.
    /// - Returns: `nil` when the file is a library, but no module.
    init?(path: String) throws {
        // Code that others may write is not loaded.
        let data: Data
        do { data = try Trust.file(path).mapped() } catch let error as Trust.Refused {
            throw Unusable(description: "is not trusted: \(error)")
        }
        guard let elf = ElfFile(data) else { throw Unusable(description: "is no 64-bit ELF library") }
        guard let symbol = elf.dynamicSymbols.first(where: { $0.hasPrefix(ModuleFile.prefix) }) else { return nil }
        guard let note = elf.section(".note.mneedle"), note.count >= 24 else {
            throw Unusable(
                description: "has no note of its kit and compiler: link the product MneedleModuleNote into the module")
        }
        self.symbol = symbol
        name = String(symbol.dropFirst(ModuleFile.prefix.count)).replacingOccurrences(of: "_", with: "-")
        kitAPI = note.loadUnaligned(at: 20)
        compiler = String(decoding: note.dropFirst(24).prefix { $0 != 0 }, as: UTF8.self)
    }

    private static let prefix = "mneedle_module_"

    /// - Throws: `Unusable` when host and module do not share one kit and one compiler.
    func requireCompatible() throws {
        if kitAPI != KitVersion.api {
            throw Unusable(
                description:
                    "was built for version \(kitAPI) of the kit, this daemon has \(KitVersion.api); build it again")
        }
        if compiler != KitVersion.compiler {
            throw Unusable(
                description:
                    "was built by '\(compiler)', this daemon by '\(KitVersion.compiler)'; build both with one compiler")
        }
    }
}

/// As much of an ELF file as finding a note and the exported names takes.
struct ElfFile {
    private struct Section {
        var name: UInt32
        var type: UInt32
        var offset: Int
        var size: Int
        var link: Int
    }

    private let data: Data
    private var sections: [Section] = []
    private var names = Data()

    init?(_ data: Data) {
        self.data = data
        guard data.count > 64, data.prefix(6) == Data([0x7F, 0x45, 0x4C, 0x46, 2, 1]) else { return nil }
        let table = Int(data.loadUnaligned(at: 40) as UInt64)
        let size = Int(data.loadUnaligned(at: 58) as UInt16)
        let count = Int(data.loadUnaligned(at: 60) as UInt16)
        let namesIndex = Int(data.loadUnaligned(at: 62) as UInt16)
        guard size >= 64, count > namesIndex, table > 0, table + size * count <= data.count else { return nil }
        sections = (0..<count).map { index in
            let at = table + index * size
            return Section(
                name: data.loadUnaligned(at: at), type: data.loadUnaligned(at: at + 4),
                offset: Int(truncatingIfNeeded: data.loadUnaligned(at: at + 24) as UInt64),
                size: Int(truncatingIfNeeded: data.loadUnaligned(at: at + 32) as UInt64),
                link: Int(data.loadUnaligned(at: at + 40) as UInt32))
        }
        guard let names = content(sections[namesIndex]) else { return nil }
        self.names = names
    }

    func section(_ name: String) -> Data? {
        sections.first { names.text(at: Int($0.name)) == name }.flatMap(content)
    }

    /// Names of the symbols that the library defines for others.
    var dynamicSymbols: [String] {
        let symbolTable: UInt32 = 11
        guard let section = sections.first(where: { $0.type == symbolTable }), section.link < sections.count,
            let symbols = content(section), let names = content(sections[section.link])
        else { return [] }
        return stride(from: 0, to: symbols.count - 23, by: 24).compactMap { at in
            let isDefined = (symbols.loadUnaligned(at: at + 6) as UInt16) != 0
            return isDefined ? names.text(at: Int(symbols.loadUnaligned(at: at) as UInt32)) : nil
        }
    }

    private func content(_ section: Section) -> Data? {
        guard section.offset >= 0, section.size >= 0, section.offset <= data.count - section.size else { return nil }
        return data.subdata(in: section.offset..<section.offset + section.size)
    }
}

extension Data {
    /// A little-endian integer; zero where the data is too short.
    fileprivate func loadUnaligned<T: FixedWidthInteger>(at offset: Int) -> T {
        guard offset >= 0, offset + MemoryLayout<T>.size <= count else { return 0 }
        return withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self)) }
    }

    fileprivate func text(at offset: Int) -> String? {
        guard offset < count else { return nil }
        return String(decoding: self[(startIndex + offset)...].prefix { $0 != 0 }, as: UTF8.self)
    }
}
