import MneedleKit

/// The label of a device model with the rules that it makes contraindications, whatever the setting: `contraindications`
/// in `devices.toml`.
struct DeviceLabel: Sendable {
    let model: String
    let title: String
    let kind: DeviceKind
    /// The codes of the rules whose findings the label rules out.
    let contraindications: Set<String>
    let sources: [Source]

    static func all(_ setup: Setup, codes: Set<String>) -> [DeviceLabel] {
        let file = setup.knowledge("devices")
        file.leaveRest()
        return (file.table("model")?.namedTables() ?? []).map { name, table in
            table.leaveRest()
            let ruledOut = table.strings("contraindications", default: [])
            for code in ruledOut where !codes.contains(code) {
                table.report("contraindications", "no rule of screening.toml has the code '\(code)'")
            }
            return DeviceLabel(
                model: name, title: table.string("title"), kind: table.choice("kind", default: .pen),
                contraindications: Set(ruledOut), sources: table.sources())
        }
    }
}

extension ScreeningKnowledge {
    /// The label that rules out a rule's finding. A device whose label is not known is judged by the labels of its kind, for
    /// an unknown label is never read as harmless.
    func label(against code: String, of device: Device?) -> DeviceLabel? {
        guard let device else { return nil }
        let own = labels.filter { $0.model == device.model }
        let counting = own.isEmpty ? labels.filter { $0.kind == device.kind } : own
        return counting.first { $0.contraindications.contains(code) }
    }
}
