import MneedleKit

/// Takes the lines of a bulk transfer in two steps: as they arrive, so that what they say can be acted on at once, and
/// into the store, whenever the writer comes to it. Meanwhile further lines are taken: the two run at the same time.
///
/// What it stores is acknowledged to the sender once it is on disk. If the transaction fails, the receiver is dropped
/// and the transfer ends with an error: nothing unacknowledged is promised.
public protocol BulkReceiver: AnyObject, Sendable {
    /// Takes complete lines, each ended by LF, on the connections' thread: it must be quick and must not wait.
    /// - Parameter tell: Tells live subscribers at once of something that is not kept, by topic and body, whose member
    ///   `person` says whom it concerns.
    func take(_ lines: UnsafeRawBufferPointer, at now: Instant, _ tell: (String, Object) -> Void)
    /// Stores what was taken so far, on the writer.
    /// - Returns: How many points in all are stored and rejected.
    func store(_ transaction: any BulkTransaction) throws -> BulkCount
    /// The sender is done (or gone) and everything is stored: returns the final reply.
    func finish(_ transaction: any BulkTransaction) throws -> Object
}

/// Running totals of one bulk transfer.
public struct BulkCount: Hashable, Sendable {
    /// How many points are stored.
    public var accepted: Int
    /// How many lines were no point, or one that cannot be stored.
    public var rejected: Int

    /// Both count from the transfer's first line.
    public init(accepted: Int, rejected: Int) {
        self.accepted = accepted
        self.rejected = rejected
    }
}

/// The transaction in which a receiver stores what it took.
public protocol BulkTransaction: Transaction {
    /// Tells live subscribers, after the commit, something that is not kept, for example `telemetry.sample`. Whom it
    /// concerns stands in its member `person`; without that it is for those who see everybody.
    func publishLive(topic: String, _ body: Object)
}
