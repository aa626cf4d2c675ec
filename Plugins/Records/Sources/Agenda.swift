import MneedleKit

extension Records {
    /// The first steps: nothing can be said of anybody before somebody, and a device, is on record.
    var agenda: Agenda {
        Agenda("Is anybody on record, and a device?") { scope, reading in
            var items: [AgendaItem] = []
            if scope.people.isEmpty {
                items.append(
                    step(
                        "nobody-on-record", "Nobody is on record yet.",
                        "Say who is treated: a name is enough to begin.",
                        Remedy("records.add-person")))
            }
            let devices = try reading.modules.list("records.list-devices", [:]).map(Device.init)
            if !devices.contains(where: { !$0.retired && scope.includes($0.owner) }) {
                items.append(
                    step(
                        "no-device-on-record", "No device is on record yet.",
                        "Say with what you needle; 'records.choosing-a-device' helps to choose one.",
                        Remedy("records.add-device")))
            }
            return items
        }
    }

    private func step(_ code: String, _ message: String, _ advice: String, _ remedy: Remedy) -> AgendaItem {
        var finding = Finding(
            code: code, severity: .info, message: message, advice: advice, sources: [], module: "records")
        finding.remedy = remedy
        return AgendaItem(.open, finding)
    }
}
