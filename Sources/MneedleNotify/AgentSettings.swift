import Glibc
import MneedleSystem
import MneedleWire

/// The user's settings, from `notify.toml` or by flags.
public struct AgentSettings: Hashable, Sendable {
    /// The file cannot be read, or holds something that is no setting.
    public struct Invalid: Error, CustomStringConvertible {
        /// One sentence for a person.
        public let description: String
    }

    /// Whether names and health data stay off the screen.
    public var isPrivate = false
    /// The people whose reminders and alarms are shown, ``everybody`` for all; `nil` for those whose records belong to this
    /// user, or for all where none belong to this user.
    public var people: Set<String>?
    /// Whether alarms of running sessions are shown.
    public var showsAlarms = true
    /// The daemon's socket; `nil` to look for it as mneedlectl does.
    public var socket: String?

    /// The name that stands for all people.
    public static let everybody = "*"

    private static let keys = ["private", "people", "alarms", "socket"]

    /// The defaults.
    public init() {}

    /// Reads the text of a `notify.toml`; `name` is the file's name in error messages.
    public init(toml text: String, name: String) throws(Invalid) {
        try self.init(toml: Array(text.utf8), name: name)
    }

    private init(toml bytes: [UInt8], name: String) throws(Invalid) {
        let file: JSON
        do {
            file = try TOML.parse(bytes).root
        } catch {
            throw Invalid(description: "\(name), \(error)")
        }
        for member in file.members ?? [] where !AgentSettings.keys.contains(member.name) {
            let known = AgentSettings.keys.joined(separator: ", ")
            throw Invalid(description: "\(name): unknown key '\(member.name)'; known: \(known)")
        }
        func value<Value>(_ key: String, _ expected: String, _ read: (JSON) -> Value?) throws(Invalid) -> Value? {
            guard let json = file[key] else { return nil }
            guard let value = read(json) else {
                throw Invalid(description: "\(name): '\(key)' is \(expected), not \(json.text)")
            }
            return value
        }
        isPrivate = try value("private", "true or false", \.bool) ?? false
        showsAlarms = try value("alarms", "true or false", \.bool) ?? true
        socket = try value("socket", "the path of a socket in quotes", \.string)
        people = try value("people", "a list of names such as [\"anna\"]") { json in
            guard let elements = json.elements, elements.count == json.strings.count else { return nil }
            return Set(json.strings)
        }
    }

    /// Reads the first file that is there; the defaults hold where there is none.
    public init(firstOf paths: [String]) throws(Invalid) {
        for path in paths where access(path, F_OK) == 0 {
            try self.init(file: path)
            return
        }
        self.init()
    }

    /// Reads a file.
    public init(file path: String) throws(Invalid) {
        let bytes: [UInt8]
        do {
            // One byte more than a file may have is enough to refuse it.
            bytes = try Descriptor(opening: path).read(limit: TOML.maximumBytes + 1)
        } catch {
            throw Invalid(description: "\(path) cannot be read: \(error)")
        }
        try self.init(toml: bytes, name: path)
    }

    /// Whether this user wants notices about a person, where the records `own` belong to the user.
    func wants(_ person: String?, own: Set<String>) -> Bool {
        guard let person else { return true }
        let wanted = people ?? own
        return wanted.contains(person) || wanted.contains(AgentSettings.everybody) || (people == nil && own.isEmpty)
    }
}
