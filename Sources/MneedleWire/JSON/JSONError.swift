/// The reason why a text is not the JSON that this project accepts.
public struct JSONError: Error, Hashable, Sendable {
    /// The kind of a mistake.
    public enum Kind: Hashable, Sendable {
        /// The text is not JSON as RFC 8259 defines it, or has a number that no `Double` can hold.
        case malformed
        /// An object has this name twice.
        case duplicateName(String)
        /// Arrays and objects are nested deeper than allowed.
        case tooDeep
        /// The text has more than a request may hold; the value says what was expected.
        case tooLarge(String)
    }

    /// The kind of the mistake.
    public var kind: Kind
    /// The byte where the mistake was noticed, counted from 1.
    public var column: Int
    /// The mistake in one sentence, for a person.
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
