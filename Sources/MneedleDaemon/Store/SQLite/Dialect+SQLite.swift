import MneedleKit

extension Dialect {
    static let sqlite = Dialect(
        type: { kind in
            switch kind {
            // SQLite gives numbers of its own to every INTEGER PRIMARY KEY; columns for given whole numbers are BIGINT.
            case .id: "INTEGER PRIMARY KEY"
            case .integer, .time: "BIGINT"
            case .boolean: "INTEGER"
            case .real: "REAL"
            case .text, .date: "TEXT"
            case .bytes: "BLOB"
            }
        }, neverAgain: "AUTOINCREMENT")
}
