import MneedleKit
import Testing

@testable import MneedleDaemon

@Suite("What comes through to whom")
struct GateTests {
    private func gate(_ concern: Concern, own: Set<String> = ["anna"]) -> Gate {
        Gate(concern: concern, own: own) { argument, kind in
            switch (kind, argument) {
            case ("session", .integer(1)): .person("anna")
            case ("session", .integer(2)): .person("bea")
            case ("device", .text("annas")): .person("anna")
            case ("device", .text("beas")): .person("bea")
            case ("device", .text("shared")): .nobody
            default: .unknown
            }
        }
    }

    private func request(_ arguments: (String, Argument)...) -> Request {
        Request(
            arguments: Arguments(arguments.map { (name: $0.0, argument: $0.1) }),
            actor: Actor(user: "anna", uid: 1, role: .operator))
    }

    private func code(_ gate: Gate, _ request: Request) -> ModuleError.Code? {
        do {
            _ = try gate.admit(request)
            return nil
        } catch { return (error as? ModuleError)?.code }
    }

    @Test("one's own and nobody's is admitted; another's and what is not there are not found, in the same words")
    func arguments() throws {
        let named = gate(.named("person", "session", "device"))
        #expect(code(named, request(("person", .text("anna")))) == nil)
        #expect(code(named, request(("session", .integer(1)), ("device", .text("shared")))) == nil)
        for other: (String, Argument) in [
            ("person", .text("bea")), ("person", .text("nobody")), ("person", .integer(1)), ("session", .integer(2)),
            ("session", .integer(3)),
        ] {
            #expect(code(named, request(("device", .text("annas")), other)) == .notFound, "\(other)")
        }
        for device in ["beas", "none"] {
            #expect(code(named, request(("person", .text("anna")), ("device", .text(device)))) == .notFound)
        }
        let strict = gate(.named(.init("device", names: "device", mustBeOwn: true)))
        #expect(code(strict, request(("device", .text("annas")))) == nil)
        #expect(code(strict, request(("device", .text("shared")))) == .notFound)
    }

    @Test("a request that names nobody is refused, filled in or let through as the command says")
    func nothingNamed() throws {
        #expect(code(gate(.named("person")), request()) == .invalidArgument)
        #expect(code(gate(.named("person", otherwise: .nobody)), request()) == nil)
        #expect(code(gate(.named("person", rows: ["person"])), request()) == nil)
        let filled = try gate(.named("person", otherwise: .person)).admit(request())
        #expect(filled.arguments.text("person") == "anna")
        for own in [[], ["anna", "berta"]] as [Set<String>] {
            #expect(code(gate(.named("person", otherwise: .person), own: own), request()) == .invalidArgument)
        }
    }

    @Test("a row about another is held back, and so is one that does not say whom it is about")
    func rows() throws {
        let listing = gate(.named(rows: ["device", .init("person", names: "person", isOptional: true)]))
        for row: Object in [["device": "annas"], ["device": "shared", "person": "anna"]] {
            #expect(try listing.shows(row))
        }
        for row: Object in [
            [:], ["person": "anna"], ["device": "beas"], ["device": "shared", "person": "bea"], ["device": 1],
            ["device": true], ["device": "none", "person": "anna"],
        ] {
            #expect(try !listing.shows(row), "\(row)")
        }
    }

    @Test("only those below admin are confined, in a household alone, and not to what does not say whom it concerns")
    func confinement() {
        for role in Role.allCases {
            let actor = Actor(user: "anna", uid: 1000, role: role)
            #expect(People.household.confines(actor) == (role < .admin))
            #expect(!People.practice.confines(actor))
            func allows(_ people: People, _ concern: Concern?) -> Bool {
                let handler = Command.Handler.reads { _, _ in [:] }
                return people.allows(
                    Command("x", "", role: .reader, concerns: concern, example: "", handler), actor)
            }
            #expect(allows(.household, nil) == (role == .admin) && allows(.practice, nil))
            #expect(allows(.household, .everybody) == (role == .admin) && allows(.practice, .everybody))
            #expect(allows(.household, .nobody) && allows(.household, .filtered) && allows(.household, .named("a")))
        }
        #expect(!People.household.confines(.service))
    }
}
