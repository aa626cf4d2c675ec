/// The connections that wait to read. Users take turns, and a user's turn goes to the one of the user's connections that has
/// waited longest. As a connection has one read at a time, that is a turn for each connection too.
struct ReadQueue<Element> {
    private var lanes: [UInt32: [Element]] = [:]
    /// Users with waiting reads, in the order of their turns.
    private var round: [UInt32] = []
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    var elements: [Element] { round.flatMap { lanes[$0] ?? [] } }

    mutating func append(_ element: Element, of uid: UInt32) {
        if lanes[uid] == nil { round.append(uid) }
        lanes[uid, default: []].append(element)
        count += 1
    }

    /// Takes the next read in turn that may run, and so uses up a turn of its user.
    mutating func next(where mayRun: (Element, UInt32) -> Bool) -> Element? {
        for (place, uid) in round.enumerated() {
            guard let index = lanes[uid]?.firstIndex(where: { mayRun($0, uid) }) else { continue }
            let element = lanes[uid]?.remove(at: index)
            count -= 1
            round.remove(at: place)
            if lanes[uid]?.isEmpty ?? true { lanes[uid] = nil } else { round.append(uid) }
            return element
        }
        return nil
    }
}
