import Glibc

/// What the operating system answered, as an error number.
public struct SystemError: Error, Hashable, Sendable {
    /// The error number, such as `ENOENT`.
    public let number: CInt

    /// Makes the error of a number.
    public init(_ number: CInt) { self.number = number }

    /// Why the call that has just failed on this thread did. Asked for before anything else is called.
    public static var last: SystemError { SystemError(errno) }
}

extension SystemError: CustomStringConvertible {
    /// The system's words for it, such as "No such file or directory".
    public var description: String { String(cString: strerror(number)) }
}
