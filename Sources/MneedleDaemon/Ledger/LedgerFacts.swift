import MneedleKit
import MneedleSystem

/// What an entry says: sealed by the key of the person whom it is about, or by that of nobody. The ledger's leaf covers the
/// sealed bytes, so it holds when the key is gone.
struct LedgerFacts: Equatable {
    /// Random, so that nobody can find out by guessing what the commitment is to.
    var salt: [UInt8]
    var subject: String
    /// The body, as JSON.
    var body: String

    private static let saltLength = 16

    init(subject: String, body: String) {
        salt = []
        RandomBytes.append(LedgerFacts.saltLength, to: &salt)
        (self.subject, self.body) = (subject, body)
    }

    /// What is sealed, and what a receipt gives: the salt in hexadecimal, the subject, the body, each on a line of its own.
    var text: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(salt.count * 2 + subject.utf8.count + body.utf8.count + 2)
        for byte in salt { text.append(hexadecimal: byte) }
        text.append(10)
        text.append(contentsOf: subject.utf8)
        text.append(10)
        text.append(contentsOf: body.utf8)
        return text
    }

    init?(text: [UInt8]) {
        let lines = text.split(separator: 10, maxSplits: 2, omittingEmptySubsequences: false)
        guard lines.count == 3, let salt = [UInt8](hex: String(decoding: lines[0], as: UTF8.self)),
            let subject = String(validating: lines[1], as: UTF8.self),
            let body = String(validating: lines[2], as: UTF8.self)
        else { return nil }
        (self.salt, self.subject, self.body) = (salt, subject, body)
    }

    /// What stands in the ledger in clear of an entry's subject: what kind of thing it is, and its number.
    static func shown(_ subject: String) -> String {
        guard let slash = subject.firstIndex(of: "/"), Int64(subject[subject.index(after: slash)...]) == nil else {
            return subject
        }
        return String(subject[..<slash])
    }
}

extension Row {
    /// An entry's subject and body, as JSON; without a body where the person whom it is about has been erased.
    package var facts: (subject: String, body: String?) {
        guard let text = text("body"), let end = text.firstIndex(of: "\n") else {
            let subject = text("subject") ?? ""
            guard subject == "person", let person = text("person") else { return (subject, nil) }
            return ("person/" + person, nil)
        }
        return (String(text[..<end]), String(text[text.index(after: end)...]))
    }
}
