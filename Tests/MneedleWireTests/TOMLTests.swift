import MneedleWire
import Testing

@Suite("Whatever a TOML file holds, it is read or refused with its place")
struct TOMLTests {
    static func read(_ text: String) -> JSON? { try? TOML.parse(Array(text.utf8)).root }

    @Test("every kind of value is read as it is written")
    func values() throws {
        let text = #"""
            # a comment
            "quoted key" = 1
            bare-key_1 = "Gr\u00FC\U000000DFe\t\"\\"
            a.b . "c d" = true
            literal = 'C:\x'
            hex = 0xFF_ff
            octal = 0o17
            binary = 0b1_01
            plus = +1_000
            float = -1_0.5e+1
            whole = 1e3
            day = 2026-11-20
            moment = 2026-11-20 12:00:00.5+01:00
            lists = [ [1, 2], # inside
              ["x"], ]
            inline = { x = 1, y.z = [] }
            lines = """
            one \
               two""""
            raw = '''
            it''s'''
            [table.sub]
            k = 1
            [table]
            j = 2
            [[list]]
            n = 1
            [list.of]
            m = 1
            [[list]]
            """#
        let expected: JSON = [
            "a": ["b": ["c d": true]], "bare-key_1": "Grüße\t\"\\", "binary": 5, "day": "2026-11-20", "float": -105.0,
            "hex": 65535, "inline": ["x": 1, "y": ["z": []]], "lines": "one two\"",
            "list": [["n": 1, "of": ["m": 1]], [:]], "lists": [[1, 2], ["x"]], "literal": "C:\\x",
            "moment": "2026-11-20 12:00:00.5+01:00", "octal": 15, "plus": 1000, "quoted key": 1, "raw": "it''s",
            "table": ["j": 2, "sub": ["k": 1]], "whole": 1000.0,
        ]
        #expect(try TOML.parse(Array(text.utf8)).root == expected)
        #expect(Self.read("a = \"x\"\r\nb = 1\r\n") == ["a": "x", "b": 1])
        #expect(Self.read("") == [:])
        #expect(Self.read("\u{FEFF}a = 1") == ["a": 1])
    }

    @Test(
        "what is no TOML is refused where it is wrong",
        arguments: [
            // These ended the process while toml++ read the files.
            ("[", 1, 2), ("[énding]]", 1, 2), ("[{are", 1, 2), ("a = [", 1, 6), ("a = [[", 1, 7), ("x = 1\n[\n", 2, 2),
            ("[[a]", 1, 4), ("[a", 1, 3), ("[a.]", 1, 4), ("[]", 1, 2), ("[a]]", 1, 4), ("[a] b = 1", 1, 5),
            ("a", 1, 2), ("a =", 1, 4), ("= 1", 1, 1), ("a = 1 b = 2", 1, 7), ("a = 1\na = 2", 2, 1),
            ("a = \"x", 1, 5), ("a = \"\\q\"", 1, 6), ("a = \"\\uD800\"", 1, 6), ("a = \"\"\"x", 1, 5),
            ("a = 'x\n'", 1, 5),
            ("a = \"\u{1}\"", 1, 6), ("# \u{1}", 1, 3), ("a = 01", 1, 5), ("a = 1__0", 1, 5), ("a = 1.", 1, 5),
            ("a = .1", 1, 5), ("a = 0x", 1, 5), ("a = 9223372036854775808", 1, 5), ("a = 1e999", 1, 5),
            ("a = inf", 1, 5), ("a = nan", 1, 5), ("a = yes", 1, 5), ("a = 2026-02-30", 1, 5), ("a = 25:00:00", 1, 5),
            ("a = {b = 1,}", 1, 12), ("a = {b = 1\n}", 1, 11), ("a = {}\na.b = 1", 2, 1), ("a.b = 1\n[a]", 2, 1),
            ("[a]\n[a]", 2, 1), ("[[a]]\n[a]", 2, 1), ("[a]\n[[a]]", 2, 1), ("a = [1]\n[[a]]", 2, 1),
            ("[a.b]\n[a]\nb.c = 1", 3, 1),
            ("é = 1", 1, 1), ("a = [1 2]", 1, 8), ("a = 1\r", 1, 6), ("\u{0}", 1, 1),
        ])
    func refused(text: String, line: Int, column: Int) throws {
        let error = try #require(failure { () throws(TOMLError) in try TOML.parse(Array(text.utf8)) })
        #expect((error.line, error.column) == (line, column), "\(error)")
        #expect(!error.reason.isEmpty)
    }

    @Test("each key and table has its line, those in inline tables and lists too")
    func lines() throws {
        let text = """
            top = 1
            [depth.home]
            max_mm = 0.5
            "a b".c = 2

            [[rule]]
            code = "one"
            [[rule]]
            when = { all = [
              { answer = "x", is = true },
              { area = "y" },
            ] }
            text = '''
            two lines
            '''
            code = "two"
            [rule.more]
            n = 1
            """
        for text in [text, text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")] {
            let lines = try TOML.parse(Array(text.utf8)).lines
            #expect(
                lines == [
                    "top": 1, "depth": 2, "depth.home": 2, "depth.home.max_mm": 3, "depth.home.a b": 4,
                    "depth.home.a b.c": 4, "rule": 6, "rule[0]": 6, "rule[0].code": 7, "rule[1]": 8, "rule[1].when": 9,
                    "rule[1].when.all": 9, "rule[1].when.all[0]": 10, "rule[1].when.all[0].answer": 10,
                    "rule[1].when.all[0].is": 10, "rule[1].when.all[1]": 11, "rule[1].when.all[1].area": 11,
                    "rule[1].text": 13, "rule[1].code": 16, "rule[1].more": 17, "rule[1].more.n": 18,
                ])
        }
        // Keys that nobody would write take no room.
        let long = String(repeating: "k", count: 1000)
        #expect(try TOML.parse(Array("[\(long)]\na = 1\n[b]\n\(long) = 2".utf8)).lines == ["b": 3])
    }

    @Test("depth, members, elements, length and letters have bounds")
    func bounds() throws {
        for text in [
            "a = " + String(repeating: "[", count: 100_000), "a = " + String(repeating: "{a = ", count: 100_000),
            String(repeating: "a.", count: 100_000) + "a = 1", "[" + String(repeating: "a.", count: 100_000) + "a]",
            (0...TOML.maximumMembers).map { "a\($0) = 1\n" }.joined(),
            String(repeating: "[[a]]\n", count: TOML.maximumMembers + 1),
            "a = [" + String(repeating: "1,", count: TOML.maximumMembers + 1) + "]",
            String(repeating: "#", count: TOML.maximumBytes + 1),
        ] {
            #expect(Self.read(text) == nil, "\(text.prefix(20))")
        }
        let error = failure { () throws(TOMLError) in try TOML.parse(Array("a = 1\nb = \"é".utf8) + [0xFF, 0x22]) }
        #expect(error == TOMLError(line: 2, column: 7, reason: "the text is not UTF-8"))
    }
}
