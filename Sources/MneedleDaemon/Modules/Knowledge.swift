import Crypto
import Foundation
import MneedleKit
import MneedleSystem

/// The knowledge files, read once at start; each module that names a file gets its own view of it.
package struct Knowledge {
    let folder: String
    private let problems: Problems
    private var files: [String: TOMLFile] = [:]
    private let sources: SourceCatalogue
    /// The SHA-256 digest of each file that was read, by its name.
    private var digests: [String: String] = [:]

    /// - Parameter problems: Gets the problems of the files; the caller refuses to start if there is any.
    package init(folder: String, problems: Problems) {
        self.folder = folder
        self.problems = problems
        var digests: [String: String] = [:]
        let file = TOMLFile.load(folder + "/sources.toml", problems: problems) {
            digests["sources.toml"] = Knowledge.digest($0)
        }
        self.digests = digests
        let table = (file ?? TOMLFile(name: "sources.toml")).table(problems)
        sources = SourceCatalogue(table)
        table.finish()
    }

    /// A fresh view of a file; unknown keys are judged for each reader.
    mutating func table(_ name: String) -> Table {
        if let file = files[name] { return file.table(problems, sources: sources) }
        var digest: String?
        let file = TOMLFile.load("\(folder)/\(name).toml", problems: problems) { digest = Knowledge.digest($0) }
        digests["\(name).toml"] = digest
        files[name] = file
        // A file that cannot be read is one problem, and not one for each key that is missing then.
        return file?.table(problems, sources: sources) ?? TOMLFile(name: "\(name).toml").table(Problems())
    }

    /// One digest for all files that were read: that of the lines which `sha256sum` prints for them in the order of their
    /// names, so that anybody who has the files can compare them.
    package var digest: String {
        let lines = digests.sorted { $0.key < $1.key }.map { "\($0.value)  \($0.key)\n" }
        return Knowledge.digest(Array(lines.joined().utf8))
    }

    /// The modules that this knowledge is made for, in the order in which they are loaded (`modules.toml`).
    mutating func expectedModules() -> [String] {
        let table = table("modules")
        defer { table.finish() }
        let names = table.strings("expected")
        for name in names where !Ownership.isModuleName(name) {
            table.report("expected", "expected names of modules, got \"\(name.prefix(60))\"")
        }
        return names
    }

    /// The demands on a reason (`reasons.toml`).
    mutating func reasons() -> Reasons {
        let table = table("reasons")
        defer { table.finish() }
        return Reasons(table)
    }

    private static func digest(_ bytes: [UInt8]) -> String { Array(SHA256.hash(data: bytes)).hex }

    /// Makes a module from its section of the configuration file and its knowledge files.
    /// - Throws: The error of the module's own `make`. Problems in files do not throw; see `problems`.
    package mutating func make(_ definition: ModuleDefinition, _ file: TOMLFile) throws -> Module {
        let manifest = definition.manifest
        let tables = Dictionary(uniqueKeysWithValues: Set(manifest.knowledge).map { ($0, table($0)) })
        let before = problems.found.count
        let section = file.section(manifest.name, problems)
        let configuration = typed(file.content.object(manifest.name) ?? [:], manifest.configuration, section)
        let setup = Setup(
            configuration: configuration, section: section, files: tables, problems: problems)
        defer { if problems.found.count == before { for table in tables.values { table.finish() } } }
        return try definition.make(setup)
    }

    /// - Parameter table: Gets the problems of the values.
    private func typed(_ values: Object, _ keys: [AnyParameter], _ table: Table) -> Arguments {
        do {
            let arguments = try Typing.bind(values, keys)
            for key in keys {
                guard case .duration(let span)? = arguments[key.name], !Table.isUsable(span) else { continue }
                table.report(key.name, "expected a duration of at most \(Table.longestSpan), got \(span)")
            }
            return arguments
        } catch {
            table.report((error as? ModuleError)?.members.string("argument") ?? "", describe(error))
            return (try? Typing.bind([:], keys)) ?? Arguments()
        }
    }
}
