import MneedleWire
import Testing

@Suite("The service's figures as OpenMetrics text")
struct MetricsTests {
    static let requests = MetricFamily(
        "mneedle_requests", .counter, help: "Requests that were answered.",
        [
            .init(["module": "records", "outcome": "ok"], .number(3)),
            .init(["module": "records", "outcome": "not-found"], .number(1)),
        ])
    static let bytes = MetricFamily(
        "mneedle_store_bytes", .gauge, unit: "bytes", help: "On disk.", [.init([:], .number(1.5e17))])
    static let seconds = MetricFamily(
        "mneedle_request_seconds", .histogram, unit: "seconds", help: "Until the reply.",
        [
            .init(
                ["kind": "read"],
                .histogram(
                    .init(buckets: [.init(upTo: 0.000025, count: 0), .init(upTo: 1, count: 2)], count: 3, sum: 2.25)))
        ])

    @Test("each family is its type, its unit and its help, then its samples; the text says where it ends")
    func text() {
        #expect(
            OpenMetrics.text([Self.requests, Self.bytes, Self.seconds]) == """
                # TYPE mneedle_requests counter
                # HELP mneedle_requests Requests that were answered.
                mneedle_requests_total{module="records",outcome="ok"} 3
                mneedle_requests_total{module="records",outcome="not-found"} 1
                # TYPE mneedle_store_bytes gauge
                # UNIT mneedle_store_bytes bytes
                # HELP mneedle_store_bytes On disk.
                mneedle_store_bytes 1.5e+17
                # TYPE mneedle_request_seconds histogram
                # UNIT mneedle_request_seconds seconds
                # HELP mneedle_request_seconds Until the reply.
                mneedle_request_seconds_bucket{kind="read",le="2.5e-05"} 0
                mneedle_request_seconds_bucket{kind="read",le="1.0"} 2
                mneedle_request_seconds_bucket{kind="read",le="+Inf"} 3
                mneedle_request_seconds_sum{kind="read"} 2.25
                mneedle_request_seconds_count{kind="read"} 3
                # EOF

                """)
        #expect(OpenMetrics.text([]) == "# EOF\n")
    }

    @Test("whatever stands in a label or a help, it stays on its line and ends where it ended")
    func escaping() {
        let odd = MetricFamily(
            "m", .gauge, help: "a \"b\"\u{301}\\c\nd", [.init(["l": "x\"} 7\n# EOF\\"], .number(-0.5))])
        #expect(
            OpenMetrics.text([odd]) == #"""
                # TYPE m gauge
                # HELP m a 'b'́\\c\nd
                m{l="x\"} 7\n# EOF\\"} -0.5
                # EOF

                """#)
    }

    @Test("what travels as a row is the same family at the other end")
    func rows() throws {
        for family in [Self.requests, Self.bytes, Self.seconds, MetricFamily("m", .gauge, help: "", [])] {
            #expect(try MetricFamily(JSON.parse(family.json.text)) == family)
        }
        #expect(
            Self.bytes.json.text
                == #"{"name":"mneedle_store_bytes","type":"gauge","unit":"bytes","help":"On disk.","samples":[{"labels":{},"value":1.5e+17}]}"#
        )
    }

    @Test(
        "a row that is no family this client knows is not taken for one",
        arguments: [
            "{}", #"{"name":"m","type":"summary","help":"","samples":[]}"#,
            #"{"name":"m","type":"gauge","help":"","samples":[{"labels":{}}]}"#,
            #"{"name":"m","type":"histogram","help":"","samples":[{"labels":{},"value":1}]}"#,
            #"{"name":"m\n","type":"gauge","help":"","samples":[]}"#,
            #"{"name":"m","type":"gauge","help":"","samples":[{"labels":{"a b":"x"},"value":1}]}"#,
        ])
    func foreign(_ row: String) throws {
        #expect(try MetricFamily(JSON.parse(row)) == nil)
    }
}
