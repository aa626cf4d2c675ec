/// The connections that wait to read, in the order of their turns: a turn for each user in the round, and among one user's connections for the
/// one that waits longest. As a connection has one read at a time, that is a turn for each connection too.
struct ReadQueue<Element> {
    private var lanes: [UInt32: [Element]] = [:]
    /// Users with anything waiting, in the order of their turns.
    private var round: [UInt32] = []
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    var elements: [Element] { round.flatMap { lanes[$0] ?? [] } }

    mutating func append(_ element: Element, of uid: UInt32) {
        if lanes[uid] == nil { round.append(uid) }
        lanes[uid, default: []].append(element)
        count += 1
    }

    /// Takes the next in turn that may run. A user has had a turn with it.
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
