import MneedleWire

/// What the daemon says about itself and about this peer when a connection opens.
public struct Greeting: Hashable, Sendable {
    /// The daemon's version.
    public let version: String
    /// What this peer may do: `reader`, `operator`, `practitioner` or `admin`.
    public let role: String
    /// Who the daemon takes this peer to be.
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
