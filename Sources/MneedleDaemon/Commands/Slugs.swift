import Foundation

/// The short names that stand in requests, and how one is made of what people call a thing.
enum Slugs {
    /// Whether a text is 1–64 of `a-z 0-9 . _ -`, beginning with a letter or digit.
    static func isSlug(_ text: String) -> Bool {
        let bytes = text.utf8
        guard (1...64).contains(bytes.count), let first = bytes.first, isWord(first) else { return false }
        return bytes.allSatisfy { isWord($0) || $0 == 45 || $0 == 46 || $0 == 95 }
    }

    private static func isWord(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (48...57).contains(byte) }

    /// `Anna Müller` → `anna-mueller`: other letters as Latin ones, everything else as hyphens.
    /// - Returns: `nil` for a name without a letter or digit.
    static func made(of name: String) -> String? {
        let spelled = name.lowercased().map { spellings[$0] ?? String($0) }.joined()
        guard
            let latin = spelled.applyingTransform(.toLatin, reverse: false)?
                .applyingTransform(.stripDiacritics, reverse: false)
        else { return nil }
        let words = latin.lowercased().utf8.split { !isWord($0) }.map { String(decoding: $0, as: UTF8.self) }
        let slug = String(words.joined(separator: "-").prefix(64))
        return isSlug(slug) ? slug : nil
    }

    /// Letters whose usual spelling is not the letter without its marks, and those that no transform takes apart.
    private static let spellings: [Character: String] = [
        "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "å": "a", "ł": "l", "đ": "d",
        "ð": "d",
        "þ": "th", "ı": "i",
    ]
}
