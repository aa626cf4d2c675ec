import Foundation
import MneedleTestKit
import MneedleWire
import Testing

@Suite("Errors")
struct ErrorTests {
    @Test("an error of a module keeps its code and members")
    func modulesErrors() throws {
        let client = try trialDaemon().connect()
        for code in ["busy", "storage", "conflict", "not-found", "forbidden", "module-failed"] {
            let refused = try client.refused("trial.throw code=\(code)")
            #expect(
                refused.code == code && refused.members["told"]?.bool == true
                    && refused.members["message"]?.string == "told to")
        }
        let blocked = try client.refused("trial.throw code=blocked")
        let finding = try #require(blocked.members["findings"]?[0])
        #expect(blocked.code == "blocked" && finding["code"]?.string == "told" && finding["module"]?.string == "trial")
    }

    @Test(
        "a defect gets an incident, which the log names, and no detail leaves the service",
        arguments: ["trial.throw", "trial.throw code=internal"])
    func incidents(request: String) throws {
        let client = try trialDaemon().connect()
        let refused = try client.refused(request)
        let incident = try #require(refused.members["incident"]?.string)
        #expect(refused.code == "internal" && refused.members["told"] == nil)
        #expect(refused.members["message"]?.string?.contains("Oddity") == false)
        let log = client.daemon!.errorOutput
        #expect(log.contains(incident) && log.contains("trial"))
        #expect(try client.ask("ping") == "OK {}")
    }

    @Test("a change that fails leaves nothing, alone and among others")
    func failedChanges() throws {
        let client = try trialDaemon().connect()
        #expect(try client.refused("trial.add-then-throw name=a").code == "conflict")
        #expect(try client.ok("trial.count")["count"]?.integer == 0)
        try client.send(
            (0..<90).map { $0 % 3 == 1 ? "trial.add-then-throw name=n\($0)\n" : "trial.add name=n\($0)\n" }.joined())
        for number in 0..<90 {
            #expect(try client.line().hasPrefix(number % 3 == 1 ? "ERR conflict" : "OK "), "\(number)")
        }
        #expect(try client.ok("trial.count")["count"]?.integer == 60)
        let proof = try client.ok("ledger.verify")
        #expect(proof["ok"]?.bool == true && proof["entries"]?.integer == 60)
    }

    @Test("what the store's constraints forbid is a conflict")
    func constraints() throws {
        let client = try trialDaemon().connect()
        _ = try client.ok("trial.add name=a")
        let refused = try client.refused("trial.add name=a")
        #expect(refused.code == "conflict" && refused.members["state"]?.string != nil)
    }

    @Test("a command of a module that does not run says why")
    func moduleFailed() throws {
        let client = try trialDaemon("[trial]\nstart = \"throw\"\n").connect()
        let refused = try client.refused("trial.count")
        #expect(refused.code == "module-failed" && refused.members["module"]?.string == "trial")
        #expect(refused.members["message"]?.string?.contains("told not to start") == true)
    }

    @Test("every error has a message for a person")
    func messages() throws {
        let client = try trialDaemon().connect()
        for request in [
            "\"", "nope", "trial.add", "trial.throw", "trial.throw code=busy", "unsubscribe", "subscribe topics=A",
        ] {
            #expect(try client.refused(request).members["message"]?.string?.isEmpty == false, "\(request)")
        }
    }
}
