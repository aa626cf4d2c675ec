import Logging
import MneedleKit
import MneedleWire

/// The services that all connections share. A reload gives all of them new ones, with another table, limits and roles.
struct Services: Sendable {
    let engine: Engine
    let writer: Writer
    var table: CommandTable
    var limits: Limits
    /// The folders in which copies may be left.
    var backup: BackupSettings
    var roles: RoleMap
    let readers: Readers
    let logger: Logger
    let version: String
    /// The number of the first event that the ledger still has.
    let oldestEvent: Int64
}
