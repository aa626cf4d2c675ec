import CMneedleSystem
import Glibc
import MneedleClient
import MneedlePictures
import MneedleSystem

/// The terminal while this program has the whole of it: keys come one by one, and what stood there before comes back afterwards.
final class FullScreen {
    /// Readable once a signal has come that ``takeSignals()`` knows.
    private(set) var signals: CInt
    private let hasColours: Bool
    private var usual = termios()
    private var keys = KeyReader()
    /// What the terminal shows; `nil` where that is not known.
    private var shown: CellGrid?

    /// Takes the terminal.
    /// - Throws: A failure where there is none that can be written cell by cell.
    init(hasColours: Bool) throws(Failure) {
        self.hasColours = hasColours
        let kind = SocketPath.environmentVariable("TERM") ?? ""
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, tcgetattr(STDIN_FILENO, &usual) == 0,
            kind != "dumb", !kind.isEmpty
        else {
            throw .usage(
                "'top' needs a terminal\(kind == "dumb" ? " with a screen, which TERM=dumb is not" : "")",
                next: "'mneedlectl status' and 'mneedlectl today' tell the same once")
        }
        signals = mneedle_terminal_signals_hold()
        begin()
    }

    /// The terminal's size.
    var size: (width: Int, height: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    // MARK: Showing

    /// Shows a grid: what is the same already is left alone.
    func show(_ grid: CellGrid) {
        if shown.map({ $0.width != grid.width || $0.height != grid.height }) ?? true {
            shown = nil
            send("\u{1B}[0m\u{1B}[2J")
        }
        send(grid.changes(from: shown, hasColours: hasColours))
        shown = grid
    }

    /// Shows everything anew with the next grid.
    func forget() { shown = nil }

    func ring() { send("\u{7}") }

    private func send(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // A terminal that is gone ends the program by its signal.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    // MARK: Coming and going

    private func begin() {
        var raw = usual
        cfmakeraw(&raw)
        // What was typed before was not meant for what is shown now.
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw)
        // The other screen, no cursor, and no new line by itself after the last column.
        send("\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l")
        forget()
    }

    /// Gives the terminal back as it was.
    func end() {
        send("\u{1B}[0m\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l")
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &usual)
        mneedle_terminal_signals_release(signals)
        signals = -1
    }

    /// Takes the terminal again after ``end()``.
    func resume() {
        mneedle_input_again()
        signals = mneedle_terminal_signals_hold()
        begin()
    }

    /// Stops this program, and those that were started with it, as Ctrl-Z does, until the shell lets it go on.
    func suspend() {
        end()
        kill(0, SIGTSTP)
        resume()
    }

    // MARK: What comes

    /// The keys that were pressed; `nil` when the terminal is gone.
    func takeKeys() -> [Key]? {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = read(STDIN_FILENO, &bytes, bytes.count)
        if count < 0, errno == EINTR || errno == EAGAIN { return [] }
        return count > 0 ? keys.keys(bytes[..<count]) : nil
    }

    /// The signals that have come.
    func takeSignals() -> [CInt] {
        var taken: [CInt] = []
        while case let signal = mneedle_terminal_signals_next(signals), signal > 0 { taken.append(signal) }
        return taken
    }
}
