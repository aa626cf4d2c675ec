import FoundationEssentials
import MneedleClient
import MneedleWire

/// A session that runs, with what its device reports.
struct TopSession {
    /// A limit of a field, as the daemon has it.
    struct Limit {
        let field: String
        let least: Double?
        let most: Double?

        init?(_ row: JSON) {
            guard let field = row["field"]?.string else { return nil }
            (self.field, least, most) = (field, row["min"]?.number, row["max"]?.number)
        }

        func isBroken(by value: Double) -> Bool {
            most.map { value > $0 } ?? false || least.map { value < $0 } ?? false
        }
    }

    /// An alarm that is not over.
    struct Alarm {
        let code: String
        let field: String?
        let value: Double?
        let limit: Double?
        let since: Date?

        init(_ row: JSON) {
            code = row["code"]?.string ?? "alarm"
            (field, value, limit) = (row["field"]?.string, row["value"]?.number, row["limit"]?.number)
            since = row["at"]?.string.flatMap(LocalTime.date)
        }
    }

    private(set) var row: JSON
    let number: Int64
    private(set) var limits: [Limit] = []
    /// The newest value of each field, and those before it.
    private(set) var values: [String: [Double]] = [:]
    /// When the device was last heard of.
    private(set) var heard: Date?
    private(set) var alarms: [Alarm] = []
    /// Why it is not known what the device reports, if the daemon does not say.
    private(set) var silentBecause: String?
    /// Whether the alarms are not known, for the daemon does not say.
    private(set) var alarmsUnknownBecause: String?

    /// The most values of a field that are kept to be drawn.
    private static let most = 200

    init?(_ row: JSON) {
        guard let number = row["session"]?.integer else { return nil }
        (self.row, self.number) = (row, number)
    }

    /// What the list of sessions now says of it.
    mutating func update(_ row: JSON) { self.row = row }

    var started: Date? { row["started"]?.string.flatMap(LocalTime.date) }

    /// Who, with what, where and how deep.
    var text: String {
        let depth = row["depth_mm"]?.number.map { "\(HumanText.scalar(.number($0))) mm" }
        let passes = row["passes"]?.integer.map { $0 == 1 ? "1 pass" : "\($0) passes" }
        let parts = [
            row["person"]?.string, row["device"]?.string, row["areas"]?.strings.joined(separator: ", "), depth, passes,
        ]
        return parts.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " · ")
    }

    // MARK: What the daemon tells

    /// Takes the answer of `telemetry.summary`. What has come live meanwhile is newer.
    mutating func take(summary: JSON) {
        silentBecause = nil
        limits = (summary["limits"]?.elements ?? []).compactMap(Limit.init)
        let end = summary["to"]?.string.flatMap(LocalTime.date)
        let isNewer = heard.map { heard in end.map { $0 > heard } ?? false } ?? true
        for member in summary["fields"]?.members ?? [] {
            guard let last = member.value["last"]?.number, isNewer || values[member.name] == nil else { continue }
            add(last, to: member.name)
        }
        if isNewer { heard = end }
    }

    private mutating func add(_ value: Double, to field: String) {
        values[field, default: []].append(value)
        let excess = (values[field]?.count ?? 0) - TopSession.most
        if excess > 0 { values[field]?.removeFirst(excess) }
    }

    /// Takes the newest values of an event.
    /// - Returns: Whether there is a field among them whose limits are not known yet.
    mutating func take(sample: JSON) -> Bool {
        heard = Date()
        var isNew = false
        for member in sample.members ?? [] {
            guard !["session", "person"].contains(member.name), let value = member.value.number else { continue }
            isNew = isNew || values[member.name] == nil
            add(value, to: member.name)
        }
        return isNew
    }

    /// Takes the rows of `telemetry.alarms`.
    mutating func take(alarms rows: [JSON]) {
        alarmsUnknownBecause = nil
        alarms = rows.filter { ($0["over_at"] ?? .null) == .null }.map(Alarm.init)
    }

    /// Takes an alarm that was just told.
    mutating func take(breach: JSON) {
        let alarm = Alarm(breach)
        if !alarms.contains(where: { $0.code == alarm.code }) { alarms.append(alarm) }
    }

    mutating func isUnknown(_ question: TopQuestion, because why: String) {
        if case .summary = question { silentBecause = why }
        if case .alarms = question { alarmsUnknownBecause = why }
    }
}
