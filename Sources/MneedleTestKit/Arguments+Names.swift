import MneedleKit

/// Look-ups of arguments by their names, for the fake of another module's command, which has no parameters.
extension Arguments {
    /// The text given for an argument; `nil` if none is given, or no text.
    public func text(_ name: String) -> String? {
        if case .text(let text)? = self[name] { text } else { nil }
    }

    /// The whole number given for an argument; `nil` if none is given, or no whole number.
    public func integer(_ name: String) -> Int64? {
        if case .integer(let number)? = self[name] { number } else { nil }
    }

    /// Whether anything is given for an argument.
    public func has(_ name: String) -> Bool { self[name] != nil }
}
