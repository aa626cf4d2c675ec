import Foundation
import MneedleKit

/// The project's knowledge with something changed in one of its files.
public enum EditedKnowledge {
    /// Calls `body` with a folder of such knowledge, which is removed afterwards.
    /// - Throws: `ModuleError` when `edit` changes nothing, for the test would then prove nothing.
    public static func with<Result>(
        _ file: String, _ edit: (String) -> String, _ body: (String) throws -> Result
    ) throws -> Result {
        try TemporaryFolder.with(copying: Bench.projectKnowledge) { folder in
            let path = "\(folder)/\(file)"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let edited = edit(text)
            guard edited != text else { throw ModuleError.internal("the edit of \(file) finds nothing to change") }
            try edited.write(toFile: path, atomically: true, encoding: .utf8)
            return try body(folder)
        }
    }

    /// The problems that a module finds in such knowledge.
    /// - Parameter load: A function that makes a bench of the module with a folder of knowledge.
    public static func problems(
        _ file: String, _ edit: (String) -> String, load: (String) throws -> some Any
    ) throws -> [String] {
        try with(file, edit) { folder in
            do {
                _ = try load(folder)
                return []
            } catch let error as Bench.BadKnowledge {
                return error.problems.map(\.description)
            }
        }
    }
}
