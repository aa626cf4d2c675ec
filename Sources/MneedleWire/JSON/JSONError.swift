/// Why a text is not the JSON that this project accepts.
public struct JSONError: Error, Hashable, Sendable {
    /// What kind of mistake it is.
    public enum Kind: Hashable, Sendable {
        /// Not JSON as RFC 8259 has it, or a number that no `Double` can hold.
        case malformed
        /// An object has this name twice.
        case duplicateName(String)
        /// Arrays and objects are nested deeper than allowed.
        case tooDeep
        /// More than a request may hold; says what was expected.
        case tooLarge(String)
    }

    /// What kind of mistake it is.
    public var kind: Kind
    /// The byte where it was noticed, counted from 1.
    public var column: Int
    /// One sentence for a person.
    public var message: String

    /// Makes an error.
    public init(_ kind: Kind, column: Int, _ message: String) {
        self.kind = kind
        self.column = column
        self.message = message
    }
}

extension JSONError: CustomStringConvertible {
    /// The message with its column.
    public var description: String { "column \(column): \(message)" }
}
