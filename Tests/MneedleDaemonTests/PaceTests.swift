import NIOCore
import Testing

@testable import MneedleDaemon

@Suite("The pace at which users connect")
struct PaceTests {
    private let start = NIODeadline.now()

    /// How many of some attempts of a user are admitted.
    private func admitted(
        _ times: Int, of uid: UInt32, perSecond: Int, after time: TimeAmount = .zero, _ pace: inout Pace
    ) -> Int {
        (0..<times).count { _ in pace.admits(uid, perSecond: perSecond, at: start + time) }
    }

    @Test("so many at once, then as many in each second, and each user apart")
    func users() {
        var pace = Pace()
        let first = admitted(15, of: 1, perSecond: 10, &pace)
        let other = admitted(1, of: 2, perSecond: 10, &pace)
        let later = admitted(5, of: 1, perSecond: 10, after: .milliseconds(101), &pace)
        #expect(first == 10 && other == 1 && later == 1)
        // However long a user was away, no more than that at once.
        let afterHours = admitted(15, of: 1, perSecond: 10, after: .hours(1), &pace)
        #expect(afterHours == 10)
    }

    @Test("an administrator is not counted, and one who is none any more is")
    func administrators() {
        var pace = Pace()
        var count = admitted(1, of: 1, perSecond: 1, &pace)
        pace.note(1, isAdministrator: true)
        count += admitted(50, of: 1, perSecond: 1, &pace)
        #expect(count == 51)
        pace.note(1, isAdministrator: false)
        let further = admitted(1, of: 1, perSecond: 1, &pace)
        #expect(further == 0)
    }

    @Test("many users make it forget those that have been away, and nobody else")
    func bound() {
        var pace = Pace()
        for uid in 0..<UInt32(Pace.most) { _ = admitted(1, of: uid, perSecond: 1, &pace) }
        let new = admitted(1, of: 9999, perSecond: 1, after: .milliseconds(500), &pace)
        let known = admitted(1, of: 0, perSecond: 1, after: .milliseconds(500), &pace)
        #expect(new == 1 && known == 0)
        _ = admitted(1, of: 9998, perSecond: 1, after: .milliseconds(1200), &pace)
        let recent = admitted(1, of: 9999, perSecond: 1, after: .milliseconds(1200), &pace)
        #expect(recent == 0)
    }
}
