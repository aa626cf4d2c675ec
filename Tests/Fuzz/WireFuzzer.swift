// Fed with bytes by libFuzzer (Tests/Fuzz/run); compiled together with the sources of MneedleWire, without SwiftPM.

/// Checks what must hold for any bytes: nothing crashes, cuts do not matter, what is accepted reads back the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzWire(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeBufferPointer(start: start, count: count)
    let whole = lines(of: bytes, cutAt: count)
    precondition(whole == lines(of: bytes, cutAt: count / 3), "the cut changed the lines")
    for line in whole {
        line.withUnsafeBufferPointer { line in
            checkRequest(line)
            _ = try? ReplyLine.parse(line)
        }
    }
    if let document = try? JSON.parse(bytes) {
        precondition((try? JSON.parse(document.text)) == document, "a document did not read back the same")
    }
    if let file = try? TOML.parse(Array(bytes)) {
        precondition(
            (try? JSON.parse(file.root.text)) == file.root, "a file of TOML did not read back the same as JSON")
    }
    return 0
}

private func checkRequest(_ line: UnsafeBufferPointer<UInt8>) {
    do {
        let request = try RequestLine.parse(line)
        precondition((try? RequestLine.parse(request.text)) == request, "a request did not read back the same")
    } catch {
        precondition(1...(line.count + 1) ~= error.column, "an error points outside of its line")
    }
}

private func lines(of bytes: UnsafeBufferPointer<UInt8>, cutAt cut: Int) -> [[UInt8]] {
    var scanner = LineScanner(limit: 64)
    var lines: [[UInt8]] = []
    for chunk in [bytes[..<cut], bytes[cut...]] {
        scanner.append(chunk)
        scan: while true {
            switch scanner.next() {
            case .line(let range): lines.append(scanner.withLine(range) { Array($0) })
            case .tooLong: lines.append([])
            case .needMore: break scan
            }
        }
    }
    return lines
}
