/// The kinds of stores: one today. The only place outside of a store's own folder that names one.
package enum Stores {
    /// The name of the store's file in the state folder.
    static let fileName = SQLiteStore.fileName

    /// The names of all files in the state folder that may belong to the store.
    static let fileNames = copyEnds.map { fileName + $0 }

    /// The ending of a copy's name.
    static let copySuffix = ".sqlite"

    /// The endings of the names of all files that may stand where a copy is made.
    static let copyEnds = SQLiteStore.fileEnds

    /// Opens or creates the store in a file. Its folder must exist; its mode is the process's umask (0600).
    /// - Throws: `conflict` for a store that a newer version of the service wrote, `storage` for one that cannot be used.
    /// - Parameter fileSystem: The name of a file system of the database's own, for tests that have the disk fail.
    /// - Parameter logPages: From how many pages of log they are brought into the database, for the same tests.
    package static func open(path: String, fileSystem: String? = nil, logPages: Int = 4000) throws -> any Store {
        try SQLiteStore(path: path, fileSystem: fileSystem, logPages: logPages)
    }
}
