import MneedleRandom
import MneedleWire

extension JSON {
    /// A tree of every kind of value, with the texts and numbers that are easy to get wrong.
    static func random(depth: Int, using generator: inout SeededGenerator) -> JSON {
        let texts = ["", "plain", "\"\\/\u{8}\u{C}\n\r\t", "\u{0}\u{1f}\u{7f}\u{85}", "Grüße", "日本語", "🩹👩🏽‍⚕️", "e\u{301}"]
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
        case 0: return .null
        case 1: return .bool(.random(using: &generator))
        case 2: return .integer([0, 7, -1, .max, .min].randomElement(using: &generator)!)
        case 3:
            let number = Double(bitPattern: generator.next())
            return .number(number.isFinite ? number : 0.1)
        case 4: return .string(texts.randomElement(using: &generator)! + texts.randomElement(using: &generator)!)
        case 5:
            return .array(
                (0..<Int.random(in: 0...20, using: &generator)).map { _ in random(depth: depth - 1, using: &generator) }
            )
        default:
            return .object(
                (0..<Int.random(in: 0...20, using: &generator)).map {
                    Member(
                        "\(texts.randomElement(using: &generator)!)\($0)", random(depth: depth - 1, using: &generator))
                })
        }
    }
}

/// The error that `body` throws, or `nil`.
func failure<Failure: Error>(_ body: () throws(Failure) -> some Any) -> Failure? {
    do { _ = try body(); return nil } catch { return error }
}
