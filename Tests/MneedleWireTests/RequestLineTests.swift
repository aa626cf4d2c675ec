import MneedleRandom
import MneedleWire
import Testing

struct RequestLineTests {
    typealias Word = RequestLine.Word

    @Test(
        "requests are read as they were meant",
        arguments: [
            ("ping", RequestLine(verb: "ping")),
            (" \tping \t", RequestLine(verb: "ping")),
            ("#a-1._Z ping", RequestLine(tag: "a-1._Z", verb: "ping")),
            (
                "#\(String(repeating: "t", count: 32)) ping",
                RequestLine(tag: String(repeating: "t", count: 32), verb: "ping")
            ),
            (
                "session.list\tperson=anna  note=\"a \\\"b\\\" \\u00e9\"",
                RequestLine(
                    verb: "session.list",
                    arguments: .words([
                        Word("person", .bare("anna")), Word("note", .quoted("a \"b\" é")),
                    ]))
            ),
            (
                "s.a answers.keloid-history=yes x==y{}",
                RequestLine(
                    verb: "s.a",
                    arguments: .words([
                        Word("answers.keloid-history", .bare("yes")), Word("x", .bare("=y{}")),
                    ]))
            ),
            ("a.b name=\"\"", RequestLine(verb: "a.b", arguments: .words([Word("name", .quoted(""))]))),
            ("a.b name=Grüße", RequestLine(verb: "a.b", arguments: .words([Word("name", .bare("Grüße"))]))),
            ("#1 a.b {\"x\":[1,{}]} ", RequestLine(tag: "1", verb: "a.b", arguments: .object([.init("x", [1, [:]])]))),
            ("a.b {}", RequestLine(verb: "a.b", arguments: .object([]))),
        ] as [(String, RequestLine)])
    func reads(_ line: String, _ request: RequestLine) throws {
        #expect(try RequestLine.parse(line) == request)
        #expect(try RequestLine.parse(request.text) == request, "what is rendered reads back the same")
    }

