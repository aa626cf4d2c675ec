import MneedleKit

extension Sterilization {
    /// What was used has to be cleaned; what somebody may be treated with has to be made ready for it.
    var agenda: Agenda {
        Agenda("Which heads have to be cleaned, made ready or replaced?") { scope, reading in
            try reading.modules.list("records.list-devices", [:]).map(Device.init)
                .filter { !$0.retired && scope.includes($0.owner) }
                .flatMap { device in
                    let soaking = try Head(of: device.device, in: reading).soaking
                    return try findings(about: device, scope, reading).map { finding in
                        var (kind, finding): (AgendaItem.Kind, Finding) = (finding.blocks ? .open : .due, finding)
                        if let soaking {
                            kind = .now
                            finding.until = .instant(countsFrom(soaking))
                        }
                        return AgendaItem(kind, person: device.owner, device: device.device, finding)
                    }
                }
        }
    }

    private func findings(about device: Device, _ scope: AgendaScope, _ reading: any Reading) throws -> [Finding] {
        let head = try Head(of: device.device, in: reading)
        guard head.running == nil else { return [] }
        let owner = scope.people.first { $0.person == device.owner } ?? (scope.isOfOne ? scope.people.first : nil)
        let setting = owner?.setting ?? .home
        let zone = owner.map(reading.zone(of:)) ?? .utc
        let found = try readiness(
            of: device, head, takesCartridge: device.cartridges, setting: setting, at: reading.now, zone)
        if head.soaking != nil { return found }
        // Cleaning it makes it ready as well.
        if head.cleaningDueSince != nil { return Array(found.prefix(1)) }
        let isWanted = owner.map { scope.free.contains($0.person) } ?? !scope.free.isEmpty
        let worn = try wear(device, head, takesCartridge: device.cartridges, setting)
        // Nobody makes a head ready that is not used any more.
        return worn.contains(where: \.blocks) ? worn : (isWanted ? found : []) + worn
    }
}
