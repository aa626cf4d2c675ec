import Glibc

/// The seeds that run now: what ends the process leaves no time for a report, so the handler of its signal says them.
enum RunningSeeds {
    nonisolated(unsafe) private static let seeds: UnsafeMutablePointer<UInt64> = {
        let seeds = UnsafeMutablePointer<UInt64>.allocate(capacity: 8)
        seeds.initialize(repeating: .max, count: 8)
        for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE] {
            signal(number) { number in
                RunningSeeds.tell()
                signal(number, SIG_DFL)
                raise(number)
            }
        }
        return seeds
    }()

    static func note(_ seed: UInt64, strand: Int) { seeds[strand] = seed }

    /// Writes them with what a handler of a signal may call.
    private static func tell() {
        for strand in 0..<8 where seeds[strand] != .max {
            var digits: [20 of UInt8] = .init(repeating: 0)
            var (count, rest) = (0, seeds[strand])
            repeat {
                digits[19 - count] = UInt8(ascii: "0") + UInt8(rest % 10)
                (count, rest) = (count + 1, rest / 10)
            } while rest > 0
            write(2, "the simulation ends in seed ", 28)
            withUnsafeBytes(of: &digits) { _ = write(2, $0.baseAddress! + 20 - count, count) }
            write(2, "\n", 1)
        }
    }
}
