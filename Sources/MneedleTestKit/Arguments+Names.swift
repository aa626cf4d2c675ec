import MneedleKit

/// What a fake of another module's command looks at.
extension Arguments {
    public func text(_ name: String) -> String? {
        if case .text(let text)? = self[name] { text } else { nil }
    }

    public func integer(_ name: String) -> Int64? {
        if case .integer(let number)? = self[name] { number } else { nil }
    }

    public func has(_ name: String) -> Bool { self[name] != nil }
}
