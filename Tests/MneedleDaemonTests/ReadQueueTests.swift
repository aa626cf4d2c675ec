import Testing

@testable import MneedleDaemon

@Suite("Whose turn it is to read")
struct ReadQueueTests {
    @Test("users take turns, and among one's reads the oldest comes first")
    func turns() {
        var queue = ReadQueue<String>()
        for name in ["a1", "a2", "a3", "a4"] { queue.append(name, of: 1) }
        queue.append("b1", of: 2)
        queue.append("c1", of: 3)
        queue.append("b2", of: 2)
        var order: [String] = []
        while let next = queue.next(where: { _, _ in true }) { order.append(next) }
        #expect(order == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"])
        #expect(queue.isEmpty)
    }

    @Test("who may not run keeps the place, and nobody waits behind it")
    func passedOver() {
        var queue = ReadQueue<Int>()
        for number in 1...4 { queue.append(number, of: 7) }
        queue.append(10, of: 8)
        #expect(queue.next { element, _ in element % 2 == 0 } == 2)
        #expect(queue.next { _, uid in uid == 8 } == 10)
        #expect(queue.next { _, _ in false } == nil)
        #expect(queue.count == 3)
        #expect(queue.elements == [1, 3, 4])
    }

    @Test("topics are found by their prefixes")
    func topics() throws {
        let topics = try #require(Topics(["reminder.due", "telemetry.*", "a.b.*"]))
        for topic in ["reminder.due", "telemetry.alarm", "a.b.c", "a.b.c.d"] {
            #expect(topics.match(topic), "\(topic)")
        }
        for topic in ["reminder.dues", "reminder", "telemetry", "telemetryx.alarm", "a.b", "a.c.b"] {
            #expect(!topics.match(topic), "\(topic)")
        }
        #expect(Topics(["*"])?.match("x") == true)
    }
}
