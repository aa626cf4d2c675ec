import CMneedleRun
import Glibc
import MneedleSystem
import MneedleWire

/// A program that is run for an event, and its arguments.
struct EventProgram {
    /// How a run of it has ended.
    enum Outcome: Equatable {
        /// With 0.
        case done
        /// Why it failed, without anything that the event says.
        case failed(String)
        /// It was ended because this program is to end.
        case stopped
    }

    let words: [String]
    let timeLimitSeconds: Double

    /// Runs it with `input` on its standard input. Its environment is this one, with the event's topic and number.
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

/// While there is one, what would end this process waits; let go of, it does.
struct StopSignals {
    /// Readable once there is such a signal.
    let descriptor = mneedle_stop_hold()

    func release() { mneedle_stop_release(descriptor) }
}
