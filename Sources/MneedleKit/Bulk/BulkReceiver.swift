import MneedleKit

/// The receiver of a bulk transfer, which takes its lines in two steps: as they arrive, so that they can be acted on at once,
/// and into the store, whenever the writer comes to it. Meanwhile it takes further lines: the two run at the same time.
///
/// Stored points are acknowledged to the sender once they are on disk. If the transaction fails, the receiver is dropped
/// and the transfer ends with an error: only acknowledged points are promised.
public protocol BulkReceiver: AnyObject, Sendable {
    /// Takes complete lines, each ended by LF, on the connections' thread: it must be quick and must not wait.
    /// - Parameter tell: Publishes a live event, which is not kept, to subscribers at once, by topic and body. The body's
    ///   member `person` names the person whom it concerns.
    func take(_ lines: UnsafeRawBufferPointer, at now: Instant, _ tell: (String, Object) -> Void)
    /// Stores the points taken so far, on the writer.
    /// - Returns: The numbers of all points that are stored and rejected.
    func store(_ transaction: any BulkTransaction) throws -> BulkCount
    /// Returns the final reply, once the sender is done (or gone) and everything is stored.
    func finish(_ transaction: any BulkTransaction) throws -> Object
}

/// Running totals of one bulk transfer.
public struct BulkCount: Hashable, Sendable {
    /// The number of points that are stored.
    public var accepted: Int
    /// The number of lines that were no point, or one that cannot be stored.
    public var rejected: Int

    /// Totals, both counted from the transfer's first line.
    public init(accepted: Int, rejected: Int) {
        self.accepted = accepted
        self.rejected = rejected
    }
}

/// The transaction in which a receiver stores its points.
public protocol BulkTransaction: Transaction {
    /// Publishes a live event, which is not kept, to subscribers after the commit, for example `telemetry.sample`. The body's
    /// member `person` names the person whom it concerns; without it the event is for those who see everybody.
    func publishLive(topic: String, _ body: Object)
}
