/// The reason why a line cannot be understood.
public struct LineError: Error, Hashable, Sendable {
    /// The kind of a mistake.
    public enum Kind: Hashable, Sendable {
        /// The grammar does not allow the line.
        case malformed
        /// This argument, or this member of an object, is given twice.
        case repeated(String)
        /// The JSON is nested too deep.
        case tooDeep
        /// The line holds more than a request may; the value says what was expected.
        case tooLarge(String)
    }

    /// The kind of the mistake.
    public var kind: Kind
    /// The byte of the line where the mistake was noticed, counted from 1.
    public var column: Int
    /// The mistake in one sentence, for a person.
    public var message: String
    /// The line's tag, if it could be read.
    public var tag: String?

    /// Makes an error.
    public init(_ kind: Kind, column: Int, _ message: String, tag: String? = nil) {
        self.kind = kind
        self.column = column
        self.message = message
        self.tag = tag
    }

    init(_ error: JSONError, tag: String?) {
        let kind: Kind =
            switch error.kind {
            case .malformed: .malformed
            case .duplicateName(let name): .repeated(name)
            case .tooDeep: .tooDeep
            case .tooLarge(let expected): .tooLarge(expected)
            }
        self.init(kind, column: error.column, error.message, tag: tag)
    }
}

extension LineError: CustomStringConvertible {
    /// The message with its column.
    public var description: String { "column \(column): \(message)" }
}
