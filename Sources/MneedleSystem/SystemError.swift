import Glibc

/// An error of the operating system, by its number.
public struct SystemError: Error, Hashable, Sendable {
    /// The error number, such as `ENOENT`.
    public let number: CInt

    /// Makes the error of a number.
    public init(_ number: CInt) { self.number = number }

    /// The error of the call that has just failed on this thread. Read it before any other call.
    public static var last: SystemError { SystemError(errno) }
}

extension SystemError: CustomStringConvertible {
    /// The system's words for the error, such as "No such file or directory".
    public var description: String { String(cString: strerror(number)) }
}
