import MneedleKit

/// `[metrics]`: the file that the figures are written to.
struct MetricsSettings: Sendable, Equatable {
    /// Its path; empty for no file.
    var textfile = ""
    /// How often it is written.
    var every = Span.minutes(1)

    init() {}

    init(_ table: Table) {
        switch table.value("textfile") {
        case nil: break
        case .string(let path)?:
            textfile = path
            if !path.isEmpty, !path.hasPrefix("/") || path.hasSuffix("/") {
                table.report("textfile", "expected the absolute path of a file, or \"\" for none, got \"\(path)\"")
            }
        case let other?: table.report("textfile", "expected a path, or \"\" for none, got \(other.summary)")
        }
        every = table.elapsed("every", from: Span(milliseconds: 1000), to: .hours(1), default: every)
    }
}
