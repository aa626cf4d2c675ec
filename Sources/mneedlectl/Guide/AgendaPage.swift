import MneedleClient
import MneedleWire

/// A thing to do or to know: a row of `today`, or a finding that a refusal names.
struct Matter {
    let kind: String
    let message: String
    let advice: String
    let until: String?
    /// The daemon's own words for that time.
    let end: String?
    /// The command that settles it.
    let remedy: Remedy?

    /// A command with the arguments that are known, and those to ask for beside the required ones.
    struct Remedy {
        let verb: String
        let arguments: [RequestLine.Word]
        let asks: [String]

        init?(_ value: JSON?) {
            guard let value, let verb = value["command"]?.string else { return nil }
            self.verb = verb
            arguments = (value["arguments"]?.members ?? []).map {
                RequestLine.Word($0.name, .bare(HumanText.scalar($0.value)))
            }
            asks = value["asks"]?.strings ?? []
        }

        /// The command as a person types it.
        var words: String {
            let known = arguments.map { "--\(ParameterDescription.flagName($0.name)) \($0.value.text)" }
            return (["mneedlectl"] + verb.split(separator: ".").map(String.init) + known).joined(separator: " ")
        }
    }

    init(_ row: JSON) {
        kind = row["kind"]?.string ?? "open"
        message = row["message"]?.string ?? ""
        advice = row["advice"]?.string ?? ""
        end = row["until"]?.string
        until = row["until"].flatMap { $0 == .null ? nil : HumanText.scalar($0) }
        remedy = Remedy(row["remedy"])
    }
}

/// What there is to do, for a person: what comes first is told first, and what can be settled has a number.
struct AgendaPage {
    let matters: [Matter]
    let width: Int

    static let headings = [
        ("now", "Now:"), ("open", "Before the next session:"), ("due", "May be done now:"), ("running", "At present:"),
        ("expiring", "Holds for a while:"), ("waiting", "No session before:"), ("upcoming", "Comes:"),
        ("never", "Speaks against every session:"),
    ]

    /// The matters that can be settled, by their numbers.
    var numbered: [Matter] { ordered.filter { $0.remedy != nil } }

    /// The matters in the order in which they are told.
    var ordered: [Matter] {
        let known = AgendaPage.headings.map(\.0)
        // A kind that a later daemon adds comes last, and is not lost.
        return AgendaPage.headings.flatMap { kind, _ in matters.filter { $0.kind == kind } }
            + matters.filter { !known.contains($0.kind) }
    }

    var text: String {
        guard !matters.isEmpty else { return "There is nothing to do.\n" }
        var number = 0
        var heading: String?
        var lines: [String] = []
        for matter in ordered {
            if heading != matter.kind {
                heading = matter.kind
                if !lines.isEmpty { lines.append("") }
                lines.append(AgendaPage.headings.first { $0.0 == matter.kind }?.1 ?? "\(matter.kind):")
            }
            if matter.remedy != nil { number += 1 }
            lines += self.lines(of: matter, mark: matter.remedy == nil ? "    " : " \(number)  ")
        }
        return HumanText.safe(lines.map { $0 + "\n" }.joined())
    }

    private func lines(of matter: Matter, mark: String) -> [String] {
        let isTold = ["waiting", "running"].contains(matter.kind)
        let until = isTold ? matter.until.map { " (until \(LocalTime.text($0)))" } : nil
        let indent = String(repeating: " ", count: 4)
        var lines = HumanText.wrap(matter.message + (until ?? ""), width: width - 4)
        if matter.remedy == nil, !matter.advice.isEmpty {
            lines += HumanText.wrap(matter.advice, width: width - 6).map { "  " + $0 }
        }
        if let remedy = matter.remedy { lines.append("  " + remedy.words) }
        return lines.enumerated().map { ($0 == 0 ? mark : indent) + $1 }
    }
}
