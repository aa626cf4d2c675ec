import MneedleKit
import MneedleWire

extension Value {
    /// Compact JSON on one line, members in their order, numbers in the shortest form that reads back the same.
    package var jsonText: String {
        var writer = JSONWriter()
        write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    init(jsonText: String) throws {
        do {
            self.init(try JSON.parse(jsonText))
        } catch {
            throw ModuleError.internal("a stored document is not JSON: \(error.message)")
        }
    }

    package init(_ json: JSON) {
        switch json {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        case .integer(let number): self = .integer(number)
        case .number(let number): self = .number(number)
        case .string(let text): self = .string(text)
        case .array(let elements): self = .list(elements.map(Value.init))
        case .object(let members): self = .object(Object(members))
        }
    }

    func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .bool(let flag): writer.bool(flag)
        case .integer(let number): writer.integer(number)
        case .number(let number): writer.number(number)
        case .string(let text): writer.string(text)
        case .list(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .object(let object): object.write(to: &writer)
        }
    }
}

extension Object {
    /// Compact JSON in UTF-8.
    var jsonBytes: [UInt8] {
        var writer = JSONWriter()
        writer.bytes.reserveCapacity(256)
        write(to: &writer)
        return writer.bytes
    }

    package var jsonText: String { MneedleKit.Value.object(self).jsonText }

    init(_ members: [JSON.Member]) {
        self.init(uniqueMembers: members.map { Member($0.name, MneedleKit.Value($0.value)) })
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        for member in members {
            writer.key(member.name)
            member.value.write(to: &writer)
        }
        writer.endObject()
    }
}
