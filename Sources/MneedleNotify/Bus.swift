import CSystemd
import Glibc
import MneedleSystem

/// A connection to the session's bus, for one thread; nothing here waits.
final class Bus {
    /// The reason why the bus cannot be used.
    struct Failed: Error, CustomStringConvertible {
        let description: String

        init(_ what: String, _ code: CInt) { description = "\(what): \(SystemError(abs(code)))" }
    }

    /// The answer to a call.
    enum Reply {
        case message(Incoming)
        /// The error's name and message.
        case error(String, String)
    }

    private let bus: OpaquePointer
    private var replies: [UInt64: (Reply) -> Void] = [:]
    /// Called with each signal that a rule lets through.
    var signal: (Incoming) -> Void = { _ in }

    /// Begins to connect to the bus that the session names.
    init() throws(Failed) {
        var opened: OpaquePointer?
        let code = sd_bus_open_user(&opened)
        guard code >= 0, let opened else { throw Failed("there is no session bus", code) }
        bus = opened
    }

    deinit { sd_bus_close_unref(bus) }

    /// The id of the bus; it changes when another one is started in its place.
    var identity: String {
        var id = sd_id128_t()
        guard sd_bus_get_bus_id(bus, &id) >= 0 else { return "" }
        return withUnsafeBytes(of: id) { $0.hex }
    }

    /// Subscribes to the signals that a rule of the D-Bus specification selects.
    func listen(to rule: String) throws(Failed) {
        let code = sd_bus_add_match_async(
            bus, nil, rule,
            { message, context, _ in
                guard let message, let context else { return 0 }
                Unmanaged<Bus>.fromOpaque(context).takeUnretainedValue().signal(Incoming(message))
                return 0
            }, nil, Unmanaged.passUnretained(self).toOpaque())
        guard code >= 0 else { throw Failed("the bus refuses the rule \(rule)", code) }
    }

    /// Sends a call; `reply` is called from ``process()``, in the order in which the messages came. The callback is dropped
    /// when the connection ends.
    func call(
        _ destination: String, path: String, interface: String, _ member: String,
        write: (inout Outgoing) -> Void = { _ in }, reply: @escaping (Reply) -> Void
    ) throws(Failed) {
        var made: OpaquePointer?
        var code = sd_bus_message_new_method_call(bus, &made, destination, path, interface, member)
        guard code >= 0, let made else { throw Failed("cannot call \(member)", code) }
        defer { sd_bus_message_unref(made) }
        var outgoing = Outgoing(made)
        write(&outgoing)
        guard outgoing.failure >= 0 else { throw Failed("cannot write the call of \(member)", outgoing.failure) }
        code = sd_bus_call_async(
            bus, nil, made,
            { message, context, _ in
                guard let message, let context else { return 0 }
                Unmanaged<Bus>.fromOpaque(context).takeUnretainedValue().deliver(message)
                return 0
            }, Unmanaged.passUnretained(self).toOpaque(), 0)
        var cookie: UInt64 = 0
        guard code >= 0, sd_bus_message_get_cookie(made, &cookie) >= 0 else {
            throw Failed("cannot send the call of \(member)", code)
        }
        replies[cookie] = reply
    }

    private func deliver(_ message: OpaquePointer) {
        var cookie: UInt64 = 0
        guard sd_bus_message_get_reply_cookie(message, &cookie) >= 0,
            let reply = replies.removeValue(forKey: cookie)
        else { return }
        if let error = sd_bus_message_get_error(message) {
            let text = error.pointee.message.map { String(cString: $0) } ?? ""
            reply(.error(error.pointee.name.map { String(cString: $0) } ?? "", text))
        } else {
            reply(.message(Incoming(message)))
        }
    }

    /// Handles all messages that have arrived.
    func process() throws(Failed) {
        while true {
            let code = sd_bus_process(bus, nil)
            guard code >= 0 else { throw Failed("the session bus is gone", code) }
            if code == 0 { return }
        }
    }

    /// The events to wait for; at `deadline` the loop goes on in any case.
    var wait: (entry: pollfd, deadline: ContinuousClock.Instant?) {
        let events = sd_bus_get_events(bus)
        var microseconds = UInt64.max
        let limited = sd_bus_get_timeout(bus, &microseconds) > 0 && microseconds != .max
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let left = Int64(clamping: microseconds) - (Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000)
        return (
            pollfd(fd: sd_bus_get_fd(bus), events: Int16(max(events, 0)), revents: 0),
            limited ? ContinuousClock.now + .microseconds(max(left, 0)) : nil
        )
    }
}

/// An incoming message, to be read from its start.
struct Incoming {
    private let message: OpaquePointer

    init(_ message: OpaquePointer) { self.message = message }

    /// The unique name of the sender.
    var sender: String { sd_bus_message_get_sender(message).map { String(cString: $0) } ?? "" }
    var member: String { sd_bus_message_get_member(message).map { String(cString: $0) } ?? "" }

    /// The next value, if it is text.
    func text() -> String? {
        var text: UnsafePointer<CChar>?
        guard sd_bus_message_read_basic(message, Outgoing.text, &text) > 0 else { return nil }
        return text.map { String(cString: $0) }
    }

    /// The next value, if it is an unsigned number.
    func number() -> UInt32? {
        var number: UInt32 = 0
        return sd_bus_message_read_basic(message, Outgoing.unsigned, &number) > 0 ? number : nil
    }

    /// The next value, if it is a list of texts.
    func texts() -> [String]? {
        var list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        guard sd_bus_message_read_strv(message, &list) >= 0 else { return nil }
        defer { free(list) }
        var texts: [String] = []
        var next = list
        while let text = next?.pointee {
            texts.append(String(cString: text))
            free(text)
            next = next?.successor()
        }
        return texts
    }
}

/// An outgoing message, to be written.
struct Outgoing {
    fileprivate static let text = CChar(UInt8(ascii: "s"))
    fileprivate static let unsigned = CChar(UInt8(ascii: "u"))

    private let message: OpaquePointer
    /// The first error, or 0.
    private(set) var failure: CInt = 0

    fileprivate init(_ message: OpaquePointer) { self.message = message }

    private mutating func note(_ code: CInt) { if failure == 0 { failure = min(code, 0) } }

    mutating func text(_ text: String) {
        note(text.withCString { sd_bus_message_append_basic(message, Outgoing.text, $0) })
    }

    mutating func unsigned(_ number: UInt32) {
        note(withUnsafePointer(to: number) { sd_bus_message_append_basic(message, Outgoing.unsigned, $0) })
    }

    mutating func signed(_ number: Int32) {
        note(withUnsafePointer(to: number) { sd_bus_message_append_basic(message, CChar(UInt8(ascii: "i")), $0) })
    }

    mutating func byte(_ number: UInt8) {
        note(withUnsafePointer(to: number) { sd_bus_message_append_basic(message, CChar(UInt8(ascii: "y")), $0) })
    }

    mutating func flag(_ flag: Bool) {
        let number: CInt = flag ? 1 : 0
        note(withUnsafePointer(to: number) { sd_bus_message_append_basic(message, CChar(UInt8(ascii: "b")), $0) })
    }

    /// Adds a value that holds others: `a` of a type, `v` of a type, `e` of a pair.
    mutating func container(_ kind: Unicode.Scalar, of contents: String, _ body: (inout Outgoing) -> Void) {
        note(sd_bus_message_open_container(message, CChar(truncatingIfNeeded: kind.value), contents))
        body(&self)
        note(sd_bus_message_close_container(message))
    }
}
