import Foundation
import MneedleTestKit
import Testing

/// `make new-module` writes something that a module's author can go on from.
@Suite("A new module")
struct NewModuleTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// A tree with nothing in it but the list of modules.
    private final class Tree {
        private let folder: TemporaryFolder
        var path: String { folder.path }

        init() throws {
            folder = try TemporaryFolder()
            try FileManager.default.createDirectory(atPath: path + "/Plugins", withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: root + "/Package.swift", toPath: path + "/Package.swift")
        }

        func new(_ name: String) throws -> ChildProcess.Ended {
            try ChildProcess.run([root + "/Packaging/new-module", name, path])
        }

        func read(_ file: String) throws -> String { try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8) }
    }

    /// What the compiler needs to know to use the modules that were built.
    private static func flags() throws -> [String] {
        let maps = try ChildProcess.run([
            "find", "\(root)/.build/release/", "\(root)/.build/checkouts", "\(root)/Sources", "-name",
            "module.modulemap",
            "-not", "-path", "*/Tests/*",
        ]).output.split(separator: "\n")
        return ["-swift-version", "6", "-parse-as-library", "-I", root + "/.build/release/Modules"]
            + maps.filter { $0.hasSuffix(".build/module.modulemap") || $0.contains("/Sources/") }
            .flatMap { ["-Xcc", "-fmodule-map-file=\($0)"] }
    }

    @Test("has a folder, tests and its line, in the house's style, and compiles with its tests")
    func compiles() throws {
        let tree = try Tree()
        let made = try tree.new("consent")
        #expect(made.exitCode == 0, "\(made.errors)")
        let before = try String(contentsOfFile: Self.root + "/Package.swift", encoding: .utf8)
        #expect(!before.contains(#"module("Consent")"#))
        #expect(try tree.read("Package.swift").contains("\nmodule(\"Consent\")\n"))
        let linted = try ChildProcess.run([
            "swift", "format", "lint", "--strict", "--recursive", "--configuration", Self.root + "/.swift-format",
            tree.path + "/Plugins",
        ])
        #expect(linted.exitCode == 0, "\(linted.errors)")
        let flags = try Self.flags()
        let module = try ChildProcess.run(
            ["swiftc", "-emit-module", "-enable-testing", "-module-name", "Consent", "-emit-module-path"]
                + ["\(tree.path)/Consent.swiftmodule"] + flags + [tree.path + "/Plugins/Consent/Sources/Consent.swift"])
        #expect(module.exitCode == 0, "\(module.errors)")
        let tests = try ChildProcess.run(
            ["swiftc", "-typecheck", "-module-name", "ConsentTests", "-I", tree.path] + flags
                + [tree.path + "/Plugins/Consent/Tests/ConsentTests.swift"])
        #expect(tests.exitCode == 0, "\(tests.errors)")
    }

    @Test("names at most twelve concepts of the kit, those that its handlers are given included")
    func concepts() throws {
        let tree = try Tree()
        #expect(try tree.new("consent").exitCode == 0)
        let source = try tree.read("Plugins/Consent/Sources/Consent.swift")
        var types: Set<Substring> = []
        for file in try ArchitectureTests.swiftFiles("Sources/MneedleKit") {
            types.formUnion(
                file.text.matches(of: /public (?:\w+ )*(?:struct|enum|protocol|class) (\w+)/).map(\.output.1))
        }
        let words = Set(source.split { !$0.isLetter })
        let named = types.intersection(words).union(["Reading", "Transaction"])
        #expect(named.isSuperset(of: ["Command", "Entry", "Module"]), "the kit was not read")
        #expect(named.count <= 12, "\(named.sorted())")
        #expect(!source.contains("MneedleBulkKit"))
    }

    @Test(
        "is refused by a name that is none or taken, and nothing is written",
        arguments: ["", "Consent", "a b", "records"])
    func refused(name: String) throws {
        let tree = try Tree()
        let before = try tree.read("Package.swift")
        let refused = try tree.new(name)
        #expect(refused.exitCode != 0 && refused.errors.contains("NAME"), "\(refused)")
        #expect(try tree.read("Package.swift") == before)
        #expect(try FileManager.default.contentsOfDirectory(atPath: tree.path + "/Plugins").isEmpty)
    }
}
