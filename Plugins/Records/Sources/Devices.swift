import MneedleKit

extension Records {
    private static let reply = [
        ReplyMember("device", "the name given"), ReplyMember("kind", "roller, pen or stamp"),
        ReplyMember("needle_mm", "length of fixed needles"),
        ReplyMember("min_depth_mm", "least depth it can be set to"),
        ReplyMember("max_depth_mm", "greatest depth it can be set to"),
        ReplyMember("material", "what the needles are made of"),
        ReplyMember("owner", "the one person whose skin it may touch"),
        ReplyMember("cartridges", "whether it takes single-use cartridges"),
        ReplyMember("areas", "the areas it is meant for; empty for no restriction"),
        ReplyMember("model", "the maker's model"),
        ReplyMember("serial", "its serial number"), ReplyMember("retired", "whether it is out of use"),
    ]

    private static let depth = ParameterType.number(0.05...5)

    var addDevice: Command {
        Command(
            "add-device", "Registers a device.", role: .operator,
            parameters: [
                .required("device", .slug, "A short name for the device, for example pen-1."),
                .required("kind", .choice(DeviceKind.allCases.map(\.rawValue)), "How it works."),
                .optional("needle_mm", Records.depth, "Length of fixed needles, as of a roller."),
                .optional("min_depth_mm", Records.depth, "Least depth it can be set to."),
                .optional("max_depth_mm", Records.depth, "Greatest depth it can be set to."),
                .optional("material", .slug, "What the needles are made of: surgical-steel, titanium, …"),
                .optional("owner", .slug, "The one person whose skin it may touch."),
                .optional("cartridges", .boolean, "Whether it takes single-use cartridges.", default: nil),
                .optional(
                    "areas", .list(.choice(knowledge.areas)), "The areas it is meant for; a scalp device names scalp."),
                .optional("model", .line(maximum: 100), "The maker's model; a known one fills in what its label says."),
                .optional("serial", .line(maximum: 100), "Its serial number."),
            ],
            reply: Records.reply, errors: [.conflict, .notFound],
            concerns: .named(.init("owner", names: "person"), otherwise: .nobody),
            example:
                "records.add-device device=pen-1 kind=pen min_depth_mm=0.2 max_depth_mm=2.5 cartridges=yes owner=anna",
            .writes { request, transaction in
                let device = try described(request.arguments, transaction)
                let slug = device.device
                guard try fetchDevice(slug, transaction) == nil else {
                    throw alreadyThere(
                        "device", slug, "retire it with records.retire-device and give the new one another name")
                }
                try transaction.execute(
                    """
                    INSERT INTO records_devices (device, kind, needle_mm, min_depth_mm, max_depth_mm, material, owner,
                        cartridges, areas, model, serial)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """, slug, device.kind.rawValue, device.needleMM, device.minDepthMM, device.maxDepthMM,
                    device.material, device.owner, device.cartridges, device.areas.joined(separator: ","), device.model,
                    device.serial)
                try transaction.record(
                    Entry("device.added", subject: "device/\(slug)", person: device.owner, body: device.object))
                return device.object
            })
    }

    private func described(_ arguments: Arguments, _ reading: any Reading) throws -> Device {
        let model = arguments.text("model").flatMap(knowledge.model)
        let device = Device(
            device: try arguments.requiredText("device"),
            kind: DeviceKind(rawValue: try arguments.requiredText("kind")) ?? .pen,
            needleMM: arguments.number("needle_mm"),
            minDepthMM: arguments.number("min_depth_mm") ?? model?.minDepthMM,
            maxDepthMM: arguments.number("max_depth_mm") ?? model?.maxDepthMM,
            material: arguments.text("material") ?? model?.material, owner: arguments.text("owner"),
            cartridges: arguments.boolean("cartridges") ?? model?.cartridges ?? false,
            areas: arguments.texts("areas") ?? model?.areas ?? [], model: arguments.text("model"),
            serial: arguments.text("serial"))
        if let model, model.kind != device.kind {
            throw ModuleError.invalidArgument(
                "kind", expected: "\(model.kind.rawValue), which the model '\(model.name)' is",
                got: device.kind.rawValue)
        }
        if let least = device.minDepthMM, let most = device.maxDepthMM, least > most {
            throw ModuleError.invalidArgument(
                "min_depth_mm", expected: "not over max_depth_mm, \(most)", got: String(least))
        }
        if let owner = device.owner { _ = try requirePerson(owner, reading) }
        return device
    }

