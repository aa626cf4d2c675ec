import CMneedleRun
import Foundation
import Glibc
import MneedleSystem
import Synchronization

/// A program that was started. A thread of its own waits for its end.
///
/// Foundation's `Process` waits on the caller's run loop, and never returns now and then when several threads do so.
public final class ChildProcess: Sendable {
    /// The error for a program that could not be started, or did not do its task in time.
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    /// The process's number; another process may have it once this one has been waited for.
    public let processIdentifier: pid_t
    /// The status that `waitpid` gave, once the process has ended.
    private let status = Mutex<Int32?>(nil)
    private let ended = DispatchGroup()

    /// Starts a program; it is looked for in `PATH`.
    /// - Parameters:
    ///   - input: The descriptor that becomes the program's standard input; without one, there is nothing to read.
    ///   - output: The program's standard output and, where there is no `error`, its standard error.
    ///   - whenEnded: A function that is called once, on another thread.
    public init(
        _ arguments: [String], environment: [String: String] = ProcessInfo.processInfo.environment, input: Int32? = nil,
        output: Int32? = nil, error: Int32? = nil, whenEnded: @escaping @Sendable () -> Void = {}
    ) throws {
        processIdentifier = try ChildProcess.spawn(arguments, environment, input, output, error ?? output)
        ended.enter()
        let wait: @Sendable () -> Void = { [self] in
            var result: Int32 = 0
            while waitpid(processIdentifier, &result, 0) < 0 && errno == EINTR {}
            status.withLock { $0 = result }
            ended.leave()
        }
        do {
            try NamedThread("child", stackBytes: 1 << 17).start {
                wait()
                whenEnded()
            }
        } catch {
            kill(processIdentifier, SIGKILL)
            wait()
            throw Failed(description: "\(arguments[0]): \(error)")
        }
    }

    /// Whether the process has not been waited for yet.
    public var isRunning: Bool { status.withLock { $0 == nil } }

    /// Waits for the end of the process.
    /// - Returns: The exit code, or the number of the signal that ended the process as a negative number.
    @discardableResult
    public func wait() -> Int32 {
        ended.wait()
        let status = status.withLock { $0 ?? 0 }
        let signal = status & 0x7F
        return signal == 0 ? status >> 8 & 0xFF : -signal
    }

    /// Sends a signal, unless the process has ended.
    public func signal(_ number: Int32) { if isRunning { kill(processIdentifier, number) } }

    private static func spawn(
        _ arguments: [String], _ environment: [String: String], _ input: Int32?, _ output: Int32?, _ error: Int32?
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (descriptor, given) in [(STDIN_FILENO, input), (STDOUT_FILENO, output), (STDERR_FILENO, error)] {
            if let given {
                posix_spawn_file_actions_adddup2(&actions, given, descriptor)
            } else {
                posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
            }
        }
        // Another test may have files open without O_CLOEXEC just now, as Foundation's writing does. A script that any
        // process holds open for writing cannot be run.
        mneedle_spawn_three_descriptors(&actions)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var words = arguments.map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var process: pid_t = 0
        let code = posix_spawnp(&process, arguments[0], &actions, &attributes, &words, &variables)
        guard code == 0 else { throw Failed(description: "\(arguments[0]): \(SystemError(code))") }
        return process
    }
}

extension ChildProcess {
    /// The output of a program, and the way in which it ended.
    public struct Ended: Sendable {
        /// The text on standard output.
        public let output: String
        /// The text on standard error.
        public let errors: String
        /// The exit code, or the number of the signal that ended the program as a negative number.
        public let exitCode: Int32
    }

    /// Runs a program to its end, without a terminal. Its text on standard error has to fit a pipe, 64 KiB.
    /// - Parameter input: The text that the program reads from standard input.
    public static func run(
        _ arguments: [String], environment: [String: String] = ProcessInfo.processInfo.environment, input: String = ""
    ) throws -> Ended {
        let (given, output, errors) = (Pipe(), Pipe(), Pipe())
        let child = try ChildProcess(
            arguments, environment: environment, input: given.fileHandleForReading.fileDescriptor,
            output: output.fileHandleForWriting.fileDescriptor, error: errors.fileHandleForWriting.fileDescriptor)
        for end in [given.fileHandleForReading, output.fileHandleForWriting, errors.fileHandleForWriting] {
            try end.close()
        }
        try given.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try given.fileHandleForWriting.close()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        let complained = errors.fileHandleForReading.readDataToEndOfFile()
        return Ended(
            output: String(decoding: said, as: UTF8.self), errors: String(decoding: complained, as: UTF8.self),
            exitCode: child.wait())
    }
}
