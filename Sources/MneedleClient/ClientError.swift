import MneedleWire

/// The reason why a request did not bring its result.
public struct ClientError: Error, Hashable, Sendable {
    /// The kind of failure.
    public enum Kind: Hashable, Sendable {
        /// Nothing listens on the socket.
        case noDaemon
        /// The socket is there, but this user may not use it.
        case notPermitted
        /// The other side speaks no protocol that this client understands.
        case incompatible
        /// Nothing came within the time allowed. A changing command may have been carried out nevertheless.
        case timedOut
        /// The daemon closed the connection before it had answered.
        case closed
        /// Standard input, or another source of the bytes to send, cannot be read.
        case unreadableInput
        /// The daemon answered `ERR` with this code.
        case refused(code: String)
    }

    /// The kind of failure.
    public var kind: Kind
    /// One sentence for a person.
    public var message: String
    /// The next step for a person, if it is known here.
    public var advice: String?
    /// The object that the daemon sent with its `ERR`; otherwise an empty one.
    public var details: JSON

    /// Makes an error.
    public init(_ kind: Kind, _ message: String, advice: String? = nil, details: JSON = [:]) {
        self.kind = kind
        self.message = message
        self.advice = advice
        self.details = details
    }

    /// The daemon's `ERR`.
    public static func refused(_ code: String, _ details: JSON) -> ClientError {
        ClientError(.refused(code: code), details["message"]?.string ?? "refused: \(code)", details: details)
    }
}

extension ClientError: CustomStringConvertible {
    /// The message, and the advice if there is any.
    public var description: String { advice.map { "\(message); \($0)" } ?? message }
}
