import Foundation
import Testing

@testable import MneedleSeries

@Suite("Lines of PyPI's influxdb-client")
struct InfluxClientTests {
    struct Case: Decodable {
        var line: String
        var device: String?
        /// Name, kind and value of each.
        var fields: [[String]]
        var time: Int64?
    }

    /// What `Tests/Fixtures/LineProtocol/generate.py` had the client write.
    static func cases() throws -> [Case] {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        let path = folder.appendingPathComponent("Tests/Fixtures/LineProtocol/influxdb_client.jsonl")
        return try String(contentsOf: path, encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(Case.self, from: Data($0.utf8))
        }
    }

    @Test("mean here what they mean there")
    func lines() throws {
        let cases = try Self.cases()
        #expect(cases.count == 400)
        for each in cases {
            let point = try #require(try fastPoint(Array(each.line.utf8)), "\(each.line)")
            #expect(point.device == each.device, "\(each.line)")
            #expect(point.time == each.time, "\(each.line)")
            #expect(point.names == each.fields.map { $0[0] }, "\(each.line)")
            for (value, field) in zip(point.values, each.fields) {
                if field[1] == "float" {
                    #expect(value == "float \(Double(field[2])!)", "\(each.line)")
                } else {
                    #expect(value == "\(field[1]) \(field[2])", "\(each.line)")
                }
            }
        }
    }
}
