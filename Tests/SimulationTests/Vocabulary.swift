import Foundation
import MneedleKit
import MneedleRandom

/// Likely words for the arguments of commands, so that most requests mean something.
enum Vocabulary {
    /// Names that occur in no other word that the service says.
    static let people = ["zilpzalp", "stieglitz", "neuntoeter", "wendehals", "rotkehlchen", "zaunkoenig"]
    /// Those who use the service as the unix user of their record.
    static let owners: [(person: String, peer: Peer)] = [
        ("zilpzalp", .ada), ("stieglitz", .ada), ("neuntoeter", .ben), ("wendehals", .kim), ("rotkehlchen", .eve),
    ]
    static let devices = ["pen-1", "pen-2", "roller-1", "roller-2", "steel-1"]
    static let symptoms = [
        "redness", "swelling", "pus", "pain", "rash", "hives", "burning", "fever", "itching", "sneezing",
    ]

    private static let words: [String: [String]] = [
        "operator": ["lee", "max"], "finding": ["pregnancy", "keloid-history", "open-reaction", "cold-sore"],
        "time_zone": ["Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Pacific/Apia", "Nowhere/None"],
        "unix_user": ["ada", "ben", "kim", "eve", "-"], "material": ["titanium", "surgical-steel", "tin"],
        "agent": ["isopropyl-alcohol", "ethanol", "water"], "method": ["gravity", "prevacuum", "oven"],
        "symptom": symptoms, "also": symptoms, "product": ["retinol", "sunscreen", "vitamin-c", "makeup", "butter"],
        "question": ["pregnancy-or-nursing", "keloid-history", "needled-on"], "code": ["retinoid", "pregnancy"],
        "override": ["too-soon", "not-screened", "open-reaction", "beginner-depth"], "physician": ["Lee", "Ray"],
        "by": ["Lee", "Ray"], "serial": ["0001", "0002"], "model": ["Dermapen", "Gartenschlauch"],
        "field": ["depth_mm"],
        "kind": ["session.started", "reminder.*"], "topics": ["*"], "module": ["session", "skindiary"],
        "off": ["window-opens", "clean-head"], "on": ["window-opens"], "move": ["window-opens:7"],
        "steriliser": ["s-1"], "load": ["17", "18"], "lot": ["A1", "B2"], "path": ["copy.sqlite"],
        "head": ["00"], "command": ["ping", "session.start"], "areas": ["cheeks", "chin", "forehead", "scalp"],
    ]
    private static let oddWords = [
        "\"\"", "0", "-1", "9223372036854775807", "1e400", "null", "[]", "{}", "2200-12-31", "0001-01-01T00:00:00Z",
        "99999999999d", "\"\\u00e9\"", "a,,b", "PT0S", "\"" + String(repeating: "x", count: 1100) + "\"",
    ]

    /// A line for a command, drawn from the description of its arguments.
    static func line(
        _ verb: String, _ parameters: [AnyParameter], _ random: inout SeededGenerator
    ) -> String {
        let person = people.randomElement(using: &random)!
        // What is about nobody in particular names nobody: everybody may read it.
        let somebody = parameters.contains { $0.name == "person" && $0.isRequired } ? person : "somebody"
        var words = [verb]
        for parameter in parameters where parameter.name != "idempotency_key" {
            guard parameter.isRequired || chance(35, &random) else { continue }
            if chance(2, &random) {
                words.append("\(parameter.name)=\(oddWords.randomElement(using: &random)!)")
            } else {
                words.append(contentsOf: word(parameter, person, somebody, &random))
            }
        }
        return words.joined(separator: " ")
    }

    private static func word(
        _ parameter: AnyParameter, _ person: String, _ somebody: String, _ random: inout SeededGenerator
    ) -> [String] {
        if case .object(let members) = parameter.type {
            if parameter.name == "answers", chance(80, &random) { return [answers(&random)] }
            return members.filter { _ in chance(20, &random) }.flatMap { member -> [String] in
                var member = member
                member.name = "\(parameter.name).\(member.name)"
                return word(member, person, somebody, &random)
            }
        }
        return ["\(parameter.name)=\(value(parameter.name, parameter.type, person, somebody, &random))"]
    }

