import MneedleKit

extension Records {
    private static let reply = [
        ReplyMember("device", "the name given"), ReplyMember("kind", "roller, pen or stamp"),
        ReplyMember("needle_mm", "length of fixed needles; of a roller or stamp it is the depth"),
        ReplyMember("min_depth_mm", "least depth it can be set to"),
        ReplyMember("max_depth_mm", "greatest depth it can be set to"),
        ReplyMember("material", "what the needles are made of"),
        ReplyMember("owner", "the one person whose skin it may touch"),
        ReplyMember("cartridges", "whether it takes single-use cartridges"),
        ReplyMember("cartridges_reason", "why a pen takes none"),
        ReplyMember("areas", "the areas it is meant for; empty for no restriction"),
        ReplyMember("model", "the maker's model"),
        ReplyMember("serial", "its serial number"),
        ReplyMember("skin_types", "the Fitzpatrick skin types that its label names, for each area that it limits"),
        ReplyMember("retired", "whether it is out of use"),
    ]

    private static let depth = AnyParameterType.number(0.05...5)

    private var details: [AnyParameter] {
        [
            .optional(
                "needle_mm", Records.depth,
                "Length of fixed needles; a roller or stamp needs it, for it is the depth that they reach."),
            .optional("min_depth_mm", Records.depth, "Least depth it can be set to; a pen's only."),
            .optional("max_depth_mm", Records.depth, "Greatest depth it can be set to; a pen's only."),
            .optional("material", .slug, "What the needles are made of: surgical-steel, titanium, …"),
            .optional(
                "cartridges", .boolean, "Whether it takes single-use cartridges; a pen does if nothing is said."),
            .optional("cartridges_reason", .line(maximum: 200), "Why a pen takes none; needed with cartridges=no."),
            .optional(
                "areas", .list(.choice(knowledge.areas)), "The areas it is meant for; a scalp device names scalp."),
            .optional("model", .line(maximum: 100), "The maker's model; a known one fills in what its label says."),
            .optional("serial", .line(maximum: 100), "Its serial number, as it stands on the device."),
        ]
    }

