import FoundationEssentials
import Glibc
import MneedleClient

/// Waits at the terminal for a moment that is near, and shows how long it still is.
struct Countdown {
    private let seconds: Int

    /// - Returns: `nil` for no time, for one that is over, and for one that nobody waits for at a terminal.
    init?(until time: String?) {
        guard let time, let moment = LocalTime.date(time) else { return nil }
        let left = moment.timeIntervalSinceNow.rounded(.up)
        guard left > 0, left <= 3600 else { return nil }
        seconds = Int(left)
    }

    /// Shows the time that is left each second.
    /// - Returns: Whether the moment has come; otherwise the person has typed something instead.
    func run() -> Bool {
        let end = Countdown.now + seconds
        defer { Output.complain("") }
        while true {
            let left = end - Countdown.now
            guard left > 0 else { break }
            Output.complain(
                "\r  \(Countdown.text(left)) left; Enter goes back, and it goes on meanwhile ", terminator: "")
            var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            guard poll(&input, 1, 1000) == 0 else {
                _ = readLine()
                return false
            }
        }
        Output.complain("\u{7}", terminator: "")
        return true
    }

    /// Seconds that pass also while the machine sleeps, and whatever the clock is set to.
    private static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return time.tv_sec
    }

    static func text(_ seconds: Int) -> String {
        "\(seconds / 60):\(seconds % 60 < 10 ? "0" : "")\(seconds % 60)"
    }
}