    @Test(
        "a mistake is refused with its kind, its column and the tag that was read",
        arguments: [
            (" ", LineError.Kind.malformed, 2, nil), ("Ping", .malformed, 1, nil), ("a.", .malformed, 3, nil),
            (".a", .malformed, 1, nil), ("a.b.c", .malformed, 4, nil), ("a_b", .malformed, 2, nil),
            ("ping{}", .malformed, 5, nil),
            ("#", .malformed, 2, nil), ("# ping", .malformed, 2, nil), ("#t", .malformed, 2, nil),
            ("#t!x ping", .malformed, 2, nil), ("#\(String(repeating: "t", count: 33)) ping", .malformed, 2, nil),
            ("#t ", .malformed, 4, "t"), ("#t Ping", .malformed, 4, "t"),
            ("ping x", .malformed, 6, nil), ("ping =x", .malformed, 6, nil), ("ping x=", .malformed, 8, nil),
            ("ping x= y=1", .malformed, 8, nil), ("ping x y=1", .malformed, 6, nil), ("ping .x=1", .malformed, 6, nil),
            ("ping x.=1", .malformed, 8, nil), ("ping x..y=1", .malformed, 8, nil), ("ping x\"=1", .malformed, 6, nil),
            ("ping x=a\"b", .malformed, 9, nil), ("ping x=\"a", .malformed, 10, nil),
            ("ping x=\"a\"b", .malformed, 11, nil),
            ("ping x=\"\\q\"", .malformed, 9, nil), ("ping x=\"\\ud800\"", .malformed, 9, nil),
            ("#t ping {", .malformed, 10, "t"), ("ping {} x", .malformed, 9, nil), ("ping []", .malformed, 6, nil),
            ("ping {\"a\":1e999}", .malformed, 11, nil),
            ("#t ping x=1 y=2 x=3", .repeated("x"), 17, "t"), ("#t ping {\"x\":1,\"x\":2}", .repeated("x"), 16, "t"),
            ("ping {\"a\":{\"x\":1,\"x\":2}}", .repeated("x"), 18, nil),
            ("#t ping {\"x\":\(String(repeating: "[", count: 40))", .tooDeep, 45, "t"),
            ("ping\0", .malformed, 5, nil), ("#t ping x=\u{1b}", .malformed, 11, "t"),
            ("ping x=\u{7f}", .malformed, 8, nil),
            ("ping x=\"\u{9b}\"", .malformed, 9, nil), ("#t\r ping", .malformed, 3, nil),
            ("ping\n", .malformed, 5, nil),
            ("#abcdef a.b x=0123456789 y=\u{8}", .malformed, 28, "abcdef"),
        ] as [(String, LineError.Kind, Int, String?)])
    func refusals(_ line: String, _ kind: LineError.Kind, _ column: Int, _ tag: String?) {
        let error = failure { () throws(LineError) in try RequestLine.parse(line) }
        #expect(error?.kind == kind)
        #expect(error?.column == column)
        #expect(error?.tag == tag)
    }

    @Test("every control character but TAB is refused wherever it stands")
    func controls() {
        for scalar in (0..<0xA0 as Range<UInt32>).compactMap(Unicode.Scalar.init) {
            for padding in 0..<10 {
                let line = "ping x=\"" + String(repeating: ".", count: padding) + String(scalar) + "\""
                let error = failure { () throws(LineError) in try RequestLine.parse(line) }
                let isControl = scalar.properties.generalCategory == .control && scalar != "\t"
                guard isControl else { continue }
                #expect(error?.column == 9 + padding, "U+\(String(scalar.value, radix: 16))")
            }
        }
    }

    @Test("invalid UTF-8 is refused with the tag before it")
    func invalidUTF8() {
        let bytes = Array("#t ping x=".utf8) + [0xFF]
        let error = bytes.withUnsafeBufferPointer { bytes in
            failure { () throws(LineError) in try RequestLine.parse(bytes) }
        }
        #expect(error == LineError(.malformed, column: 11, "invalid UTF-8", tag: "t"))
    }

    @Test("among as many words as a line may have a repetition is found; more are refused before that")
    func manyWords() {
        func error(_ count: Int) -> LineError? {
            let words = (0..<count).map { "w\($0)=1" }.joined(separator: " ")
            return failure { () throws(LineError) in try RequestLine.parse("ping \(words) w5=2") }
        }
        #expect(error(1000)?.kind == .repeated("w5"))
        guard case .tooLarge = error(8000)?.kind else {
            Issue.record("8 000 words are taken")
            return
        }
    }

    @Test(
        "a value is quoted only if it must be",
        arguments: [
            ("anna", "v=anna"), ("a,b", "v=a,b"), ("", "v=\"\""), ("a b", "v=\"a b\""), ("a\tb", "v=\"a\\tb\""),
            ("say \"x\"", #"v="say \"x\"""#), ("line\nbreak", #"v="line\nbreak""#), ("Grüße", "v=Grüße"),
        ])
    func quoting(_ value: String, _ text: String) throws {
        #expect(Word("v", .bare(value)).text == text)
        guard case .words(let words) = try RequestLine.parse("ping \(text)").arguments else {
            Issue.record("no words")
            return
        }
        #expect(words.map(\.value.text) == [value])
    }

    @Test("random bytes never crash the parser and what it accepts renders and reads back")
    func randomLines() {
        var generator = SeededGenerator(seed: 3)
        let alphabet = Array("#ab.- =\"\\u{}[],:019e\t\u{e9}".utf8)
        var accepted = 0
        for _ in 0..<20_000 {
            let line = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator)!
            }
            guard let request = line.withUnsafeBufferPointer({ try? RequestLine.parse($0) }) else { continue }
            accepted += 1
            #expect((try? RequestLine.parse(request.text)) == request, "\(request)")
        }
        #expect(accepted > 20)
    }
}
