import Foundation
import MneedleKit
import Testing

/// One fact of a source, written by hand into `Table/*.toml`, and what the knowledge has to say because of it.
struct Fact: Sendable, CustomTestStringConvertible {
    /// Where it stands: source and line of the first documents (`S1:74a`), or a name.
    let id: String
    /// The source's words, in short.
    let says: String
    let sources: [String]
    /// What the knowledge holds.
    let holds: [Claim]
    /// What it does not hold yet. What is there after all has to move to `holds`.
    let missing: [Claim]

    var testDescription: String { "\(id): \(says)" }

    init(_ object: Object, knowledge: String) {
        id = object.string("id") ?? ""
        says = object.string("says") ?? ""
        let sources = object.strings("sources")
        self.sources = sources
        holds = object.objects("holds").map { Claim($0, knowledge: knowledge, sources: sources) }
        missing = object.objects("missing").map { Claim($0, knowledge: knowledge, sources: sources) }
    }
}

/// The table, in one file for each part of the knowledge.
enum FactTable {
    static let read = Result { try load() }

    static var facts: [Fact] { (try? read.get()) ?? [] }
    static var held: [Fact] { facts.filter { !$0.holds.isEmpty } }
    static var missing: [Fact] { facts.filter { !$0.missing.isEmpty } }

    private static func load() throws -> [Fact] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Table").path
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().filter { $0.hasSuffix(".toml") }
            .flatMap { name in
                let part = try KnowledgeFolder.read("\(folder)/\(name)")
                return part.objects("fact").map { Fact($0, knowledge: part.string("knowledge") ?? "") }
            }
    }
}
