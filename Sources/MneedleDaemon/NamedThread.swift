import CMneedleSystem
import Foundation

/// Starts a thread that bears its name in `top -H` and in a debugger too.
/// - Parameter name: At most 15 bytes; the kernel takes no longer one.
func startThread(_ name: String, stackBytes: Int = 1 << 20, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread {
        // By the system's own call: Foundation knows its thread only some time after that has begun to run, and a name that
        // it is given before reaches nobody.
        mneedle_name_thread(name)
        body()
    }
    thread.stackSize = stackBytes
    thread.start()
}
