/// The bounds of the content of one request. Together with the longest line they bound the time that it takes to read a request
/// and to refuse it, whatever is in it.
public enum RequestBounds {
    /// The greatest number of arguments, members and elements of lists together.
    public static let mostValues = 1024
    /// The greatest number of bytes of an argument's or a member's name. No command has longer names, and comparing texts of
    /// combining characters takes time that grows with the square of their length.
    public static let longestName = 128

    static let tooMany = "at most \(mostValues) arguments, members and elements in one request"
    static let tooLong = "names of at most \(longestName) bytes"
}

/// The beginning of a text that came from outside, short enough to be shown in an error.
public func excerpt(_ text: String, bytes most: Int = 80) -> String {
    guard text.utf8.count > most else { return text }
    // The text is cut between scalars: a single character may have any number of them.
    var end = text.unicodeScalars.startIndex
    var count = 0
    while end < text.unicodeScalars.endIndex {
        count += UTF8.width(text.unicodeScalars[end])
        if count > most { break }
        end = text.unicodeScalars.index(after: end)
    }
    return String(text.unicodeScalars[..<end]) + "…"
}
