import Foundation
import MneedleKit

/// The note that a module's library carries in its file, read before any of its code runs: constructors run
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
        // Code that other users may write is not loaded.
        let data: Data
        do { data = try Trust.file(path).mapped() } catch let error as Trust.Refused {
            throw Unusable(description: "is not trusted: \(error)")
        }
        try self.init(data)
    }

    /// Nothing in the file is trusted before it is checked: it may be damaged, or made to do harm.
    init?(_ data: Data) throws {
        guard let elf = ElfFile(data) else { throw Unusable(description: "is no 64-bit ELF library") }
        guard let symbol = elf.symbol(beginningWith: ModuleFile.prefix, atMost: ModuleFile.longestSymbol) else {
            return nil
        }
        guard let note = elf.section(".note.mneedle"), note.count >= 24 else {
            throw Unusable(
                description: "has no note of its kit and compiler: link the product MneedleModuleNote into the module")
        }
        self.symbol = symbol
        name = String(symbol.dropFirst(ModuleFile.prefix.count))
        guard Ownership.isModuleName(name) else {
            throw Unusable(description: "exports \(symbol.debugDescription), which names no module")
        }
        kitAPI = note.integer(at: 20)
        compiler = String(decoding: note.dropFirst(24).prefix(252).prefix { $0 != 0 }, as: UTF8.self)
    }

    private static let prefix = "mneedle_module_"
    /// One byte more than the longest name, so that a longer name is recognised as too long.
    private static let longestSymbol = prefix.utf8.count + Ownership.longestName + 1

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
