import MneedleKit
import MneedleWire
import Testing

@testable import MneedleDaemon

/// The wire's tree and the kit's are two (Documentation/decisions/0108-two-trees.md): what becomes one from the other says the same.
@Suite("The two trees")
struct TreeTests {
    static let texts = [
        "null", "true", "false", "0", "-9223372036854775808", "9223372036854775807", "9223372036854775808", "1.0",
        "-0.0",
        "0.1", "1e300", #""""#, #""ä \" \\ \n \u0000 \u007f""#, "[]", "{}", "[null,[[],{}],[true,1,1.5,\"a\"]]",
        #"{"b":1,"a":{"z":[],"y":{"":null}},"c":[{"a":1},{"a":2.5}]}"#,
    ]

    @Test(
        "a document of the wire is the same document in the kit, members in their order, numbers in their kind",
        arguments: texts)
    func same(text: String) throws {
        let json = try JSON.parse(text)
        #expect(Value(json).jsonText == json.text)
        #expect(try Value(jsonText: text) == Value(json))
        #expect(Value(try JSON.parse(Value(json).jsonText)) == Value(json))
    }

    @Test("each kind of value is told apart")
    func kinds() {
        let json: JSON = ["n": nil, "b": true, "i": 1, "d": 1.0, "s": "1", "l": [1], "o": ["i": 1]]
        let object: Object = ["i": 1]
        let members: [Object.Member] = [
            .init("n", .null), .init("b", .bool(true)), .init("i", .integer(1)), .init("d", .number(1)),
            .init("s", .string("1")), .init("l", .list([.integer(1)])), .init("o", .object(object)),
        ]
        #expect(Value(json) == .object(Object(uniqueMembers: members)))
    }
}
