import Foundation
import MneedleKit
import Testing

/// The expectation stands in `Table/*.toml`, which people wrote from the sources; nothing here reads it from the
/// files that it is held against.
@Suite("The facts of the sources")
struct FactTests {
    static let files = Result { try KnowledgeFolder.load() }

    @Test("the knowledge holds each fact as strongly as its source says it", arguments: FactTable.held)
    func held(fact: Fact) throws {
        let files = try Self.files.get()
        for claim in fact.holds {
            if let complaint = claim.complaint(in: files) { Issue.record("\(fact.id): \(complaint)") }
        }
    }

    @Test(
        "what the table calls missing is missing; what has come moves from `missing` to `holds`",
        arguments: FactTable.missing)
    func missing(fact: Fact) throws {
        let files = try Self.files.get()
        for claim in fact.missing where claim.complaint(in: files) == nil {
            Issue.record("\(fact.id): \(claim) holds now: move it from `missing` to `holds`")
        }
    }

    @Test("every row names its words, its sources and what follows; no two rows are one")
    func wellFormed() throws {
        let facts = try FactTable.read.get()
        let known = try Self.files.get()["sources"]?.object("source")
        var seen: Set<String> = []
        for fact in facts {
            #expect(seen.insert(fact.id).inserted, "\(fact.id) is there twice")
            #expect(!fact.says.isEmpty && !fact.sources.isEmpty, "\(fact.id)")
            #expect(!fact.holds.isEmpty || !fact.missing.isEmpty, "\(fact.id) claims nothing")
            for source in fact.sources { #expect(known?[source] != nil, "\(fact.id): no source '\(source)'") }
            for claim in fact.holds + fact.missing {
                #expect(!claim.kind.isEmpty && !claim.name.isEmpty, "\(fact.id): \(claim) names no table")
            }
        }
    }

    @Test("every source says where it is to be found, or why nobody looked it up")
    func citations() throws {
        let sources = try #require(try Self.files.get()["sources"]?.object("source"))
        for member in sources.members {
            guard case .object(let source) = member.value else { continue }
            guard let isChecked = source.bool("checked") else {
                Issue.record("\(member.name) does not say whether it was checked")
                continue
            }
            guard isChecked else {
                #expect(source.string("note") != nil, "\(member.name) does not say why it was not checked")
                continue
            }
            #expect(source.string("author") != nil && source.string("document") != nil, "\(member.name)")
            if !["article", "label"].contains(source.string("evidence")) {
                #expect(source.integer("year") != nil, "\(member.name) has no year")
            }
            if ["trial", "review"].contains(source.string("evidence")) && member.name != "blood-report" {
                #expect(source.string("doi") != nil, "\(member.name) has no DOI")
            }
        }
    }

    @Test("the three documents' 143 facts are all in the table")
    func complete() throws {
        let facts = try FactTable.read.get()
        let rows = ["S1": 47, "S2": 35, "S3": 61]
        for (document, count) in rows {
            #expect(facts.count { $0.id.hasPrefix(document + ":") } >= count, "\(document)")
        }
    }
}
