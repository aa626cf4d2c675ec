// mneedlectl, which knows no kit, is built with this file too (Sources/mneedlectl/Describe/Suggestions.swift is a link to it).

/// The candidates that a mistyped name most probably means, nearest first, at most three: "did you mean …?".
///
/// A candidate counts if at most a third of its letters, rounded up, were mistyped (left out, added, changed, two swapped), or if
/// three letters or more were typed and it begins with them.
public func suggestions(for name: String, in candidates: [String]) -> [String] {
    let letters = Array(name.utf8)
    guard !letters.isEmpty, letters.count <= 64 else { return [] }
    let ranked = candidates.compactMap { candidate -> (distance: Int, candidate: String)? in
        let other = Array(candidate.utf8)
        if letters.count >= 3, other.starts(with: letters) { return (0, candidate) }
        let allowed = (max(letters.count, other.count) + 2) / 3
        guard abs(letters.count - other.count) <= allowed else { return nil }
        let distance = distance(letters, other)
        return distance <= allowed ? (distance, candidate) : nil
    }
    return ranked.sorted { ($0.distance, $0.candidate) < ($1.distance, $1.candidate) }.prefix(3).map(\.candidate)
}

/// The number of letters to leave out, add, change or swap with their neighbour to make one word from the other.
private func distance(_ first: [UInt8], _ second: [UInt8]) -> Int {
    var beforePrevious = [Int](repeating: 0, count: second.count + 1)
    var previous = Array(0...second.count)
    for (row, letter) in first.enumerated() {
        var current = [row + 1]
        for (column, other) in second.enumerated() {
            var best = min(previous[column] + (letter == other ? 0 : 1), previous[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, letter == second[column - 1], first[row - 1] == other {
                best = min(best, beforePrevious[column - 1] + 1)
            }
            current.append(best)
        }
        (beforePrevious, previous) = (previous, current)
    }
    return previous[second.count]
}
