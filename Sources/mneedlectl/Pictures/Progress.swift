import Glibc
import MneedleClient
import MneedlePictures

extension Tool {
    /// Whether a terminal may be coloured.
    var hasColours: Bool { SocketPath.environmentVariable("NO_COLOR").map(\.isEmpty) ?? true }

    /// Where to tell how far something is, if anybody looks.
    var progressLine: ProgressLine? {
        isatty(STDERR_FILENO) == 1 && !options.quiet && !options.form.isForPrograms
            ? ProgressLine(width: min(output.width, 100)) : nil
    }
}

/// A line on standard error that is written over as something goes on, and leaves nothing behind.
struct ProgressLine {
    let width: Int

    func show(_ text: String) { Output.complain("\r\(HumanText.safe(text).prefix(width - 1))\u{1B}[K", terminator: "") }

    func clear() { Output.complain("\r\u{1B}[K", terminator: "") }

    /// Tells how long the daemon has been waited for; `nil` for not any more.
    func wait(_ waited: Duration?) {
        guard let waited else { return clear() }
        let seconds = waited.components.seconds
        // A bar that goes to and fro says that it is waited, and not how much is done.
        let place = Int(seconds % 14 < 8 ? seconds % 14 : 14 - seconds % 14)
        let bar = String(repeating: "░", count: place) + "█" + String(repeating: "░", count: 7 - place)
        show("\(bar)  waiting for the daemon, \(seconds) s")
    }
}

/// How far the lines of a file are sent.
struct Transfer {
    private let descriptor: CInt
    /// The bytes to be sent, and those before them; `nil` where nobody knows.
    private let size: (begin: Int, whole: Int)?

    init(from descriptor: CInt) {
        self.descriptor = descriptor
        var status = stat()
        let begin = lseek(descriptor, 0, SEEK_CUR)
        let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        size =
            isFile && begin >= 0 && Int(status.st_size) > begin ? (Int(begin), Int(status.st_size) - Int(begin)) : nil
    }

    /// A bar, where it is known how much there is, and the counts.
    func text(_ counts: String, width: Int) -> String {
        guard let size else { return counts }
        let part = Double(Int(lseek(descriptor, 0, SEEK_CUR)) - size.begin) / Double(size.whole)
        let percent = Int(min(max(part, 0), 1) * 100)
        return "\(BarText.text(part, width: max(10, min(30, width - counts.count - 8)))) \(percent) %  \(counts)"
    }
}

/// How many rows of a listing have come.
struct Listing {
    let line: ProgressLine
    private var count = 0
    private var next = ContinuousClock.now + .seconds(1)

    init(line: ProgressLine) { self.line = line }

    mutating func add() {
        count += 1
        // The clock is not asked for each of a million rows.
        guard count % 256 == 0, ContinuousClock.now > next else { return }
        next = .now + .milliseconds(200)
        line.show("\(count) rows")
    }
}
