import Foundation
import Testing

@testable import MneedleNotify

@Suite("The agent's files")
struct StateTests {
    let folder = FileManager.default.temporaryDirectory.path + "/mn-\(UUID().uuidString.prefix(8))/mneedle"

    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test("what was saved is read again, and is for its user alone")
    func saved() throws {
        let inbox = InboxTests.showing(7)
        do {
            let file = try StateFile(folder: folder)
            #expect(file.load { _ in } == Inbox())
            try file.save(inbox)
        }
        #expect(try StateFile(folder: folder).load { _ in } == inbox)
        #expect(try mode(folder) == 0o700)
        #expect(try mode(folder + "/notify.json") == 0o600)
    }

    @Test("two agents never share a state")
    func locked() throws {
        let first = try StateFile(folder: folder)
        #expect { try StateFile(folder: folder) } throws: { ($0 as? StateFile.Failed)?.isTaken == true }
        withExtendedLifetime(first) {}
    }

    @Test("a file that cannot be read is put aside, aloud", arguments: ["{", "{}", #"{"version":9}"#])
    func unreadable(text: String) throws {
        let file = try StateFile(folder: folder)
        try text.write(toFile: folder + "/notify.json", atomically: true, encoding: .utf8)
        var complaints: [String] = []
        #expect(file.load { complaints.append($0) } == Inbox())
        #expect(complaints.count == 1)
        #expect(FileManager.default.fileExists(atPath: folder + "/notify.json.unreadable"))
    }

    @Test("settings are read, and mistakes in them named")
    func settings() throws {
        let settings = try AgentSettings(toml: "private = true\npeople = [\"anna\"]\nalarms = false\n", name: "x")
        #expect(settings.isPrivate)
        #expect(!settings.showsAlarms)
        #expect(settings.people == ["anna"])
        for (text, says) in [
            ("privat = true", "unknown key 'privat'; known: private"), ("private = 1", "'private' is true or false"),
            ("people = [1]", "'people' is a list"), ("private =", "line 1"),
        ] {
            #expect {
                try AgentSettings(toml: text, name: "notify.toml")
            } throws: { error in
                "\(error)".contains(says) && "\(error)".contains("notify.toml")
            }
        }
    }

    @Test("whoever has records sees those; who has none, as a front desk, everybody's; settings go before")
    func people() throws {
        func seen(_ people: Set<String>?, own: Set<String>) -> [String] {
            var settings = AgentSettings()
            settings.people = people
            #expect(settings.wants(nil, own: own))
            return ["anna", "ben"].filter { settings.wants($0, own: own) }
        }
        #expect(seen(nil, own: []) == ["anna", "ben"])
        #expect(seen(nil, own: ["ben"]) == ["ben"])
        #expect(seen(["anna"], own: ["ben"]) == ["anna"])
        #expect(seen(["*"], own: ["ben"]) == ["anna", "ben"])
        #expect(seen([], own: []) == [])
    }

    @Test("the first settings file that is there holds; none means the defaults, unless it was named")
    func first() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try "private = true".write(toFile: folder + "/notify.toml", atomically: true, encoding: .utf8)
        #expect(try AgentSettings(firstOf: [folder + "/no.toml", folder + "/notify.toml"]).isPrivate)
        #expect(try AgentSettings(firstOf: [folder + "/no.toml"]) == AgentSettings())
        #expect(throws: AgentSettings.Invalid.self) { try AgentSettings(file: folder + "/no.toml") }
    }

    @Test("the file that ships says what holds without it")
    func shipped() throws {
        let root = URL(fileURLWithPath: #filePath + "/../../..").standardized.path
        #expect(try AgentSettings(file: root + "/Config/notify.toml") == AgentSettings())
    }

    @Test("places follow the XDG base directories")
    func places() {
        #expect(UserFolders.state { $0 == "HOME" ? "/home/anna" : nil } == "/home/anna/.local/state/mneedle")
        #expect(UserFolders.state { $0 == "XDG_STATE_HOME" ? "/s" : nil } == "/s/mneedle")
        #expect(
            UserFolders.configurations { ["HOME": "/home/anna", "XDG_CONFIG_HOME": "relative"][$0] }
                == ["/home/anna/.config/mneedle/notify.toml", "/etc/xdg/mneedle/notify.toml"])
        #expect(UserFolders.state { _ in nil } == nil)
    }

    @Test("the pauses grow to a minute and begin anew after success")
    func backoff() {
        var backoff = Backoff()
        let now = ContinuousClock.now
        var pauses: [Duration] = []
        for _ in 0..<9 {
            backoff.failed(now: now)
            pauses.append(now.duration(to: backoff.due ?? now))
        }
        #expect(pauses.prefix(3) == [.milliseconds(500), .seconds(1), .seconds(2)])
        #expect(pauses.last == .seconds(60))
        #expect(!backoff.isOver(now: now) && backoff.isOver(now: now + .seconds(60)))
        backoff.succeeded()
        #expect(backoff.isOver(now: now))
    }
}
