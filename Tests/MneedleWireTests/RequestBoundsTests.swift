import MneedleWire
import Testing

@Suite("What one request may hold")
struct RequestBoundsTests {
    private func failure(_ line: String) -> LineError? {
        do throws(LineError) {
            _ = try RequestLine.parse(line)
            return nil
        } catch {
            return error
        }
    }

    private let most = RequestBounds.mostValues

    @Test("so many arguments, members and elements are taken, in words and in JSON, and not one more")
    func values() {
        for more in [0, 1] {
            let count = most + more
            let lines = [
                "status " + (0..<count).map { "a\($0)=1" }.joined(separator: " "),
                "status {" + (0..<count).map { "\"a\($0)\":1" }.joined(separator: ",") + "}",
                "status {\"a\":[" + Array(repeating: "1", count: count - 1).joined(separator: ",") + "]}",
                "status {\"a\":{" + (0..<count - 1).map { "\"a\($0)\":[]" }.joined(separator: ",") + "}}",
            ]
            for line in lines {
                guard case .tooLarge(let expected) = failure(line)?.kind else {
                    #expect(more == 0 && failure(line) == nil, "\(line.prefix(40))")
                    continue
                }
                #expect(more == 1 && expected.contains("\(most)"))
            }
        }
    }

    @Test("a longer name than any command has is refused and not shown")
    func names() {
        let long = String(repeating: "n", count: RequestBounds.longestName + 1)
        for line in ["status \(long)=1", "status {\"\(long)\":1}", "status {\"a\":[{\"\(long)\":1}]}"] {
            let error = failure(line)
            guard case .tooLarge = error?.kind else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(error?.message.contains("nnn") == false)
        }
        #expect(failure("status \(long.dropLast())=1") == nil)
    }

    @Test("an excerpt is short, whatever the text is made of")
    func excerpts() {
        #expect(excerpt("short") == "short")
        for text in [String(repeating: "x", count: 70_000), "a" + String(repeating: "\u{301}", count: 30_000)] {
            #expect(excerpt(text).utf8.count <= 83 && excerpt(text).hasSuffix("…"))
        }
        #expect(excerpt(String(repeating: "é", count: 41)) == String(repeating: "é", count: 40) + "…")
    }
}
