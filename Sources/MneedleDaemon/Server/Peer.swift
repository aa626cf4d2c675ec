import CMneedleSystem
import Glibc
import MneedleKit

/// The unix user at the other end of a socket, as the kernel noted it when it connected. Never taken from a pid.
struct Peer: Sendable, Hashable {
    var uid: uid_t
    /// The primary group and all supplementary ones.
    var groups: [gid_t]

    /// - Returns: `nil` when the kernel does not say, as for a socket that is not a unix one.
    init?(socket: Int32) {
        var uid: uid_t = 0
        var gid: gid_t = 0
        guard mneedle_peer_credentials(socket, &uid, &gid) == 0 else { return nil }
        var groups = [gid_t](repeating: 0, count: 64)
        var count = mneedle_peer_groups(socket, &groups, Int32(groups.count))
        if count > groups.count {
            groups = [gid_t](repeating: 0, count: Int(count))
            count = mneedle_peer_groups(socket, &groups, count)
        }
        self.uid = uid
        self.groups = [gid] + groups.prefix(max(0, Int(count)))
    }

    init(uid: uid_t, groups: [gid_t]) {
        self.uid = uid
        self.groups = groups
    }

    var userName: String { Accounts.name(of: uid) ?? "uid:\(uid)" }
}

/// The roles of unix users and groups, as the configuration gives them. Fixed for a connection at accept.
struct RoleMap: Sendable {
    /// Names as in the configuration; looked up at each accept, so that a new group counts at once.
    struct Members: Sendable, Equatable {
        var users: [String] = []
        var groups: [String] = []
    }

    var members = RoleMap.usual
    /// The groups that come with the package.
    static let usual: [Role: Members] = [
        .reader: Members(), .operator: Members(groups: ["mneedle"]),
        .practitioner: Members(groups: ["mneedle-practitioner"]), .admin: Members(groups: ["mneedle-admin"]),
    ]
    let ownUID: uid_t

    init(members: [Role: Members] = RoleMap.usual, ownUID: uid_t = getuid()) {
        self.members = members
        self.ownUID = ownUID
    }

    /// The highest role that the peer's user or groups have; `nil` for a stranger. Root and the daemon's own user are `admin`.
    func role(of peer: Peer) -> Role? {
        if peer.uid == 0 || peer.uid == ownUID { return .admin }
        return Role.allCases.reversed().first { role in
            guard let members = members[role] else { return false }
            return members.users.contains { $0 == "*" || Accounts.uid(of: $0) == peer.uid }
                || members.groups.contains { Accounts.gid(of: $0).map(peer.groups.contains) ?? false }
        }
    }

    /// Names in the configuration that the system does not know, for the log.
    var unknownNames: [String] {
        members.flatMap { role, members in
            let usual = RoleMap.usual[role]?.groups ?? []
            return members.users.filter { $0 != "*" && Accounts.uid(of: $0) == nil }
                + members.groups.filter { !usual.contains($0) && Accounts.gid(of: $0) == nil }
        }
    }
}
