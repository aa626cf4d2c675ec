/// The candidates that look most like `word`, nearest first, at most `count`: "did you mean …?".
///
/// A candidate counts if about a third of its letters at most were mistyped (left out, added, changed, two swapped),
/// or if `word` is its beginning.
public func nearest(_ word: String, in candidates: [String], count: Int = 3) -> [String] {
    let letters = Array(word.utf8)
    guard !letters.isEmpty, letters.count <= 64 else { return [] }
    let ranked = candidates.compactMap { candidate -> (distance: Int, candidate: String)? in
        let other = Array(candidate.utf8)
        let allowed = max(1, max(letters.count, other.count) / 3)
        if letters.count >= 3, other.starts(with: letters) { return (0, candidate) }
        guard abs(letters.count - other.count) <= allowed else { return nil }
        let distance = editDistance(letters, other)
        return distance <= allowed ? (distance, candidate) : nil
    }
    return ranked.sorted { ($0.distance, $0.candidate) < ($1.distance, $1.candidate) }.prefix(count).map(\.candidate)
}

/// How many letters must be left out, added, changed or swapped with their neighbour to make one from the other.
func editDistance(_ first: [UInt8], _ second: [UInt8]) -> Int {
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
