/// One thing wrong in a knowledge or configuration file.
public struct Problem: Hashable, Sendable, CustomStringConvertible {
    /// The file's name in its folder: `screening.toml`.
    public var file: String
    /// The line of the problem, counted from 1; `nil` where it has no place, as for a table that is missing.
    public var line: Int?
    /// The column of the problem, counted from 1; only in a text that cannot be read at all.
    public var column: Int?
    /// The key's path, for example `rule[3].severity`.
    public var key: String
    /// A sentence that says what is wrong, and what was expected.
    public var reason: String

    /// - Parameter key: The key's path; empty where the file as a whole is wrong.
    public init(file: String, line: Int? = nil, column: Int? = nil, key: String, reason: String) {
        self.file = file
        self.line = line
        self.column = column
        self.key = key
        self.reason = reason
    }

    /// `screening.toml:41: rule[3].severity: …`, as compilers write it, so that an editor finds the place.
    public var description: String {
        let place = [line, column].compactMap { $0.map { ":\($0)" } }.joined()
        return "\(file)\(place): \(key.isEmpty ? "" : "\(key): ")\(reason)"
    }
}

/// A collection of problems, so that a person sees all of them at once.
public final class Problems {
    /// The problems in the order in which they were found.
    public private(set) var found: [Problem] = []

    /// An empty collection.
    public init() {}

    /// Adds a problem once, although several modules read the same file.
    public func report(_ problem: Problem) {
        if !found.contains(problem) { found.append(problem) }
    }
}
