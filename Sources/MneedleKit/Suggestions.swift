/// The candidates that a mistyped name most probably means, nearest first, at most three.
public func suggestions(for name: String, in candidates: [String]) -> [String] {
    let most = max(2, name.count / 3)
    return candidates.map { ($0, distance(name, $0)) }
        .filter { $0.1 <= most || $0.0.hasPrefix(name) }
        .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
        .prefix(3).map(\.0)
}

/// How many letters have to be changed, added or removed (Levenshtein).
private func distance(_ left: String, _ right: String) -> Int {
    let (left, right) = (Array(left.utf8.prefix(64)), Array(right.utf8.prefix(64)))
    var row = Array(0...right.count)
    for (i, letter) in left.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, other) in right.enumerated() {
            let next = min(row[j] + 1, row[j + 1] + 1, diagonal + (letter == other ? 0 : 1))
            (diagonal, row[j + 1]) = (row[j + 1], next)
        }
    }
    return row[right.count]
}
