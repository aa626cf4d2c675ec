import MneedleWire

extension CommandTable {
    /// The commands whose names are nearest to a mistyped one.
    func suggestions(for name: String) -> [String] {
        nearest(String(name.prefix(64)), in: ordered.map(\.name))
    }
}
