import MneedleKit

/// The details of a device that a request gives; those that it leaves out are `nil`.
struct DeviceDetails: Sendable {
    var needleMM: Double?
    var minDepthMM: Double?
    var maxDepthMM: Double?
    var material: String?
    var cartridges: Bool?
    var cartridgesReason: String?
    var areas: [String]?
    var model: String?
    var serial: String?

    private static let depth = ParameterType.number(0.05...5)

    static let needle = Parameter.optional(
        "needle_mm", depth, "Length of fixed needles; a roller or stamp needs it, for it is the depth that they reach.")
    static let minDepth = Parameter.optional(
        "min_depth_mm", depth, "Least depth it can be set to; a pen's only.")
    static let maxDepth = Parameter.optional(
        "max_depth_mm", depth, "Greatest depth it can be set to; a pen's only.")
    static let material = Parameter.optional(
        "material", .slug, "What the needles are made of: surgical-steel, titanium, …")
    static let cartridges = Parameter.optional(
        "cartridges", .boolean, "Whether it takes single-use cartridges; a pen does if nothing is said.")
    static let cartridgesReason = Parameter.optional(
        "cartridges_reason", .line(maximum: 200), "Why a pen takes none; needed with cartridges=no.")
    static let model = Parameter.optional(
        "model", .line(maximum: 100), "The maker's model; a known one fills in what its label says.")
    static let serial = Parameter.optional(
        "serial", .line(maximum: 100), "Its serial number, as it stands on the device.")
}

extension Records {
    static let deviceKind = Parameter.required("kind", .choice(DeviceKind.self), "How it works.")

    var deviceAreas: Parameter<[String]?> {
        .optional("areas", .list(.choice(knowledge.areas)), "The areas it is meant for; a scalp device names scalp.")
    }

    var deviceDetails: Parameter<DeviceDetails> {
        .group(
            DeviceDetails.needle, DeviceDetails.minDepth, DeviceDetails.maxDepth, DeviceDetails.material,
            DeviceDetails.cartridges, DeviceDetails.cartridgesReason, deviceAreas, DeviceDetails.model,
            DeviceDetails.serial, as: DeviceDetails.init)
    }

    /// The device with the given details, and with those of its model's label where nobody says otherwise.
    func described(_ details: DeviceDetails, on before: Device) throws -> Device {
        var device = before
        if let name = details.model { device.model = name }
        let model = device.model.flatMap(knowledge.model)
        if let model, model.kind != device.kind {
            throw ModuleError.invalidArgument(
                Records.deviceKind.name, expected: "\(model.kind.rawValue), which the model '\(model.name)' is",
                got: device.kind.rawValue)
        }
        device.material = details.material ?? device.material ?? model?.material
        if let areas = details.areas {
            device.areas = areas
        } else if device.areas.isEmpty {
            device.areas = model?.areas ?? []
        }
        device.serial = details.serial ?? device.serial
        device.skinTypes = model?.skinTypes ?? [:]
        device.needleMM = details.needleMM ?? device.needleMM
        if device.kind.isAdjustable {
            try setRange(details, model, of: &device)
        } else {
            try requireLength(details, model, of: device)
        }
        try setCartridges(details, model, of: &device)
        return device
    }

    private func setRange(_ details: DeviceDetails, _ model: DeviceModel?, of device: inout Device) throws {
        device.minDepthMM = details.minDepthMM ?? device.minDepthMM ?? model?.minDepthMM
        device.maxDepthMM = details.maxDepthMM ?? device.maxDepthMM ?? model?.maxDepthMM
        if let least = device.minDepthMM, let most = device.maxDepthMM, least > most {
            throw ModuleError.invalidArgument(
                DeviceDetails.minDepth.name, expected: "not over \(DeviceDetails.maxDepth.name), \(most)",
                got: String(least))
        }
    }

    /// Requires the needle length of a roller or stamp: it is the depth, so that the record is of no use without it.
    private func requireLength(_ details: DeviceDetails, _ model: DeviceModel?, of device: Device) throws {
        let kind = device.kind.rawValue
        let needle = DeviceDetails.needle.name
        let range = [(DeviceDetails.minDepth, details.minDepthMM), (DeviceDetails.maxDepth, details.maxDepthMM)]
        for (parameter, depth) in range {
            guard let depth else { continue }
            throw ModuleError.invalidArgument(
                parameter.name,
                expected: "nothing, for a \(kind) cannot be set; give its needle length as \(needle)",
                got: String(depth))
        }
        guard let length = device.needleMM else {
            throw ModuleError.invalidArgument(
                needle,
                expected: "the needle length of the \(kind) in mm as it stands on the box, for it is the depth",
                got: nil)
        }
        guard let model else { return }
        let least = model.minDepthMM ?? 0
        let most = model.maxDepthMM ?? .infinity
        guard length >= least, length <= most else {
            throw ModuleError.invalidArgument(
                needle, expected: "\(least) to \(most), which the model '\(model.name)' has", got: String(length))
        }
    }

    private func setCartridges(_ details: DeviceDetails, _ model: DeviceModel?, of device: inout Device) throws {
        let isPen = device.kind == .pen
        let without = "\(DeviceDetails.cartridges.name)=no"
        if let reason = details.cartridgesReason {
            guard isPen, details.cartridges == false else {
                throw ModuleError.invalidArgument(
                    DeviceDetails.cartridgesReason.name, expected: "it only together with \(without), for a pen",
                    got: reason)
            }
            device.cartridgesReason = try knowledge.reasons.require(DeviceDetails.cartridgesReason.name, reason)
        }
        if let cartridges = details.cartridges {
            device.cartridges = cartridges
            if cartridges { device.cartridgesReason = nil }
        } else if isPen && device.cartridgesReason == nil {
            device.cartridges = true
        } else if let model, !isPen {
            device.cartridges = device.cartridges || model.cartridges
        }
        guard isPen, !device.cartridges, device.cartridgesReason == nil else { return }
        throw ModuleError.invalidArgument(
            DeviceDetails.cartridgesReason.name,
            expected: "why this pen takes no single-use cartridges, with \(without)", got: nil)
    }
}
