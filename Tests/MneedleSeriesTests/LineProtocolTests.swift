import Testing

@testable import MneedleSeries

@Suite("Line protocol")
struct LineProtocolTests {
    func parse(_ line: String) throws -> ObviousPoint? { try fastPoint(Array(line.utf8)) }

    @Test("a point has tags, fields of every type, and a time")
    func point() throws {
        let point = try #require(
            try parse(
                #"pen\ 1,device=pen-1,room=a\,b depth_mm=0.5,n=3i,u=7u,on=t,name="a \" b,c",e=-1.5e-2 1700000000000000001"#
            ))
        #expect(point.series == #"pen\ 1,device=pen-1,room=a\,b"# && point.device == "pen-1")
        #expect(point.names == ["depth_mm", "n", "u", "on", "name", "e"])
        #expect(
            point.values == [
                "float 0.5", "integer 3", "unsigned 7", "boolean true", "text a \" b,c", "float -0.015",
            ])
        #expect(point.time == 1_700_000_000_000_000_001)
    }

    @Test("blank lines and comments are nothing", arguments: ["", "   ", "# a comment", "  # too"])
    func nothing(line: String) throws { #expect(try parse(line)?.series == "") }

    @Test(
        "what is no point is refused with its column",
        arguments: [
            ("pen", 4), (",a=b c=1", 1), ("pen,a c=1", 6), ("pen,a= c=1", 7), ("pen depth_mm", 13),
            ("pen depth_mm=", 14), ("pen depth_mm=x", 14), ("pen depth_mm=nan", 14), ("pen depth_mm=0x1", 14),
            ("pen depth_mm=1 soon", 16), ("pen depth_mm=1 1 2", 18), ("pen s=\"open", 12), ("pen a=1,", 9),
            ("pen a=+1", 7), ("pen a=1e", 7), ("pen a=9223372036854775808i", 7), ("pen a=-1u", 7),
            ("pen a=1 9223372036854775808", 9), ("pen a=1,a=2", 9), ("pen,a=1,a=2 b=1", 9), ("pen a=1e999", 7),
            ("pen a=tru", 7), ("pen a=.", 7),
        ])
    func refused(line: String, column: Int) throws {
        let error = #expect(throws: PointError.self) { try parse(line) }
        #expect(error?.column == column, "\(line): \(error?.reason ?? "")")
    }

    /// From https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/ and the v1 reference.
    @Test(
        "the documentation's own examples read as it says",
        arguments: [
            ("myMeasurement,tag1=value1,tag2=value2 fieldKey=\"fieldValue\" 1556813561098000000", ["text fieldValue"]),
            ("myMeasurement fieldKey=1.0", ["float 1.0"]), ("myMeasurement fieldKey=1", ["float 1.0"]),
            ("myMeasurement fieldKey=-1.234456e+78", ["float -1.234456e+78"]),
            ("myMeasurement fieldKey=1i", ["integer 1"]),
            ("myMeasurement fieldKey=12485903i", ["integer 12485903"]),
            ("myMeasurement fieldKey=-12485903i", ["integer -12485903"]),
            ("myMeasurement fieldKey=12485903u", ["unsigned 12485903"]),
            ("myMeasurement fieldKey=\"this is a string\"", ["text this is a string"]),
            ("myMeasurement fieldKey=true", ["boolean true"]), ("myMeasurement fieldKey=F", ["boolean false"]),
            (#"my\ Measurement fieldKey="string value""#, ["text string value"]),
            (#"myMeasurement fieldKey="\"string\" within a string""#, [#"text "string" within a string"#]),
            (#"myMeasurement,tag\ Key1=tag\ Value1,tag\ Key2=tag\ Value2 fieldKey=100"#, ["float 100.0"]),
            (#"myMeasurement,tagKey=🍭 fieldKey="Launch 🚀" 1556813561098000000"#, ["text Launch 🚀"]),
            (
                #"weather,location=us-midwest temperature_str="too hot\cold" 1465839830100400201"#,
                [#"text too hot\cold"#]
            ),
            (
                #"weather,location=us-midwest temperature_str="too hot\\cold" 1465839830100400202"#,
                [#"text too hot\cold"#]
            ),
            (#"wea\,ther,location=us-midwest temperature=82 1465839830100400200"#, ["float 82.0"]),
            (
                #"weather,location\ place=us-midwest temp\=rature=82,"quoted"=1 1465839830100400200"#,
                ["float 82.0", "float 1.0"]
            ),
        ])
    func documentation(line: String, values: [String]) throws {
        #expect(try parse(line)?.values == values)
        #expect(try parse(line) == ObviousParser.parse(Array(line.utf8)))
    }

    @Test("random lines are what the slow, obvious parser says they are")
    func random() throws {
        var generator = SystemRandomNumberGenerator()
        let pieces = [
            "pen", ",", ",", "=", "=", " ", " ", "a", "device", "0.5", ".5", "5.", "-", "1", "12i", "7u", "t", "true",
            "F", "\"", "\"", "\\", "\\", "\\,", "\\ ", "\\\"", "#", "e", "1e5", "-1.5e-3", "9007199254740993",
            "0.1234567890123456789", "99999999999999999999", "18446744073709551615u", "9223372036854775807i",
            "-9223372036854775808i", "nan", "+1", "é", "1700000000000000000",
        ].map { Array($0.utf8) }
        let templates = ["pen,device=p a=1,b=2i 17", "p a=\"x\" 1", "p,t=v a=t"].map { Array($0.utf8) }
        for round in 0..<30_000 {
            var line: [UInt8]
            if round % 2 == 0 {
                line = (0..<Int.random(in: 0...12, using: &generator)).flatMap { _ in
                    pieces.randomElement(using: &generator)!
                }
            } else {
                line = templates.randomElement(using: &generator)!
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    line.insert(
                        contentsOf: pieces.randomElement(using: &generator)!,
                        at: Int.random(in: 0...line.count, using: &generator))
                }
            }
            let obvious = ObviousParser.parse(line)
            let fast = try? fastPoint(line)
            #expect(fast == obvious, "\(String(decoding: line, as: UTF8.self))")
            if fast != obvious { return }
        }
    }
}
