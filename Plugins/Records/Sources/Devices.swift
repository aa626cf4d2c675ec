import MneedleKit

extension Records {
    private static let newDevice = Parameter.required(
        "device", .name, "What the device is called, for example pen-1; a short name is made of it.")
    private static let owner = Parameter.optional("owner", .slug, "The one person whose skin it may touch.")

    var addDevice: Command {
        Command(
            "add-device", "Registers a device.", role: .operator,
            takes: Records.newDevice, Records.deviceKind, Records.owner, deviceDetails, gives: Device.self,
            errors: [.conflict, .notFound], concerns: .named(.init("owner", names: "person"), otherwise: .nobody),
            example:
                "records.add-device device=pen-1 kind=pen min_depth_mm=0.2 max_depth_mm=2.5 cartridges=yes owner=anna",
            writes: { transaction, given, kind, owner, details in
                let slug = given.slug
                let device = try described(details, on: Device(device: slug, kind: kind, owner: owner))
                if let owner = device.owner { _ = try requirePerson(owner, transaction) }
                guard try fetchDevice(slug, transaction) == nil else {
                    throw alreadyThere(
                        "device", slug, "retire it with records.retire-device and give the new one another name")
                }
                try transaction.store.execute(
                    """
                    INSERT INTO records_devices (device, kind, needle_mm, min_depth_mm, max_depth_mm, material, owner,
                        cartridges, cartridges_reason, areas, model, serial)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """, slug, device.kind.rawValue, device.needleMM, device.minDepthMM, device.maxDepthMM,
                    device.material, device.owner, device.cartridges, device.cartridgesReason,
                    device.areas.joined(separator: ","),
                    device.model, device.serial)
                try transaction.record(
                    Entry("device.added", subject: "device/\(slug)", person: device.owner, body: device.object))
                return device
            })
    }

    static let whichDevice = Parameter.required("device", .slug, "Which device.")

    var changeDevice: Command {
        Command(
            "change-device", "Changes what is given in a device's record and leaves the rest.", role: .operator,
            takes: Records.whichDevice, deviceDetails, correctionReason, gives: Device.self, errors: [.notFound],
            concerns: .named("device"), example: "records.change-device device=roller-1 material=surgical-steel",
            writes: { transaction, slug, details, reason in
                let before = try requireDevice(slug, transaction)
                let device = try described(details, on: before)
                guard device != before else { return device }
                let reason = try reasonToCorrect(
                    [
                        (DeviceDetails.needle.name, before.needleMM, device.needleMM),
                        (DeviceDetails.minDepth.name, before.minDepthMM, device.minDepthMM),
                        (DeviceDetails.maxDepth.name, before.maxDepthMM, device.maxDepthMM),
                        (DeviceDetails.material.name, before.material, device.material),
                        (DeviceDetails.model.name, before.model, device.model),
                        (
                            deviceAreas.name, before.areas.isEmpty ? nil : before.areas.joined(separator: ","),
                            device.areas.joined(separator: ",")
                        ),
                    ], reason)
                let alike = try twins(of: before.device, .device, transaction).undecided
                try transaction.store.execute(
                    """
                    UPDATE records_devices SET needle_mm = ?, min_depth_mm = ?, max_depth_mm = ?, material = ?,
                        cartridges = ?, cartridges_reason = ?, areas = ?, model = ?, serial = ?
                    WHERE device = ?
                    """, device.needleMM, device.minDepthMM, device.maxDepthMM, device.material, device.cartridges,
                    device.cartridgesReason, device.areas.joined(separator: ","), device.model, device.serial,
                    device.device)
                try requireStillAlike(alike, before.device, .device, transaction)
                try transaction.record(
                    Entry(
                        "device.changed", subject: "device/\(device.device)", person: device.owner,
                        body: ["device": device.device, "before": before, "after": device, "reason": reason]))
                return device
            })
    }

    var showDevice: Command {
        Command(
            "show-device", "Shows a device's record.", role: .reader, takes: Records.whichDevice, gives: Device.self,
            errors: [.notFound], concerns: .named("device"), example: "records.show-device device=pen-1",
            reads: { reading, slug in try requireDevice(slug, reading) })
    }

    var listDevices: Command {
        Command(
            "list-devices", "Lists the devices on record by name, retired ones too.", role: .reader,
            gives: Device.self, concerns: .named(rows: [.init("owner", names: "person", isOptional: true)]),
            example: "records.list-devices",
            lists: { reading, send in
                try reading.store.forEach("SELECT * FROM records_devices ORDER BY device", []) {
                    try send(labelled(Device(row: $0)))
                }
            }
        )
        .catalogue(of: "device")
    }

    private static let retirement = Parameter.optional(
        "reason", .text(maximum: 500), "Why, for example dull needles.")

    var retireDevice: Command {
        Command(
            "retire-device", "Takes a device out of use for good.", role: .operator,
            takes: Records.whichDevice, Records.retirement, gives: Device.self, errors: [.notFound, .conflict],
            concerns: .named("device"), example: "records.retire-device device=roller-1 reason=\"bent needles\"",
            writes: { transaction, slug, reason in
                var device = try requireDevice(slug, transaction)
                guard !device.retired else {
                    throw ModuleError.conflict("device '\(device.device)' is retired already", state: "retired")
                }
                device.retired = true
                try transaction.store.execute(
                    "UPDATE records_devices SET retired = 1, retired_reason = ? WHERE device = ?", reason, device.device
                )
                try transaction.record(
                    Entry(
                        "device.retired", subject: "device/\(device.device)", person: device.owner,
                        body: ["device": device.device, "reason": reason]))
                return device
            }
        )
        .final("The device is never used again.")
    }

    func fetchDevice(_ slug: String, _ reading: any Reading) throws -> Device? {
        try reading.store.row("SELECT * FROM records_devices WHERE device = ?", slug).map {
            try labelled(Device(row: $0))
        }
    }

    /// The device with its label's limits by skin type, which are not kept with the record, for they change with the knowledge.
    private func labelled(_ device: Device) -> Device {
        var device = device
        device.skinTypes = device.model.flatMap(knowledge.model)?.skinTypes ?? [:]
        return device
    }

    var deviceOwners: Possession {
        Possession(of: "device") { argument, reading in
            guard case .text(let slug) = argument, let device = try fetchDevice(slug, reading) else { return .unknown }
            return device.owner.map { .person($0) } ?? .nobody
        }
    }

    func requireDevice(_ slug: String, _ reading: any Reading) throws -> Device {
        if let device = try fetchDevice(slug, reading) { return device }
        let names = try reading.store.rows("SELECT device FROM records_devices ORDER BY device").compactMap {
            $0.text("device")
        }
        throw ModuleError.notFound(
            "device", slug, suggestions: suggestions(for: slug, in: names),
            next: "records.list-devices shows the devices, records.add-device registers one")
    }
}

extension Device {
    init(row: Row) throws {
        guard let device = row.text("device"), let kind = row.text("kind").flatMap(DeviceKind.init),
            let areas = row.text("areas")
        else { throw ModuleError.internal("a row of records_devices cannot be read") }
        self.init(
            device: device, kind: kind, needleMM: row.number("needle_mm"), minDepthMM: row.number("min_depth_mm"),
            maxDepthMM: row.number("max_depth_mm"), material: row.text("material"), owner: row.text("owner"),
            cartridges: row.bool("cartridges"),
            cartridgesReason: row.text("cartridges_reason"),
            areas: areas.split(separator: ",").map(String.init), model: row.text("model"),
            serial: row.text("serial"), retired: row.bool("retired"))
    }
}
