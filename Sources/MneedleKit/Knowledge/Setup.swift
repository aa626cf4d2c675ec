/// What a module is made from. Everything wrong that it meets goes to ``problems``; the host then refuses to start.
public final class Setup {
    /// Its own section of the configuration, typed, with defaults filled in.
    private let configuration: Arguments
    /// The same as it stands in the file, for what is wrong there.
    private let section: Table
    /// Takes what is wrong with knowledge and configuration.
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

    /// What the configuration says under a key, or the key's default.
    /// - Throws: `internal` where the manifest does not name the key; that is a defect.
    public subscript<Content>(key: Parameter<Content>) -> Content {
        get throws { try configuration[key] }
    }

    /// Reports what is wrong with the configuration's value for a key.
    public func report<Content>(_ key: Parameter<Content>, _ reason: String) { section.report(key.name, reason) }

    /// A knowledge file that the manifest names. The host has reported it already if it does not exist.
    public func knowledge(_ name: String) -> Table {
        files[name] ?? Table([:], file: "\(name).toml", problems: Problems())
    }
}
