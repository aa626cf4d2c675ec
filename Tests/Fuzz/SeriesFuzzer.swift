// Fed with bytes by libFuzzer (Tests/Fuzz/run); compiled together with the sources of MneedleSeries, without SwiftPM.

/// Checks what must hold for any bytes: none that are read crash, and what is packed comes back.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSeries(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard !bytes.isEmpty else { return 0 }
    if let wrong = AnyBytes.read(bytes) ?? AnyBytes.roundTrip(bytes) { preconditionFailure(wrong) }
    return 0
}
