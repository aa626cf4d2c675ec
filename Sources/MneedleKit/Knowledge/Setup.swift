/// The knowledge and configuration that a module is made from. Problems with them go to ``problems``; the host then refuses to
/// start.
public final class Setup {
    /// The module's section of the configuration, typed, with defaults filled in.
    private let configuration: Arguments
    /// The same section as it stands in the file, to report problems at their line.
    private let section: Table
    /// The problems of knowledge and configuration.
    public let problems: Problems
    private let files: [String: Table]

    /// - Parameters:
    ///   - configuration: The module's section, typed, with defaults filled in.
    ///   - files: The knowledge files that its manifest names, without `.toml`.
    public init(
        configuration: Arguments, section: Table, files: [String: Table], problems: Problems
    ) {
        self.configuration = configuration
        self.section = section
        self.files = files
        self.problems = problems
    }

    /// The configuration's value for a key, or the key's default.
    /// - Throws: `internal` where the manifest does not name the key; that is a defect.
    public subscript<Content>(key: Parameter<Content>) -> Content {
        get throws { try configuration[key] }
    }

    /// Reports a problem with the configuration's value for a key.
    public func report<Content>(_ key: Parameter<Content>, _ reason: String) { section.report(key.name, reason) }

    /// A knowledge file that the manifest names. The host has reported it already if it does not exist.
    public func knowledge(_ name: String) -> Table {
        files[name] ?? Table([:], file: "\(name).toml", problems: Problems())
    }
}