    var showDevice: Command {
        Command(
            "show-device", "Shows a device's record.", role: .reader,
            parameters: [.required("device", .slug, "Which device.")], reply: Records.reply, errors: [.notFound],
            concerns: .named("device"), example: "records.show-device device=pen-1",
            .reads { request, reading in
                try requireDevice(request.arguments.requiredText("device"), reading).object
            })
    }

    var listDevices: Command {
        Command(
            "list-devices", "Lists the devices on record by name, retired ones too.", role: .reader,
            reply: Records.reply,
            concerns: .named(rows: [.init("owner", names: "person", isOptional: true)]),
            example: "records.list-devices",
            .lists { _, reading, sink in
                try reading.forEach("SELECT * FROM records_devices ORDER BY device", []) {
                    try sink(Device(row: $0).object)
                }
                return [:]
            })
    }

    var retireDevice: Command {
        Command(
            "retire-device", "Takes a device out of use for good.", role: .operator,
            parameters: [
                .required("device", .slug, "Which device."),
                .optional("reason", .text(maximum: 500), "Why, for example dull needles."),
            ],
            reply: Records.reply, errors: [.notFound, .conflict],
            concerns: .named("device"), example: "records.retire-device device=roller-1 reason=\"bent needles\"",
            .writes { request, transaction in
                var device = try requireDevice(request.arguments.requiredText("device"), transaction)
                guard !device.retired else {
                    throw ModuleError.conflict("device '\(device.device)' is retired already", state: "retired")
                }
                device.retired = true
                let reason = request.arguments.text("reason")
                try transaction.execute(
                    "UPDATE records_devices SET retired = 1, retired_reason = ? WHERE device = ?", reason, device.device
                )
                try transaction.record(
                    Entry(
                        "device.retired", subject: "device/\(device.device)", person: device.owner,
                        body: ["device": device.device, "reason": reason]))
                return device.object
            })
    }

    func fetchDevice(_ slug: String, _ reading: any Reading) throws -> Device? {
        try reading.row("SELECT * FROM records_devices WHERE device = ?", slug).map(Device.init(row:))
    }

    var deviceOwners: Possession {
        Possession(of: "device") { argument, reading in
            guard case .text(let slug) = argument, let device = try fetchDevice(slug, reading) else { return .unknown }
            return device.owner.map { .person($0) } ?? .nobody
        }
    }

    func requireDevice(_ slug: String, _ reading: any Reading) throws -> Device {
        if let device = try fetchDevice(slug, reading) { return device }
        let names = try reading.rows("SELECT device FROM records_devices ORDER BY device").compactMap {
            $0.text("device")
        }
        throw ModuleError.notFound(
            "device", slug, suggestions: suggestions(for: slug, in: names),
            next: "records.list-devices shows the devices, records.add-device registers one")
    }
}

extension Device {
    init(row: Row) throws {
        guard let device = row.text("device"), let kind = row.text("kind").flatMap(DeviceKind.init) else {
            throw ModuleError.internal("a row of records_devices cannot be read")
        }
        self.init(
            device: device, kind: kind, needleMM: row.number("needle_mm"), minDepthMM: row.number("min_depth_mm"),
            maxDepthMM: row.number("max_depth_mm"), material: row.text("material"), owner: row.text("owner"),
            cartridges: row.bool("cartridges"),
            areas: (row.text("areas") ?? "").split(separator: ",").map(String.init), model: row.text("model"),
            serial: row.text("serial"), retired: row.bool("retired"))
    }
}
