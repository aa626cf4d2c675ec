import Glibc
import NIOCore

/// How often each user has connected just now, so that nobody's new connections take the time of everybody's.
///
/// A user may connect `perSecond` times at once, and then as often in each second. Administrators are not counted: they get in
/// when others have taken everything.
struct Pace {
    private struct User {
        var left: Double
        var at: NIODeadline
        var isAdministrator = false
    }

    private var users: [uid_t: User] = [:]
    /// The most users that are remembered; those that have not connected for a second need not be.
    static let most = 256

    /// Whether a user may connect now; counts the connection where it may.
    mutating func admits(_ uid: uid_t, perSecond: Int, at now: NIODeadline) -> Bool {
        let most = Double(perSecond)
        if users[uid] == nil, users.count >= Pace.most { users = users.filter { now - $0.value.at < .seconds(1) } }
        var user = users[uid] ?? User(left: most, at: now)
        let passed = Double((now - user.at).nanoseconds) / 1e9
        user.left = min(most, user.left + passed * most)
        user.at = now
        defer { users[uid] = user }
        guard user.left >= 1 else { return user.isAdministrator }
        user.left -= 1
        return true
    }

    /// Remembers whether a user who got in is an administrator.
    mutating func note(_ uid: uid_t, isAdministrator: Bool) { users[uid]?.isAdministrator = isAdministrator }
}
