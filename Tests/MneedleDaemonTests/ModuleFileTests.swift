import Foundation
import MneedleKit
import MneedleRandom
import MneedleTestKit
import Testing

@testable import MneedleDaemon

@Suite("A module's file, before it is loaded")
struct ModuleFileTests {
    /// A library as the loader takes it.
    private static func library(_ name: String = "elffile") throws -> Data {
        try TemporaryFolder.with { folder in
            let (source, result) = (folder + "/elf.c", folder + "/libelf.so")
            try """
            struct note { unsigned name_size, description_size, type; char name[8]; unsigned kit_api; char compiler[252]; };
            __attribute__((used, aligned(4), section(".note.mneedle")))
            static const struct note note = { 8, 256, 1, "mneedle", \(KitVersion.api), "\(KitVersion.compiler)" };
            void *mneedle_module_\(name)(void) { return 0; }
            """.write(toFile: source, atomically: true, encoding: .utf8)
            let made = try ChildProcess.run(["cc", "-shared", "-fPIC", "-o", result, source])
            try #require(made.exitCode == 0, "\(made.output)")
            return try Data(contentsOf: URL(fileURLWithPath: result))
        }
    }

    /// Values at which sums and products wrap, or that point just beside what is there.
    private static func extremes(_ size: Int) -> [UInt64] {
        let ends: [UInt64] = [
            0, 1, 63, 64, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 62, (1 << 63) - 1, 1 << 63, .max,
        ]
        return ends + ends.map { $0 &- 40 } + [UInt64(size) - 1, UInt64(size), UInt64(size) + 1, UInt64(size) - 64]
    }

    @Test("is read as what it is")
    func good() throws {
        let file = try #require(try ModuleFile(Self.library()))
        #expect(file.name == "elffile" && file.symbol == "mneedle_module_elffile")
        #expect(file.kitAPI == KitVersion.api && file.compiler == KitVersion.compiler)
        try file.requireCompatible()
    }

    @Test("hostile headers are refused or read, and none traps: 6 000 mutants")
    func mutants() throws {
        let good = try Self.library()
        let table = good.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: 40, as: UInt64.self)) }
        let extremes = Self.extremes(good.count)
        var numbers = SeededGenerator(seed: 1)
        var (refused, read, passedOver) = (0, 0, 0)
        for round in 0..<6000 {
            var data = good
            for _ in 0...Int.random(in: 0..<3, using: &numbers) {
                let inHeader = Bool.random(using: &numbers)
                let width = [1, 2, 4, 8].randomElement(using: &numbers)!
                let at =
                    inHeader
                    ? Int.random(in: 6..<56, using: &numbers)
                    : Int.random(in: table..<(data.count - 8), using: &numbers)
                let fields = [40, 58, 60, 62]
                let place = inHeader && round % 2 == 0 ? fields.randomElement(using: &numbers)! : at
                let value = extremes.randomElement(using: &numbers)!
                withUnsafeBytes(of: value.littleEndian) {
                    data.replaceSubrange(place..<(place + width), with: $0.prefix(width))
                }
            }
            if round % 5 == 0 { data = data.prefix(Int.random(in: 0...data.count, using: &numbers)) }
            do {
                if let file = try ModuleFile(data) {
                    #expect(file.name == "elffile")
                    read += 1
                } else {
                    passedOver += 1
                }
            } catch let error as ModuleFile.Unusable {
                #expect(!error.description.isEmpty)
                refused += 1
            }
        }
        #expect(refused > 500 && read > 500 && refused + read + passedOver == 6000, "\(refused) \(read) \(passedOver)")
    }

    @Test(
        "a section table near the end of all numbers is refused",
        arguments: [UInt64(1) << 63, (1 << 63) - 64, .max, .max - 63])
    func sectionTable(offset: UInt64) throws {
        var data = try Self.library()
        withUnsafeBytes(of: offset.littleEndian) { data.replaceSubrange(40..<48, with: $0) }
        #expect(throws: ModuleFile.Unusable.self) { try ModuleFile(data) }
    }

    @Test(
        "a name that is none, is far too long, or whose tables could be taken for those of another is refused",
        arguments: ["Upper", "x__y.z", "skin_diary", "mneedle", "mneedled", "x" + String(repeating: "y", count: 9000)])
    func names(name: String) throws {
        let isWord = !name.contains(".")
        let data = try Self.library(isWord ? name : "dotted")
        if isWord {
            #expect(throws: ModuleFile.Unusable.self) { try ModuleFile(data) }
        } else {
            // In place, for no compiler makes it.
            let place = try #require(data.range(of: Data("dotted".utf8)))
            var changed = data
            changed.replaceSubrange(place, with: Data(name.utf8))
            #expect(throws: ModuleFile.Unusable.self) { try ModuleFile(changed) }
        }
    }
}
