import Glibc

/// Standard error: a terminal, or the journal.
public enum StandardError {
    /// Writes a text in one piece, so that the texts of several programs are not mixed. A text that nobody takes is lost.
    public static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
