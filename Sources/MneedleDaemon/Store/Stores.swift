/// The stores that there are: one today. The only place outside of a store's own folder that names one.
package enum Stores {
    /// The file in the state folder that it is kept in.
    static let fileName = SQLiteStore.fileName

    /// Every file in the state folder that may belong to it.
    static let fileNames = copyEnds.map { fileName + $0 }

    /// How the name of a copy ends.
    static let copySuffix = ".sqlite"

    /// How the names end of all files that may stand where a copy is made.
    static let copyEnds = SQLiteStore.fileEnds

    /// Opens or creates the store in a file. Its folder must exist; its mode is the process's umask (0600).
    /// - Throws: `conflict` for a store that a newer version of the service wrote, `storage` for one that cannot be used.
    package static func open(path: String) throws -> any Store { try SQLiteStore(path: path) }
}
