import Foundation
import MneedleKit
import MneedleTestKit

@testable import MneedleDaemon

/// The knowledge files as they stand, without a module that reads them.
enum KnowledgeFolder {
    /// `MNEEDLE_KNOWLEDGE` names another folder than the project's own, for example a practice's.
    static var path: String { ProcessInfo.processInfo.environment["MNEEDLE_KNOWLEDGE"] ?? Bench.projectKnowledge }

    /// Every file of the folder by its name without `.toml`.
    static func load(_ folder: String = path) throws -> [String: Object] {
        var files: [String: Object] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasSuffix(".toml") {
            files[String(name.dropLast(5))] = try read("\(folder)/\(name)")
        }
        if files.isEmpty { throw Unreadable(what: "no knowledge files in \(folder)") }
        return files
    }

    static func read(_ path: String) throws -> Object {
        let problems = Problems()
        guard let file = TOMLFile.load(path, problems: problems), problems.found.isEmpty else {
            throw Unreadable(what: problems.found.map(\.description).joined(separator: "\n"))
        }
        return file.content
    }

    struct Unreadable: Error, CustomStringConvertible {
        var what: String
        var description: String { what }
    }
}

extension Object {
    /// The words at `a.b.c`, tables within tables.
    func at(_ path: some StringProtocol) -> Object? {
        path.split(separator: ".").reduce(self as Object?) { $0?.object(String($1)) }
    }

    func objects(_ name: String) -> [Object] {
        (list(name) ?? []).compactMap { if case .object(let object) = $0 { object } else { nil } }
    }
}
