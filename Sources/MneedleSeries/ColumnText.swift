extension Column {
    /// The value as line protocol writes it.
    public func lineText(at index: Int) -> String {
        switch kind {
        case .integer: plainText(at: index) + "i"
        case .unsigned: plainText(at: index) + "u"
        case .text: "\"" + quoted(plainText(at: index)) + "\""
        case .float, .boolean: plainText(at: index)
        }
    }

    private func quoted(_ text: String) -> String {
        var quoted = ""
        for character in text.unicodeScalars {
            if character == "\"" || character == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(character)
        }
        return quoted
    }

    /// The value as plain text.
    public func plainText(at index: Int) -> String {
        let number = numbers[index]
        switch kind {
        case .integer: return String(number)
        case .unsigned: return String(UInt64(bitPattern: number))
        case .boolean: return number == 0 ? "false" : "true"
        case .text: return String(decoding: textBytes(at: index), as: UTF8.self)
        case .float: return decimals == Sample.binary ? String(self.number(at: index)) : decimalText(number)
        }
    }

    private func decimalText(_ number: Int64) -> String {
        guard decimals > 0 else { return String(number) }
        let digits = String(number.magnitude)
        let padded = String(repeating: "0", count: max(0, Int(decimals) + 1 - digits.count)) + digits
        return (number < 0 ? "-" : "") + padded.dropLast(Int(decimals)) + "." + padded.suffix(Int(decimals))
    }
}
