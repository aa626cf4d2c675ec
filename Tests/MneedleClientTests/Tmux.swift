import Foundation
import Glibc
import MneedleTestKit
import Testing

/// A terminal with a shell in it, which types and looks as a person does.
final class Tmux {
    /// The error for a screen that never shows what it should.
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    private let folder: TemporaryFolder
    /// Everything that was sent to the terminal.
    private var transcript: String { folder.path + "/sent" }

    /// - Parameters:
    ///   - daemon: The daemon that the shell's `mneedlectl` asks.
    ///   - variables: More of the shell's environment.
    convenience init(
        _ width: Int, _ height: Int, _ daemon: DaemonProcess, _ variables: [String: String] = [:]
    ) throws {
        try self.init(width, height, socket: daemon.folder + "/run/control.sock", variables)
    }

    init(_ width: Int, _ height: Int, socket: String, _ variables: [String: String] = [:]) throws {
        folder = try TemporaryFolder()
        let environment = ["MNEEDLE_SOCKET": socket, "PS1": "ready$ ", "TZ": "UTC"]
            .merging(variables) { $1 }.map { "\($0)=\($1)" }.sorted()
        try run(
            ["new-session", "-d", "-x", "\(width)", "-y", "\(height)", "env"] + environment
                + ["bash", "--norc", "--noprofile"])
        try run(["pipe-pane", "cat >\(transcript)"])
        _ = try wait { $0.contains("ready$") }
    }

    deinit { _ = try? run(["kill-server"]) }

    @discardableResult
    fileprivate func run(_ words: [String]) throws -> String {
        let run = try ChildProcess.run(
            ["tmux", "-u", "-f", "/dev/null", "-S", folder.path + "/tmux"] + words,
            environment: ["PATH": "/usr/bin:/bin", "HOME": folder.path, "LC_ALL": "C.UTF-8", "SHELL": "/bin/bash"])
        guard run.exitCode == 0 else { throw Missing(description: "tmux \(words): \(run.errors)") }
        return run.output
    }

    /// Types a command line and Enter.
    func type(_ line: String) throws {
        try run(["send-keys", "-l", line])
        try press("Enter")
    }

    /// Presses keys, by their names in tmux.
    func press(_ keys: String...) throws { try run(["send-keys"] + keys) }

    func resize(_ width: Int, _ height: Int) throws {
        try run(["resize-window", "-x", "\(width)", "-y", "\(height)"])
    }

    /// What is seen now.
    func screen(styled: Bool = false) throws -> String {
        try run(["capture-pane", "-p"] + (styled ? ["-e"] : []))
    }

    /// All that was sent to the terminal so far.
    func sent() throws -> String { try String(contentsOfFile: transcript, encoding: .utf8) }

    /// Looks at the screen until it is as it should be.
    /// - Returns: The screen.
    @discardableResult
    func wait(styled: Bool = false, for isSo: (String) -> Bool) throws -> String {
        let deadline = ContinuousClock.now + .seconds(120)
        var seen = ""
        while ContinuousClock.now < deadline {
            seen = try screen(styled: styled)
            if isSo(seen) { return seen }
            // Each look is a process; the programs that are looked at need the processor as well.
            poll(nil, 0, 50)
        }
        throw Missing(description: "after two minutes the screen still is:\n\(seen)")
    }

    /// Looks at the screen until it has all of these.
    @discardableResult
    func wait(for texts: String...) throws -> String {
        try wait { screen in texts.allSatisfy { screen.contains($0) } }
    }
}

extension Tmux {
    /// The program that the shell runs now.
    func child() throws -> pid_t {
        let shell = try run(["display-message", "-p", "#{pane_pid}"]).trimmingCharacters(in: .whitespacesAndNewlines)
        let children = try String(contentsOfFile: "/proc/\(shell)/task/\(shell)/children", encoding: .utf8)
        return try #require(children.split(separator: " ").first.flatMap { pid_t($0) })
    }
}
