import GRDB

extension StoreError {
    init(_ error: DatabaseError) {
        let message = error.message ?? "unknown error"
        self.init(Kind(error.resultCode), message, detail: "\(message) (\(error.extendedResultCode.rawValue))")
        isOfSync = [.SQLITE_IOERR_FSYNC, .SQLITE_IOERR_DIR_FSYNC].contains(error.extendedResultCode)
    }

    /// Runs calls of GRDB; their errors become the store's.
    static func mapping<T>(_ body: () throws -> T) throws -> T {
        do { return try body() } catch let error as DatabaseError { throw StoreError(error) }
    }
}

extension StoreError.Kind {
    fileprivate init(_ code: ResultCode) {
        self =
            switch code {
            case .SQLITE_CONSTRAINT: .constraint
            case .SQLITE_FULL: .full
            case .SQLITE_IOERR, .SQLITE_READONLY, .SQLITE_CANTOPEN: .failing
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: .damaged
            case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
            case .SQLITE_INTERRUPT: .interrupted
            default: .other
            }
    }
}
