/// The kinds of device, by how they work.
public enum DeviceKind: String, CaseIterable, Sendable { case roller, pen, stamp }

/// A device, as `records.show-device` answers it.
public struct Device: Hashable, Sendable {
    /// The slug that names the device.
    public var device: String
    public var kind: DeviceKind
    /// Length of fixed needles.
    public var needleMM: Double?
    public var minDepthMM: Double?
    public var maxDepthMM: Double?
    public var material: String?
    /// The one person whose skin its head may touch; `nil` for a device with single-use cartridges.
    public var owner: String?
    /// Whether it takes single-use cartridges.
    public var cartridges: Bool
    /// The areas it is meant for; empty for no such restriction. A scalp device names `scalp`.
    public var areas: [String]
    public var model: String?
    public var serial: String?
    public var retired: Bool

    public init(
        device: String, kind: DeviceKind, needleMM: Double? = nil, minDepthMM: Double? = nil,
        maxDepthMM: Double? = nil, material: String? = nil, owner: String? = nil, cartridges: Bool = false,
        areas: [String] = [], model: String? = nil, serial: String? = nil, retired: Bool = false
    ) {
        self.device = device
        self.kind = kind
        self.needleMM = needleMM
        self.minDepthMM = minDepthMM
        self.maxDepthMM = maxDepthMM
        self.material = material
        self.owner = owner
        self.cartridges = cartridges
        self.areas = areas
        self.model = model
        self.serial = serial
        self.retired = retired
    }
}

extension Device: ValueConvertible {
    public var value: Value { .object(object) }

    public var object: Object {
        [
            "device": device, "kind": kind.rawValue, "needle_mm": needleMM, "min_depth_mm": minDepthMM,
            "max_depth_mm": maxDepthMM, "material": material, "owner": owner, "cartridges": cartridges,
            "areas": areas, "model": model, "serial": serial, "retired": retired,
        ]
    }

    /// From the reply of `records.show-device`.
    /// - Throws: `internal` when a member is missing.
    public init(_ object: Object) throws {
        guard let device = object.string("device"), let kind = object.string("kind").flatMap(DeviceKind.init)
        else { throw ModuleError.internal("a device's record lacks device or kind") }
        self.init(
            device: device, kind: kind, needleMM: object.number("needle_mm"),
            minDepthMM: object.number("min_depth_mm"), maxDepthMM: object.number("max_depth_mm"),
            material: object.string("material"), owner: object.string("owner"),
            cartridges: object.bool("cartridges") ?? false, areas: object.strings("areas"),
            model: object.string("model"), serial: object.string("serial"),
            retired: object.bool("retired") ?? false)
    }
}

extension Reading {
    /// The device of that name.
    /// - Throws: `not-found` when there is none.
    public func device(_ slug: String) throws -> Device {
        try Device(ask("records.show-device", ["device": slug]))
    }
}
