// Fed with bytes by libFuzzer (Tests/Fuzz/run); compiled together with the parser of line protocol and the slow, obvious
// one, without SwiftPM.

/// Checks for any line: nothing crashes, and both parsers say the same of it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLine(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let line = Array(UnsafeBufferPointer(start: start, count: count))
    guard !line.contains(10) else { return 0 }
    let fast: ObviousPoint?
    do throws(PointError) {
        fast = try fastPoint(line)
    } catch {
        precondition(1...(line.count + 1) ~= error.column, "an error points outside of its line")
        fast = nil
    }
    precondition(fast == ObviousParser.parse(line), "the parsers differ")
    return 0
}
