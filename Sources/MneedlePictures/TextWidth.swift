import CMneedleSystem

/// The columns of a terminal that a text takes.
package enum TextWidth {
    /// 0, 1 or 2; 0 for what a terminal obeys or does not show.
    package static func of(_ character: Character) -> Int {
        if character.isASCII { return character >= " " && character != "\u{7F}" ? 1 : 0 }
        // A sign that is drawn as a picture is as wide as one.
        if character.unicodeScalars.contains("\u{FE0F}") { return 2 }
        return max(0, character.unicodeScalars.map { Int(mneedle_character_width($0.value)) }.max() ?? 0)
    }

    /// The columns of a whole text.
    package static func of(_ text: some StringProtocol) -> Int { text.reduce(0) { $0 + of($1) } }
}
