import Foundation
import MneedleKit
import MneedleWire

/// A file of configuration or knowledge that was read: its content, and the lines of its keys.
package struct TOMLFile: Sendable {
    let name: String
    let content: Object
    /// The line of each key by its path, as ``Problem`` names it.
    let lines: [String: Int]

    package init(name: String, content: Object = [:], lines: [String: Int] = [:]) {
        self.name = name
        self.content = content
        self.lines = lines
    }

    /// - Parameter look: Gets the file's bytes, the same that are parsed.
    /// - Returns: `nil` when the file is not trusted, cannot be read or parsed; the reason is in `problems` then.
    static func load(_ path: String, problems: Problems, look: ([UInt8]) -> Void = { _ in }) -> TOMLFile? {
        let name = (path as NSString).lastPathComponent
        do {
            let bytes = try Trust.contents(of: path, limit: TOML.maximumBytes)
            look(bytes)
            let document = try TOML.parse(bytes)
            return TOMLFile(name: name, content: Object(document.root.members ?? []), lines: document.lines)
        } catch let error as TOMLError {
            problems.report(Problem(file: name, line: error.line, column: error.column, key: "", reason: error.reason))
        } catch let error as Trust.Refused {
            problems.report(Problem(file: name, key: "", reason: "is not used: \(error)"))
        } catch {
            problems.report(
                Problem(file: name, key: "", reason: "cannot be read: \(error) (\(path))"))
        }
        return nil
    }

    /// A view of the file that reports problems.
    func table(_ problems: Problems, sources: SourceCatalogue = SourceCatalogue()) -> Table {
        Table(content, file: name, lines: lines, sources: sources, problems: problems)
    }

    /// A view of one of the file's tables; empty where there is none of that name.
    func section(_ name: String, _ problems: Problems) -> Table {
        Table(content.object(name) ?? [:], file: self.name, path: name, lines: lines, problems: problems)
    }
}
