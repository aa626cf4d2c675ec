import Foundation
import MneedleKit
import MneedleWire

/// Reads TOML into the kit's values.
enum TOMLFile {
    /// - Parameter look: Gets the file's bytes, the same that are parsed.
    /// - Returns: `nil` when the file is not trusted, cannot be read or parsed; the reason is in `problems` then.
    static func load(_ path: String, problems: Problems, look: ([UInt8]) -> Void = { _ in }) -> Object? {
        let name = (path as NSString).lastPathComponent
        do {
            let bytes = try Trust.contents(of: path, limit: TOML.maximumBytes)
            look(bytes)
            return Object(try TOML.parse(bytes).members ?? [])
        } catch let error as TOMLError {
            problems.report(
                Problem(file: name, key: "line \(error.line), column \(error.column)", reason: error.reason))
        } catch let error as Trust.Refused {
            problems.report(Problem(file: name, key: "", reason: "is not used: \(error)"))
        } catch {
            problems.report(
                Problem(file: name, key: "", reason: "cannot be read: \(error.localizedDescription) (\(path))"))
        }
        return nil
    }
}
