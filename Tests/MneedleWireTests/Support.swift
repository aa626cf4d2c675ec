import MneedleWire

/// Numbers that look random and are the same in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

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
