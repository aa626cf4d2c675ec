import MneedleRandom
import MneedleWire
import Testing

struct JSONTests {
    @Test("what is written reads back the same")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<300 {
            let document = JSON.random(depth: 4, using: &generator)
            let text = document.text
            #expect(try JSON.parse(text, maximumDepth: 5) == document, "\(text)")
        }
    }

    @Test("what is written is one acceptable line of the protocol")
    func writtenIsALine() throws {
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<300 {
            let members = [JSON.Member("value", .random(depth: 3, using: &generator))]
            let line = RequestLine(tag: "t", verb: "a.b", arguments: .object(members))
            #expect(try RequestLine.parse(line.text) == line)
        }
    }

    @Test(
        "values are read as what they are",
        arguments: [
            ("null", JSON.null), (" true ", true), ("false", false), ("0", 0), ("-0", 0), ("-12", -12),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(9223372036854775808)), ("1.0", 1.0), ("1e2", 100.0), ("2.5E-1", 0.25),
            ("[]", []), ("[ 1 , [ ] ]", [1, []]), ("{}", [:]), ("{\"a\" : {\"b\":\t[null]}}\n", ["a": ["b": [nil]]]),
            (#""\"\\\/\b\f\n\r\t\u00e9\uD83E\uDE79""#, "\"\\/\u{8}\u{C}\n\r\té🩹"), ("\"\"", ""), ("\"Grüße\"", "Grüße"),
        ] as [(String, JSON)])
    func values(_ text: String, _ value: JSON) throws {
        #expect(try JSON.parse(text) == value)
    }

    @Test(
        "a mistake is refused with its kind and its column",
        arguments: [
            ("", JSONError.Kind.malformed, 1), ("  ", .malformed, 3), ("nul", .malformed, 1), ("True", .malformed, 1),
            ("01", .malformed, 1), ("-01", .malformed, 2), ("-", .malformed, 2), ("1.", .malformed, 3),
            ("1e", .malformed, 3), ("1e+", .malformed, 4), (".5", .malformed, 1), ("+1", .malformed, 1),
            ("1e999", .malformed, 1), ("[1e999]", .malformed, 2), ("NaN", .malformed, 1), ("[1,]", .malformed, 4),
            ("[1 2]", .malformed, 4), ("[", .malformed, 2), ("{", .malformed, 2), ("{\"a\"}", .malformed, 5),
            ("{a:1}", .malformed, 2), ("{\"a\":1,}", .malformed, 8), ("{\"a\":}", .malformed, 6),
            ("1 1", .malformed, 3),
            ("\"a", .malformed, 3), ("\"a\nb\"", .malformed, 3), (#""\x""#, .malformed, 2),
            (#""\u12G4""#, .malformed, 6),
            (#""\uD800""#, .malformed, 2), (#""\uD800\u0041""#, .malformed, 2), (#""\uDC00""#, .malformed, 2),
            (#""\uD800\"#, .malformed, 2), (#""\"#, .malformed, 2), ("// c", .malformed, 1),
            (#"{"a":1,"a":2}"#, .duplicateName("a"), 8), (#"[{"x":{"é":1,"\u00e9":2}}]"#, .duplicateName("é"), 15),
        ] as [(String, JSONError.Kind, Int)])
    func refusals(_ text: String, _ kind: JSONError.Kind, _ column: Int) {
        let error = failure { () throws(JSONError) in try JSON.parse(text) }
        #expect(error?.kind == kind)
        #expect(error?.column == column)
    }

    @Test("a name given twice is found among many members")
    func manyMembers() {
        let members = (0..<5_000).map { "\"m\($0)\":0" }.joined(separator: ",")
        #expect(failure { () throws(JSONError) in try JSON.parse("{\(members)}") } == nil)
        let error = failure { () throws(JSONError) in try JSON.parse("{\(members),\"m3\":1}") }
        #expect(error?.kind == .duplicateName("m3"))
    }

    @Test("nesting is allowed up to the limit and no deeper")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSON.parse(nested(32))
        let error = failure { () throws(JSONError) in try JSON.parse(nested(33)) }
        #expect(error?.kind == .tooDeep)
        #expect(error?.column == 33)
        _ = try JSON.parse(nested(500), maximumDepth: 500)
    }

    @Test(
        "bytes that are no UTF-8 are refused where they stand",
        arguments: [
            ([0x22, 0x80, 0x22], 2), ([0x22, 0xC3], 2), ([0x22, 0xC0, 0xAF, 0x22], 2),
            ([0x22, 0xED, 0xA0, 0x80, 0x22], 2),
            ([0x22, 0x61, 0xF4, 0x90, 0x80, 0x80, 0x22], 3), ([0x22, 0xE2, 0x82, 0x22], 2), ([0x22, 0xF8, 0x22], 2),
        ] as [([UInt8], Int)])
    func invalidUTF8(_ bytes: [UInt8], _ column: Int) {
        let error = bytes.withUnsafeBufferPointer { bytes in
            failure { () throws(JSONError) in try JSON.parse(bytes) }
        }
        #expect(error?.kind == .malformed)
        #expect(error?.column == column)
    }

    @Test("the writer puts the commas and the shortest numbers")
    func writer() {
        var writer = JSONWriter()
        writer.verbatim("OK ")
        writer.beginObject()
        writer.key("a"); writer.beginArray(); writer.integer(-1); writer.number(0.1); writer.number(2);
        writer.endArray()
        writer.key("b"); writer.rawJSON("{\"c\":null}")
        writer.key("d"); writer.beginObject(); writer.endObject()
        writer.key("e"); writer.number(.infinity)
        writer.key("f"); writer.string("ä\u{1}\u{7f}\u{9f}\"")
        writer.endObject()
        writer.endLine()
        writer.bool(true)
        let expected = #"OK {"a":[-1,0.1,2.0],"b":{"c":null},"d":{},"e":null,"f":"ä\u0001\u007f\u009f\""}"# + "\ntrue"
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    }

    @Test("members and elements are reached by name and index")
    func accessors() throws {
        let document = try JSON.parse(#"{"a":[1,"x",2.5,true],"b":{"c":null}}"#)
        #expect(document["a"]?[0]?.integer == 1)
        #expect(document["a"]?[0]?.number == 1)
        #expect(document["a"]?[2]?.number == 2.5)
        #expect(document["a"]?[3]?.bool == true)
        #expect(document["a"]?[4] == nil)
        #expect(document["a"]?.strings == ["x"])
        #expect(document["b"]?["c"] == .null)
        #expect(document["b"]?.string == nil)
        #expect(document.members?.map(\.name) == ["a", "b"])
    }
}
