import MneedleBulkKit
import MneedleKit
import MneedleWire

/// The daemon's side of the reply grammar: whole lines, the tag in front.
struct ReplyBuffer {
    private(set) var writer = JSONWriter()

    var bytes: [UInt8] { writer.bytes }
    var isEmpty: Bool { writer.bytes.isEmpty }

    mutating func removeAll() { writer.removeAll() }

    mutating func ok(_ tag: String?, _ object: Object) {
        begin(tag, "OK ")
        object.write(to: &writer)
        writer.endLine()
    }

    /// Appends whole lines that were made elsewhere.
    mutating func append(_ lines: [UInt8]) { writer.bytes.append(contentsOf: lines) }

    mutating func pong() { writer.verbatim("OK {}\n") }

    mutating func row(_ tag: String?, _ object: Object) {
        begin(tag, "ROW ")
        object.write(to: &writer)
        writer.endLine()
    }

    mutating func error(_ tag: String?, _ error: ModuleError) {
        begin(tag, "ERR ")
        writer.verbatim(error.code.rawValue)
        writer.verbatim(" ")
        var object: Object = ["message": error.message]
        for member in error.members.members where member.name != "message" { object[member.name] = member.value }
        object.write(to: &writer)
        writer.endLine()
    }

    mutating func event(_ tag: String?, _ event: PublishedEvent) {
        begin(tag, "EVENT ")
        writer.verbatim(event.sequence.map(String.init) ?? "-")
        writer.verbatim(" ")
        writer.verbatim(event.topic)
        writer.verbatim(" ")
        writer.bytes.append(contentsOf: event.body)
        writer.endLine()
    }

    mutating func ready(_ tag: String?) {
        begin(tag, "READY {}")
        writer.endLine()
    }

    mutating func acknowledge(_ tag: String?, _ count: BulkCount) {
        begin(tag, "ACK ")
        (["durable": count.accepted, "rejected": count.rejected] as Object).write(to: &writer)
        writer.endLine()
    }

    mutating func greeting(_ object: Object) {
        writer.verbatim("MNEEDLE \(ReplyBuffer.protocolVersion) ")
        object.write(to: &writer)
        writer.endLine()
    }

    /// The protocol's major version.
    static let protocolVersion = 1

    private mutating func begin(_ tag: String?, _ word: String) {
        if let tag {
            writer.verbatim("#")
            writer.verbatim(tag)
            writer.verbatim(" ")
        }
        writer.verbatim(word)
    }
}
