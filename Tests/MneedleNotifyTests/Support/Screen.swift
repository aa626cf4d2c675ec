import Foundation
import Glibc
import MneedleTestKit
import Testing

/// A virtual screen with dunst on the session's bus.
final class Screen {
    let desktop: Desktop
    private let folder: String
    private let screen: ChildProcess
    private var dunst: ChildProcess?
    private var shown: Lines
    private let environment: [String: String]

    /// Whether Debian's dunst, xvfb, xdotool, imagemagick and a font are there.
    static let isThere =
        Desktop.isThere
        && ["dunst", "dunstctl", "Xvfb", "xdotool", "import"].allSatisfy {
            FileManager.default.fileExists(atPath: "/usr/bin/" + $0)
        }

    /// Where pictures are kept for whoever looks at a run of the tests.
    static let pictures: String = {
        let root = URL(fileURLWithPath: #filePath + "/../../../..").standardized.path
        return ProcessInfo.processInfo.environment["MNEEDLE_ARTEFACTS"] ?? root + "/.build/artefacts"
    }()

    init(_ desktop: Desktop) throws {
        self.desktop = desktop
        folder = desktop.folder
        let display = try Lines()
        // The number goes to a descriptor that the shell makes of standard output.
        screen = try ChildProcess(
            ["sh", "-c", "exec Xvfb -displayfd 3 -screen 0 1024x600x24 -nolisten tcp 3>&1 >/dev/null"],
            output: display.writer, error: open("/dev/null", O_WRONLY | O_CLOEXEC))
        environment = desktop.environment.merging(["DISPLAY": ":" + (try display.next())]) { $1 }
        shown = try Lines()
        // dunst has no buttons: a click opens a menu of the actions, and this picks the one that the test has named.
        try write("menu", "#!/bin/sh\nexec grep -m1 \"$(cat \(folder)/choice)\"\n")
        // dunst's own log of what it shows: it runs this with application, summary, body, icon and urgency.
        try write(
            "log", "#!/bin/sh\nprintf '%s|%s|%s\\n' \"$2\" \"$3\" \"$5\" | tr -d '\\r' | tr '\\n' ' ' >&9\necho >&9\n")
        try write(
            "dunstrc",
            """
            [global]
                origin = top-right
                offset = 20x20
                width = (300, 520)
                font = DejaVu Sans 12
                notification_limit = 10
                dmenu = \(folder)/menu
                mouse_left_click = do_action, close_current
                mouse_right_click = close_current
            [log]
                summary = "*"
                script = \(folder)/log
            """)
        try start()
    }

    deinit {
        stop()
        screen.signal(SIGTERM)
        screen.wait()
    }

    private func write(_ name: String, _ text: String) throws {
        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        chmod("\(folder)/\(name)", 0o700)
    }

    // MARK: dunst

    func start() throws {
        let log = open(folder + "/dunst.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(log) }
        // Its scripts write to descriptor 9.
        dunst = try ChildProcess(
            ["sh", "-c", "exec dunst -conf \(folder)/dunstrc 9>&1 >>\(folder)/dunst.log"], environment: environment,
            output: shown.writer, error: log)
    }

    func stop() {
        dunst?.signal(SIGTERM)
        dunst?.wait()
        dunst = nil
    }

    /// What dunst says it shows next: `summary|body|urgency`.
    func next() throws -> String {
        do { return try shown.next() } catch {
            let kept = try? String(contentsOfFile: folder + "/state/notify.json", encoding: .utf8)
            let log = try? String(contentsOfFile: folder + "/dunst.log", encoding: .utf8)
            Issue.record(
                "dunst shows nothing more: \(try count()) shown; \(kept ?? ""); \(desktop.log); \(log ?? ""); \(desktop.daemon.errorOutput)"
            )
            throw error
        }
    }

    /// How many notifications are on the screen.
    func count() throws -> Int {
        Int(try run("dunstctl", "count", "displayed").trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
    }

    // MARK: What a person does

    /// Clicks the topmost notification with the left button, and picks an action from the menu. The menu has those
    /// of every notification on the screen: `notification` is a part of the line that tells them apart.
    func click(_ action: String, on notification: String = "") throws {
        try write("choice", "\(action).*\(notification)")
        let window = try run("xdotool", "search", "--sync", "--onlyvisible", "--class", "Dunst").split(separator: "\n")
        let id = String(try #require(window.first))
        _ = try run("xdotool", "mousemove", "--window", id, "60", "20", "click", "1")
    }

    /// Keeps a picture of the screen.
    func picture(_ name: String) throws {
        _ = try run("xdotool", "search", "--sync", "--onlyvisible", "--class", "Dunst")
        // It answers when it has drawn.
        _ = try count()
        try FileManager.default.createDirectory(atPath: Screen.pictures, withIntermediateDirectories: true)
        _ = try run("import", "-window", "root", "\(Screen.pictures)/\(name).png")
    }

    private func run(_ arguments: String...) throws -> String {
        let path = "\(folder)/output-\(UUID().uuidString)"
        let output = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(output) }
        let status = try ChildProcess(arguments, environment: environment, output: output).wait()
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try #require(status == 0, "\(arguments): \(status) \(text)")
        return text
    }
}
