import MneedleRandom
import MneedleWire
import Testing

struct LineScannerTests {
    private static let sample =
        "one\r\n\n\r\ntwo\n" + String(repeating: "x", count: 40) + "\nthree\n"
        + String(repeating: "y", count: 16) + "\n" + String(repeating: "z", count: 15) + "\n\rfour\n" + "unfinished"
    private static let expected = [
        "one", "two", "<too long>", "three", "<too long>", String(repeating: "z", count: 15), "\rfour",
    ]

    private func lines(of chunks: [[UInt8]], limit: Int = 16) -> [String] {
        var scanner = LineScanner(limit: limit)
        var lines: [String] = []
        for chunk in chunks {
            scanner.append(chunk)
            drain(&scanner, into: &lines)
        }
        return lines
    }

    private func drain(_ scanner: inout LineScanner, into lines: inout [String]) {
        while true {
            switch scanner.next() {
            case .line(let range): lines.append(scanner.withLine(range) { String(decoding: $0, as: UTF8.self) })
            case .tooLong: lines.append("<too long>")
            case .needMore: return
            }
        }
    }

    @Test("any cut of the bytes gives the same lines")
    func anyCut() {
        let bytes = Array(Self.sample.utf8)
        #expect(lines(of: [bytes]) == Self.expected)
        #expect(lines(of: bytes.map { [$0] }) == Self.expected)
        for cut in 0...bytes.count {
            #expect(lines(of: [Array(bytes[..<cut]), Array(bytes[cut...])]) == Self.expected, "cut at \(cut)")
        }
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<500 {
            var rest = bytes[...]
            var chunks: [[UInt8]] = []
            while !rest.isEmpty {
                let length = Int.random(in: 1...30, using: &generator)
                chunks.append(Array(rest.prefix(length)))
                rest = rest.dropFirst(length)
            }
            #expect(lines(of: chunks) == Self.expected)
        }
    }

    @Test("a line may be as long as the limit, its end included")
    func limit() {
        #expect(lines(of: [Array("1234567\n12345678\n".utf8)], limit: 8) == ["1234567", "<too long>"])
        #expect(lines(of: [Array("123456\r\n1234567\r\n".utf8)], limit: 8) == ["123456", "<too long>"])
    }

    @Test("an endless line is reported once and never kept")
    func endless() {
        var scanner = LineScanner(limit: 100)
        var reports = 0
        for _ in 0..<1_000 {
            scanner.append([UInt8](repeating: 0x61, count: 64))
            while case .tooLong = scanner.next() { reports += 1 }
            #expect(scanner.unread <= 100)
        }
        #expect(reports == 1)
        scanner.append(Array("\nnext\n".utf8))
        var lines: [String] = []
        drain(&scanner, into: &lines)
        #expect(lines == ["next"])
    }

    @Test("reading may pause between two lines while more arrives")
    func pause() {
        var scanner = LineScanner(limit: 100)
        scanner.append(Array("a\nb\nc".utf8))
        guard case .line = scanner.next() else { Issue.record("no line"); return }
        scanner.append(Array("c\nd\n".utf8))
        var rest: [String] = []
        drain(&scanner, into: &rest)
        #expect(rest == ["b", "cc", "d"])
        #expect(scanner.unread == 0)
    }

    @Test("megabytes in small pieces take linear time")
    func linear() {
        var scanner = LineScanner(limit: 1 << 20)
        let chunk = [UInt8](repeating: 0x61, count: 100)
        for _ in 0..<10_000 {
            scanner.append(chunk)
            #expect(scanner.next() == .needMore)
        }
        scanner.append([0x0A])
        #expect(scanner.next() == .line(0..<1_000_000))
    }
}
