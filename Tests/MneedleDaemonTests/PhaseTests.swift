import Testing

@testable import MneedleDaemon

@Suite("How far a connection has come")
struct PhaseTests {
    private static let phases: [Phase] = [.open, .inputEnded, .draining, .closing]

    @Test("it never goes back, and goes to no phase twice", arguments: phases, phases)
    func forward(from: Phase, to: Phase) {
        var phase = from
        let isStep = phase.go(to: to)
        #expect(phase == max(from, to))
        #expect(isStep == (from < to))
    }

    @Test("lines become requests after the client has ended its input, and no more once the service stops")
    func requests() {
        #expect(Self.phases.filter(\.takesRequests) == [.open, .inputEnded])
        #expect(Self.phases.filter(\.isInputOver) == [.inputEnded, .draining, .closing])
        #expect(Self.phases.filter(\.isClosing) == [.closing])
    }

    @Test("a turn never runs inside itself, and goes round once more for each time that it was asked to")
    func turns() {
        var turn = Turn()
        var (asked, rounds) = (3, 0)
        let begins = turn.begin()
        #expect(begins)
        repeat {
            turn.beginRound()
            rounds += 1
            if asked > 0 {
                asked -= 1
                let inside = [turn.begin(), turn.begin()]
                #expect(inside == [false, false])
            }
        } while turn.goesRound
        turn.end()
        #expect(rounds == 4)
        let beginsAnew = turn.begin()
        #expect(beginsAnew)
    }

    @Test("a turn that is held back by the client goes round until it is not")
    func heldBack() {
        var turn = Turn()
        _ = turn.begin()
        turn.beginRound()
        turn.holdBack()
        #expect(turn.goesRound && !turn.isComplete)
        turn.beginRound()
        #expect(!turn.goesRound && turn.isComplete)
    }

    @Test("a turn that leaves something to the next one ends, and the next one is asked for once")
    func yields() {
        var turn = Turn()
        _ = turn.begin()
        turn.beginRound()
        turn.holdBack()
        let (first, second) = (turn.yield(), turn.yield())
        #expect(first && !second)
        #expect(!turn.goesRound && !turn.isComplete)
        turn.end()
        turn.resume()
        let begins = turn.begin()
        turn.beginRound()
        #expect(begins && turn.isComplete)
    }
}
