import Foundation

/// Starts a thread that bears its name in `top -H` and in a debugger too.
func startThread(_ name: String, stackBytes: Int = 1 << 20, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread {
        // A name that it is given before it runs is known to Foundation alone.
        Thread.current.name = name
        body()
    }
    thread.stackSize = stackBytes
    thread.start()
}
