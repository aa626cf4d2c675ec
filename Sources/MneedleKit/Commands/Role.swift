/// The rights of a peer, weakest first. Each role may do everything that those before it may.
public enum Role: String, CaseIterable, Comparable, Sendable {
    /// Sees records and changes nothing.
    case reader
    /// Treats: keeps records, starts sessions.
    case `operator`
    /// Clears findings and overrides what may be overridden.
    case practitioner
    /// Runs the service.
    case admin

    public static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .reader: 0
        case .operator: 1
        case .practitioner: 2
        case .admin: 3
        }
    }
}

/// The one that asks: a peer as the kernel names it, or the service itself.
public struct Actor: Hashable, Sendable {
    /// The unix user's name, or `uid:1000` where it has none.
    public var user: String
    /// The unix user's number, as the kernel tells it.
    public var uid: UInt32
    /// The role of the actor, which says what it may do.
    public var role: Role

    /// An actor as the host found it; nothing is checked here.
    public init(user: String, uid: UInt32, role: Role) {
        self.user = user
        self.uid = uid
        self.role = role
    }
}
