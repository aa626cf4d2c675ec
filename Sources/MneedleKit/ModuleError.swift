/// The one error that commands answer with. Each case of ``Code`` is one `ERR` code of the protocol.
///
/// Say in `message` what was wrong and what to do next; programs read `code` and `members`.
public struct ModuleError: Error, Sendable {
    /// The protocol's error codes; the raw value is sent.
    public enum Code: String, CaseIterable, Sendable {
        case badLine = "bad-line"
        case lineTooLong = "line-too-long"
        case unknownCommand = "unknown-command"
        case invalidArgument = "invalid-argument"
        case forbidden
        case notFound = "not-found"
        case conflict
        case blocked
        case busy
        case storage
        case moduleFailed = "module-failed"
        case slowConsumer = "slow-consumer"
        case `internal`
    }

    /// The code, for programs.
    public var code: Code
    /// A sentence for a person: what was wrong, and what to do next.
    public var message: String
    /// The members beside `message` in the `ERR` line.
    public var members: Object
    /// The entry that the ledger keeps of the refusal; `nil` where none is kept.
    public private(set) var entry: Entry?

    /// The same error, with an entry that is recorded although the rest of the request is taken back. The entry is on disk
    /// before the error leaves; where it cannot be recorded, the request fails with `storage` instead.
    public func keeping(_ entry: Entry) -> ModuleError {
        var error = self
        error.entry = entry
        return error
    }

    /// An error of that code; the functions below make the usual ones with their members.
    public init(_ code: Code, _ message: String, members: Object = [:]) {
        self.code = code
        self.message = message
        self.members = members
    }

    /// An argument is missing, unknown, repeated, ill-typed or out of range.
    public static func invalidArgument(
        _ argument: String, expected: String, got: String?, _ message: String? = nil
    ) -> ModuleError {
        let text =
            message ?? got.map { "argument '\(argument)': expected \(expected), got '\($0)'" }
            ?? "argument '\(argument)' is missing; expected \(expected)"
        return ModuleError(
            .invalidArgument, text, members: ["argument": argument, "expected": expected, "got": got])
    }

    /// There is no such person, device, session …
    public static func notFound(
        _ kind: String, _ id: some ValueConvertible & CustomStringConvertible, suggestions: [String] = [],
        next: String? = nil
    ) -> ModuleError {
        let text = "no \(kind) '\(id)'" + (next.map { "; \($0)" } ?? "")
        return ModuleError(.notFound, text, members: ["kind": kind, "id": id, "suggestions": suggestions])
    }

    /// The state does not allow the request.
    public static func conflict(_ message: String, state: String) -> ModuleError {
        ModuleError(.conflict, message, members: ["state": state])
    }

    /// Safety findings forbid the request.
    public static func blocked(_ findings: [Finding], _ message: String? = nil) -> ModuleError {
        let count = findings.count { $0.blocks }
        return ModuleError(
            .blocked, message ?? "\(count) finding\(count == 1 ? " forbids" : "s forbid") this session",
            members: ["findings": findings])
    }

    /// A module that is needed is not there.
    public static func moduleFailed(_ module: String, _ message: String) -> ModuleError {
        ModuleError(.moduleFailed, message, members: ["module": module])
    }

    /// A defect in the program: it is logged, and the peer gets the incident's id only.
    public static func `internal`(_ message: String) -> ModuleError { ModuleError(.internal, message) }
}
