import CMneedleRun
import Glibc
import MneedleSystem
import MneedleWire

/// A program that is run for an event, and its arguments.
struct EventProgram {
    /// The end of a run.
    enum Outcome: Equatable {
        /// The program exited with 0.
        case done
        /// The program failed, for this reason, which says nothing of the event.
        case failed(String)
        /// The program was ended because this process is to end.
        case stopped
    }

    let words: [String]
    let timeLimitSeconds: Double

    /// Runs the program with `input` on its standard input. Its environment is this one, with the event's topic and number.
    func run(_ input: [UInt8], topic: String, sequence: Int64?, _ stop: StopSignals) -> Outcome {
        setenv("MNEEDLE_EVENT", topic, 1)
        if let sequence { setenv("MNEEDLE_SEQ", String(sequence), 1) } else { unsetenv("MNEEDLE_SEQ") }
        let pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        let result = input.withUnsafeBytes { bytes in
            mneedle_run_program(
                pointers, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count,
                CInt(timeLimitSeconds * 1000), stop.descriptor)
        }
        switch result {
        case 0: return .done
        case 1..<256: return .failed("\(words[0]) ended with status \(result)")
        case 256...: return .failed("\(words[0]) was ended by signal \(result - 256)")
        case -ETIME: return .failed("\(words[0]) took longer than \(HumanText.scalar(.number(timeLimitSeconds))) s")
        case -ECANCELED: return .stopped
        default: return .failed("\(words[0]) could not be run: \(SystemError(-result))")
        }
    }
}

/// Holds back the signals that would end this process; once released, they end it.
struct StopSignals {
    /// A descriptor that is readable once there is such a signal.
    let descriptor = mneedle_stop_hold()

    func release() { mneedle_stop_release(descriptor) }
}
