import MneedleWire

/// The first line of a connection: the daemon's version, and the role that it gives this peer.
public struct Greeting: Hashable, Sendable {
    /// The daemon's version.
    public let version: String
    /// This peer's role: `reader`, `operator`, `practitioner` or `admin`.
    public let role: String
    /// The unix user that the daemon takes this peer for.
    public let user: String
    /// The modules that run.
    public let modules: [String]

    init(_ json: JSON) {
        version = json["version"]?.string ?? ""
        role = json["role"]?.string ?? ""
        user = json["user"]?.string ?? ""
        modules = json["modules"]?.strings ?? []
    }
}
