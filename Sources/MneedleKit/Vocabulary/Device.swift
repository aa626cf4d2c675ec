/// The kinds of device, by how they work.
public enum DeviceKind: String, CaseIterable, Sendable {
    case roller, pen, stamp

    /// Whether the depth can be set. Of a roller or a stamp the needle length is the depth.
    public var isAdjustable: Bool { self == .pen }
}

/// A device, as `records.show-device` answers it.
public struct Device: Hashable, Sendable {
    /// The slug that names the device.
    public var device: String
    /// The kind of the device: roller, pen or stamp.
    public var kind: DeviceKind
    /// The length of fixed needles, in mm; on record for each roller and stamp.
    public var needleMM: Double?
    /// The least depth that can be set, in mm; of a pen.
    public var minDepthMM: Double?
    /// The greatest depth that can be set, in mm; of a pen.
    public var maxDepthMM: Double?
    /// The material of the needles: `titanium`, `surgical-steel`.
    public var material: String?
    /// The one person whose skin its head may touch; `nil` for a device with single-use cartridges.
    public var owner: String?
    /// Whether the device takes single-use cartridges. A pen does, unless its record gives a reason why not.
    public var cartridges: Bool
    /// The reason why a pen takes no cartridges.
    public var cartridgesReason: String?
    /// The areas that the device is meant for; empty for no such restriction. A scalp device names `scalp`.
    public var areas: [String]
    /// The maker's name of the model.
    public var model: String?
    /// The number on its plate, by which two records of one device are recognised.
    public var serial: String?
    /// The Fitzpatrick skin types that the device's label names for an area; every type for an area that is not here.
    public var skinTypes: [String: [Int]]
    /// Whether no session may start with it any more.
    public var retired: Bool

    /// A device with these values; the record of a real one comes from ``Reading/device(_:)``.
    public init(
        device: String, kind: DeviceKind, needleMM: Double? = nil, minDepthMM: Double? = nil,
        maxDepthMM: Double? = nil, material: String? = nil, owner: String? = nil, cartridges: Bool = false,
        cartridgesReason: String? = nil, areas: [String] = [], model: String? = nil, serial: String? = nil,
        skinTypes: [String: [Int]] = [:], retired: Bool = false
    ) {
        self.device = device
        self.kind = kind
        self.needleMM = needleMM
        self.minDepthMM = minDepthMM
        self.maxDepthMM = maxDepthMM
        self.material = material
        self.owner = owner
        self.cartridges = cartridges
        self.cartridgesReason = cartridgesReason
        self.areas = areas
        self.model = model
        self.serial = serial
        self.skinTypes = skinTypes
        self.retired = retired
    }

    /// The depth in mm that the needles reach whatever is planned; `nil` for a device that can be set.
    public var fixedDepthMM: Double? { kind.isAdjustable ? nil : needleMM }
}

extension Device: EntryBody, ValueConvertible {
    public static let members: [Member<Device>] = [
        Member("device", "the name given", \.device), Member("kind", "roller, pen or stamp", \.kind),
        Member("needle_mm", "length of fixed needles; of a roller or stamp it is the depth", \.needleMM),
        Member("min_depth_mm", "least depth it can be set to", \.minDepthMM),
        Member("max_depth_mm", "greatest depth it can be set to", \.maxDepthMM),
        Member("material", "what the needles are made of", \.material),
        Member("owner", "the one person whose skin it may touch", \.owner),
        Member("cartridges", "whether it takes single-use cartridges", \.cartridges),
        Member("cartridges_reason", "why a pen takes none", \.cartridgesReason),
        Member("areas", "the areas it is meant for; empty for no restriction", \.areas),
        Member("model", "the maker's model", \.model), Member("serial", "its serial number", \.serial),
        Member("skin_types", "the Fitzpatrick skin types that its label names, for each area that it limits") {
            $0.labelledTypes
        },
        Member("retired", "whether it is out of use", \.retired),
    ]

    public var value: Value { .object(object) }

    /// ``skinTypes`` as the reply has them; `nil` where the label limits nothing.
    private var labelledTypes: Object? {
        guard !skinTypes.isEmpty else { return nil }
        return Object(uniqueMembers: skinTypes.sorted { $0.key < $1.key }.map { .init($0.key, $0.value.value) })
    }

    public var object: Object {
        [
            "device": device, "kind": kind.rawValue, "needle_mm": needleMM, "min_depth_mm": minDepthMM,
            "max_depth_mm": maxDepthMM, "material": material, "owner": owner, "cartridges": cartridges,
            "cartridges_reason": cartridgesReason, "areas": areas, "model": model, "serial": serial,
            "skin_types": labelledTypes, "retired": retired,
        ]
    }

    /// Reads a device from the reply of `records.show-device`.
    /// - Throws: `internal` when a member is missing.
    public init(_ object: Object) throws {
        guard let device = object.string("device"), let kind = object.string("kind").flatMap(DeviceKind.init)
        else { throw ModuleError.internal("a device's record lacks device or kind") }
        self.init(
            device: device, kind: kind, needleMM: object.number("needle_mm"),
            minDepthMM: object.number("min_depth_mm"), maxDepthMM: object.number("max_depth_mm"),
            material: object.string("material"), owner: object.string("owner"),
            cartridges: object.bool("cartridges") ?? (kind == .pen),
            cartridgesReason: object.string("cartridges_reason"), areas: object.strings("areas"),
            model: object.string("model"), serial: object.string("serial"),
            skinTypes: Device.skinTypes(object.object("skin_types") ?? [:]),
            retired: object.bool("retired") ?? false)
    }

    private static func skinTypes(_ object: Object) -> [String: [Int]] {
        object.members.reduce(into: [:]) { types, member in
            types[member.name] = (object.list(member.name) ?? []).compactMap {
                if case .integer(let type) = $0 { Int(type) } else { nil }
            }
        }
    }
}

extension Reading {
    /// The device of that name.
    /// - Throws: `not-found` when there is none.
    public func device(_ slug: String) throws -> Device {
        try Device(modules.ask("records.show-device", ["device": slug]))
    }

    /// The names of all records of this device, its own first. A twin counts until somebody decides that it is another device.
    public func deviceRecords(of device: String) throws -> [String] {
        try modules.ask("records.same-device", ["device": device]).strings("records")
    }
}