    private static func value(
        _ name: String, _ type: AnyParameterType, _ person: String, _ somebody: String,
        _ random: inout SeededGenerator
    ) -> String {
        switch name {
        case "person", "owner": return chance(90, &random) ? person : people.randomElement(using: &random)!
        case "twin": return people.randomElement(using: &random)!
        case "device": return devices.randomElement(using: &random)!
        case "cartridge": return "c-\(Int.random(in: 0..<12, using: &random))"
        case "session", "with", "reaction", "reminder", "entry":
            return "{\(name == "with" ? "session" : name):\(Int.random(in: 0..<5, using: &random))}"
        case "depth_mm": return ["0.25", "0.3", "0.3", "0.5", "1.0"].randomElement(using: &random)!
        case "since" where type == .integer(0...Int64.max): return "0"
        default: break
        }
        if let known = words[name], chance(90, &random) { return known.randomElement(using: &random)! }
        return value(type, somebody, &random)
    }

    private static func value(
        _ type: AnyParameterType, _ somebody: String, _ random: inout SeededGenerator
    ) -> String {
        switch type {
        case .name: return ["lee", "Lee Ann", "x"].randomElement(using: &random)!
        case .slug: return ["lee", "a-1", "x"].randomElement(using: &random)!
        case .text, .line: return "\"well enough, \(somebody)\""
        case .integer(let range):
            let most = min(range.upperBound, range.lowerBound &+ 20)
            return "\(Int64.random(in: range.lowerBound...max(most, range.lowerBound), using: &random))"
        case .number(let range): return String(format: "%.2f", Double.random(in: range, using: &random))
        case .boolean: return Bool.random(using: &random) ? "yes" : "no"
        case .date: return "{day:\(Int.random(in: -60...120, using: &random))}"
        case .dateOr(let words):
            return chance(50, &random) ? words[0] : "{day:\(Int.random(in: -60...0, using: &random))}"
        case .time: return "{in:\(Int.random(in: -2...20, using: &random) * 7200)}"
        case .duration: return ["30m", "2h", "1d", "3d", "2w", "9999d"].randomElement(using: &random)!
        case .choice(let words): return words.randomElement(using: &random) ?? "x"
        case .list(let element):
            return (0..<Int.random(in: 1...2, using: &random)).map { _ in value(element, somebody, &random) }
                .joined(separator: ",")
        case .object: return "{}"
        }
    }

    private static let questions = [
        "needled-on", "skin-condition", "cold-sore", "skin-history", "pregnancy-or-nursing", "health-condition",
        "medicine", "vitamin-a", "allergy", "sunburn-on", "recent-procedure", "topical-anaesthetic", "new-product",
        "beyond-needling",
    ]

    /// The answers of somebody who is well, with at most one that is another.
    static func answers(_ random: inout SeededGenerator, isWell: Bool = false) -> String {
        let other = isWell || chance(60, &random) ? nil : questions.randomElement(using: &random)
        let told = questions.map { question in
            let isDay = question.hasSuffix("-on")
            let answer =
                question == other
                ? (isDay ? "{day:-\(Int.random(in: 1...40, using: &random))}" : "yes")
                : isDay ? "never" : "no"
            return "answers.\(question)=\(answer)"
        }
        return (["answers.born-on=1990-04-28"] + told).joined(separator: " ")
    }

    static func chance(_ percent: Int, _ random: inout SeededGenerator) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }
}

/// What stands for the places in a line.
struct Places {
    private let model: Model
    private let now: Instant

    init(_ model: Model, _ now: Instant) { (self.model, self.now) = (model, now) }

    func filled(_ line: String) -> String {
        guard line.contains("{") else { return line }
        var (filled, rest) = ("", line[...])
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            filled += rest[..<open]
            filled += value(rest[open...close].dropFirst().dropLast()) ?? String(rest[open...close])
            rest = rest[close...].dropFirst()
        }
        return filled + rest
    }

    private func value(_ place: Substring) -> String? {
        let words = place.split(separator: ":")
        guard words.count == 2, let number = Int(words[1]) else { return nil }
        switch words[0] {
        case "in": return now.adding(seconds: Double(number)).description
        case "day": return String(now.adding(seconds: Double(number) * 86_400).description.prefix(10))
        case "running": return one(model.running, number)
        case "session": return one(model.sessions.keys.sorted(by: >), number)
        case "reminder": return one(model.openReminders, number)
        case "reaction": return one(model.reactions.keys.sorted(by: >), number)
        case "entry": return "\(number + 1)"
        default: return nil
        }
    }

    private func one(_ ids: [Int64], _ number: Int) -> String {
        ids.isEmpty ? "1" : "\(ids[number % ids.count])"
    }
}
