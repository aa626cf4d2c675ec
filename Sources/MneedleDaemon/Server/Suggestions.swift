import MneedleWire

extension Services {
    /// The commands whose names are nearest to a mistyped one.
    func suggestions(_ name: String) -> [String] {
        nearest(String(name.prefix(64)), in: table.ordered.map(\.name))
    }
}
