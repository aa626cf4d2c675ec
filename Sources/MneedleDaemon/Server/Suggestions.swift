import MneedleWire

extension CommandTable {
    /// The commands whose names are nearest to a mistyped one.
    func suggestions(for name: String) -> [String] {
        nearest(name, in: ordered.map(\.name))
    }
}