    var addDevice: Command {
        Command(
            "add-device", "Registers a device.", role: .operator,
            parameters: [
                .required("device", .slug, "A short name for the device, for example pen-1."),
                .required("kind", .choice(DeviceKind.allCases.map(\.rawValue)), "How it works."),
                .optional("owner", .slug, "The one person whose skin it may touch."),
            ] + details,
            reply: Records.reply, errors: [.conflict, .notFound],
            concerns: .named(.init("owner", names: "person"), otherwise: .nobody),
            example:
                "records.add-device device=pen-1 kind=pen min_depth_mm=0.2 max_depth_mm=2.5 cartridges=yes owner=anna",
            .writes { request, transaction in
                let arguments = request.arguments
                let slug = try arguments.requiredText("device")
                let blank = Device(
                    device: slug, kind: DeviceKind(rawValue: try arguments.requiredText("kind")) ?? .pen,
                    owner: arguments.text("owner"))
                let device = try described(arguments, on: blank)
                if let owner = device.owner { _ = try requirePerson(owner, transaction) }
                guard try fetchDevice(slug, transaction) == nil else {
                    throw alreadyThere(
                        "device", slug, "retire it with records.retire-device and give the new one another name")
                }
                try transaction.execute(
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
                return device.object
            })
    }

    var changeDevice: Command {
        Command(
            "change-device", "Changes what is given in a device's record and leaves the rest.", role: .operator,
            parameters: [.required("device", .slug, "Which device.")] + details + [correctionReason],
            reply: Records.reply, errors: [.notFound], concerns: .named("device"),
            example: "records.change-device device=roller-1 material=surgical-steel",
            .writes { request, transaction in
                let before = try requireDevice(request.arguments.requiredText("device"), transaction)
                let device = try described(request.arguments, on: before)
                guard device != before else { return device.object }
                let reason = try reasonToCorrect(
                    [
                        ("needle_mm", before.needleMM, device.needleMM),
                        ("min_depth_mm", before.minDepthMM, device.minDepthMM),
                        ("max_depth_mm", before.maxDepthMM, device.maxDepthMM),
                        ("material", before.material, device.material),
                        ("model", before.model, device.model),
                        (
                            "areas", before.areas.isEmpty ? nil : before.areas.joined(separator: ","),
                            device.areas.joined(separator: ",")
                        ),
                    ], request)
                let alike = try twins(of: before.device, .device, transaction).undecided
                try transaction.execute(
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
                return device.object
            })
    }

    /// The device with what is given, and with what the label of its model says where nobody says otherwise.
    private func described(_ arguments: Arguments, on before: Device) throws -> Device {
        var device = before
        if let name = arguments.text("model") { device.model = name }
        let model = device.model.flatMap(knowledge.model)
        if let model, model.kind != device.kind {
            throw ModuleError.invalidArgument(
                "kind", expected: "\(model.kind.rawValue), which the model '\(model.name)' is",
                got: device.kind.rawValue)
        }
        device.material = arguments.text("material") ?? device.material ?? model?.material
        if let areas = arguments.texts("areas") {
            device.areas = areas
        } else if device.areas.isEmpty {
            device.areas = model?.areas ?? []
        }
        device.serial = arguments.text("serial") ?? device.serial
        device.skinTypes = model?.skinTypes ?? [:]
        device.needleMM = arguments.number("needle_mm") ?? device.needleMM
        if device.kind.isAdjustable {
            try setRange(arguments, model, of: &device)
        } else {
            try requireLength(arguments, model, of: device)
        }
        try setCartridges(arguments, model, of: &device)
        return device
    }

    private func setRange(_ arguments: Arguments, _ model: DeviceModel?, of device: inout Device) throws {
        device.minDepthMM = arguments.number("min_depth_mm") ?? device.minDepthMM ?? model?.minDepthMM
        device.maxDepthMM = arguments.number("max_depth_mm") ?? device.maxDepthMM ?? model?.maxDepthMM
        if let least = device.minDepthMM, let most = device.maxDepthMM, least > most {
            throw ModuleError.invalidArgument(
                "min_depth_mm", expected: "not over max_depth_mm, \(most)", got: String(least))
        }
    }

    /// The needle length of a roller or stamp is its depth, so its record is of no use without it.
    private func requireLength(_ arguments: Arguments, _ model: DeviceModel?, of device: Device) throws {
        let kind = device.kind.rawValue
        for name in ["min_depth_mm", "max_depth_mm"] {
            guard let depth = arguments.number(name) else { continue }
            throw ModuleError.invalidArgument(
                name, expected: "nothing, for a \(kind) cannot be set; give its needle length as needle_mm",
                got: String(depth))
        }
        guard let length = device.needleMM else {
            throw ModuleError.invalidArgument(
                "needle_mm",
                expected: "the needle length of the \(kind) in mm as it stands on the box, for it is the depth",
                got: nil)
        }
        let least = model?.minDepthMM ?? 0
        let most = model?.maxDepthMM ?? .infinity
        guard length >= least, length <= most else {
            throw ModuleError.invalidArgument(
                "needle_mm", expected: "\(least) to \(most), which the model '\(model?.name ?? "")' has",
                got: String(length))
        }
    }

    private func setCartridges(_ arguments: Arguments, _ model: DeviceModel?, of device: inout Device) throws {
        let isPen = device.kind == .pen
        if let reason = arguments.text("cartridges_reason") {
            guard isPen, arguments.boolean("cartridges") == false else {
                throw ModuleError.invalidArgument(
                    "cartridges_reason", expected: "it only together with cartridges=no, for a pen", got: reason)
            }
            device.cartridgesReason = try knowledge.reasons.require("cartridges_reason", reason)
        }
        if let cartridges = arguments.boolean("cartridges") {
            device.cartridges = cartridges
            if cartridges { device.cartridgesReason = nil }
        } else if isPen && device.cartridgesReason == nil {
            device.cartridges = true
        } else if let model, !isPen {
            device.cartridges = device.cartridges || model.cartridges
        }
        guard isPen, !device.cartridges, device.cartridgesReason == nil else { return }
        throw ModuleError.invalidArgument(
            "cartridges_reason", expected: "why this pen takes no single-use cartridges, with cartridges=no", got: nil)
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
                    try sink(labelled(Device(row: $0)).object)
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
        try reading.row("SELECT * FROM records_devices WHERE device = ?", slug).map { try labelled(Device(row: $0)) }
    }

    /// A limit by skin type is the label's own and not kept with the record: it changes with the knowledge.
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
            cartridgesReason: row.text("cartridges_reason"),
            areas: (row.text("areas") ?? "").split(separator: ",").map(String.init), model: row.text("model"),
            serial: row.text("serial"), retired: row.bool("retired"))
    }
}
