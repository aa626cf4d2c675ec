import Foundation
import MneedleTestKit
import MneedleWire
import Testing

@Suite("No health data in the log")
struct PrivacyTests {
    /// Words that stand for what people say of themselves; each in as many places as take a word.
    private static let words = [
        "zilpzalp", "Rotkehlchen", "wiedehopf", "Gartenrotschwanz", "mauersegler", "Neuntoeter", "kernbeisser",
        "Birkenzeisig", "stieglitz", "Wendehals",
    ]

    /// Requests that succeed, are refused, blocked and wrong, in every module.
    private static let requests = [
        "records.add-person person=zilpzalp name=Rotkehlchen goal=collagen fitzpatrick=3",
        "records.add-person person=zilpzalp name=Rotkehlchen",
        "records.add-person person=zilpzalp nmae=Rotkehlchen",
        "records.add-device device=wiedehopf kind=roller needle_mm=0.3 material=titanium owner=zilpzalp model=Gartenrotschwanz",
        "records.add-operator operator=mauersegler max_depth_mm=1",
        "records.clear person=zilpzalp finding=pregnancy by=Neuntoeter until=\(TreatmentTests.soon) note=Birkenzeisig",
        "records.clear person=Wendehals finding=kernbeisser by=Neuntoeter until=\(TreatmentTests.soon)",
        "records.clear person=zilpzalp finding=kernbeisser by=Neuntoeter until=\(TreatmentTests.soon)",
        "screening.assess person=zilpzalp areas=cheeks answers.pregnant=yes answers.cold-sore=yes answers.rosacea=stieglitz",
        "screening.assess person=zilpzalp areas=cheeks answers.pregnant=yes answers.cold-sore=yes",
        "screening.history person=zilpzalp", "screening.history person=stieglitz",
        "session.check person=zilpzalp device=wiedehopf areas=cheeks depth_mm=0.3",
        "session.start person=zilpzalp device=wiedehopf areas=cheeks depth_mm=0.3 override=kernbeisser override_reason=Birkenzeisig",
        "sterilization.soak device=wiedehopf agent=kernbeisser concentration_percent=70 minutes=5 hands_washed=yes clean_surface=yes",
        "sterilization.open-cartridge cartridge=stieglitz device=wiedehopf person=zilpzalp lot=Wendehals expires=2199-12-31",
        "scheduling.remind person=zilpzalp at=2000-01-01T00:00:00Z title=Birkenzeisig body=Wendehals",
        "scheduling.next person=zilpzalp", "aftercare.may-use person=zilpzalp product=kernbeisser",
        "aftercare.report person=zilpzalp symptom=stieglitz note=Wendehals",
        "aftercare.report person=zilpzalp symptom=fever severity=severe note=Birkenzeisig",
        "telemetry.summary session=1", "kernbeisser.stieglitz person=zilpzalp", "\u{1}zilpzalp",
        "ledger.tail person=zilpzalp", "ledger.backup path=/nonexistent/zilpzalp",
    ]

    @Test(
        "whatever is asked, answered or refused, no name, answer or note reaches the log, not even at its finest level")
    func logs() throws {
        let daemon = try DaemonProcess(config: "[log]\nlevel = \"trace\"\n")
        let client = try daemon.connect()
        var (good, bad) = (0, 0)
        for request in Self.requests {
            let reply = try client.ask(request)
            if reply.hasPrefix("OK ") { good += 1 } else { bad += 1 }
            #expect(!reply.contains("\"incident\""), "\(request) → \(reply)")
        }
        #expect(good >= 8 && bad >= 8, "\(good) good, \(bad) bad")
        // A socket that takes no answers, and somebody who leaves in the middle.
        let collector = try daemon.connect("telemetry")
        try collector.send("zilpzalp depth_mm=Rotkehlchen\nwiedehopf,person=zilpzalp depth_mm=0.3\n")
        collector.halfClose()
        _ = try collector.rest()
        let leaver = try daemon.connect()
        try leaver.send("records.add-person person=zilpzalp name=")
        leaver.leave()
        #expect(daemon.terminate() == 0)
        let log = daemon.errorOutput
        #expect(log.contains("ledger head at"), "the log is the one that is searched")
        for word in Self.words {
            #expect(!log.lowercased().contains(word.lowercased()), "\(word) is in the log: \(log)")
        }
    }
}
