import CMneedleRun
import Glibc
import MneedleClient
import MneedleSystem

extension Tool {
    /// Runs a program that writes a file, which is there whole or not at all.
    /// - Parameter arguments: The program and its arguments, without the file, which follows them after `--output`.
    /// - Parameter purpose: What the program does, for the person who has not installed it: `encrypts the copy`.
    /// - Throws: A failure when the program is not there, or did not succeed.
    func make(
        _ path: String, of input: [UInt8], by arguments: [String], purpose: String
    ) throws(Failure) {
        let program = arguments.first ?? ""
        let partial = path + ".new"
        unlink(partial)
        umask(0o077)
        let pointers: [UnsafeMutablePointer<CChar>?] =
            (arguments + ["--output", partial]).map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        let status = input.withUnsafeBytes { bytes in
            mneedle_run_program(
                pointers, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, 60_000, -1)
        }
        guard status == 0 else {
            unlink(partial)
            throw Failure(
                code: "unwritable",
                message: status == -ENOENT
                    ? "the program '\(program)', which \(purpose), is not there"
                    : status < 0
                        ? "'\(program)' could not be run: \(SystemError(-status))"
                        : "'\(program)' has not written '\(path)'",
                details: [], next: status == -ENOENT ? "apt install \(program)" : "see what it says above",
                exitCode: .refused)
        }
        do throws(SystemError) {
            try Descriptor(opening: partial).synchronize()
            guard rename(partial, path) == 0 else { throw .last }
        } catch { throw .unwritable(path, error) }
    }
}
