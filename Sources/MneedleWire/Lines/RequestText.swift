extension RequestLine {
    /// The line to send, without its LF.
    public var text: String {
        var writer = JSONWriter()
        write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Appends the line, without its LF.
    public func write(to writer: inout JSONWriter) {
        if let tag { writer.verbatim("#\(tag) ") }
        writer.verbatim(verb)
        switch arguments {
        case .none: break
        case .words(let words):
            for word in words {
                writer.verbatim(" ")
                writer.verbatim(word.text)
            }
        case .object(let members):
            writer.verbatim(" ")
            JSON.object(members).write(to: &writer)
        }
    }
}

extension RequestLine.Word {
    /// `name=value`; a value that cannot stand bare is quoted.
    public var text: String {
        switch value {
        case .bare(let text) where Self.canStandBare(text): "\(name)=\(text)"
        case .bare(let text), .quoted(let text): "\(name)=\(JSON.string(text).text)"
        }
    }

    /// Whether a value needs no quotes.
    public static func canStandBare(_ value: String) -> Bool {
        !value.isEmpty
            && value.unicodeScalars.allSatisfy { scalar in
                scalar != " " && scalar != "\"" && scalar.properties.generalCategory != .control
            }
    }
}
