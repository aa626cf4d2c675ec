import Foundation
import MneedleKit
import MneedleWire
import TOMLKit

/// Reads TOML into the kit's values.
enum TOMLFile {
    /// - Returns: `nil` when the file cannot be read or parsed; the reason is in `problems` then.
    static func load(_ path: String, problems: Problems) -> Object? {
        let name = (path as NSString).lastPathComponent
        do {
            let table = try TOMLTable(string: String(contentsOfFile: path, encoding: .utf8))
            guard case .object(let members) = try JSON.parse(table.convert(to: .json)) else { return [:] }
            return Object(members)
        } catch let error as TOMLParseError {
            let place = error.source.begin
            problems.report(
                Problem(file: name, key: "line \(place.line), column \(place.column)", reason: error.description))
        } catch let error as JSONError {
            problems.report(Problem(file: name, key: "", reason: "holds a value that cannot be used: \(error)"))
        } catch {
            problems.report(
                Problem(file: name, key: "", reason: "cannot be read: \(error.localizedDescription) (\(path))"))
        }
        return nil
    }
}
