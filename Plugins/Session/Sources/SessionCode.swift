import MneedleKit

/// The codes of this module's findings. Their words, severities and sources are in the knowledge file.
enum SessionCode: String, FindingCode {
    // Depth.
    case depthOverLimit = "depth-over-limit"
    case depthOutOfDeviceRange = "depth-out-of-device-range"
    case depthOverZone = "depth-over-zone"
    case depthNotEvaluated = "depth-not-evaluated"
    case depthUnderClinicRange = "depth-under-clinic-range"
    case depthIsNeedleLength = "depth-is-needle-length"
    case depthRangeUnknown = "depth-range-unknown"
    case deeperThanAdvised = "scalp-depth"
    case rollerDepth = "roller-depth"
    case beginnerDepth = "beginner-depth"
    case beginnerRoller = "beginner-roller"
    case beginnerDevice = "beginner-device"
    // The device.
    case needleLengthUnknown = "needle-length-unknown"
    case needleMaterial = "needle-material"
    case needleMaterialUnclear = "needle-material-unclear"
    case needleMaterialUnknown = "needle-material-unknown"
    case deviceOfFirstUser = "device-of-first-user"
    case deviceRetired = "device-retired"
    case deviceTwin = "device-twin"
    // Areas, person and operator.
    case areaNotAllowed = "area-not-allowed"
    case orbitalRim = "orbital-rim"
    case skinTypeNotLabelled = "skin-type-not-labelled"
    case skinTypeNeeded = "skin-type-needed"
    case personTwin = "person-twin"
    case operatorNotQualified = "operator-not-qualified"
    case sessionRunning = "session-running"
    case mayStop = "may-stop"
    case passDue = "pass-due"
    case stopUnexplained = "stop-unexplained"
    // A session while it runs and afterwards.
    case sessionFlagged = "session-flagged"
    case tooManyPasses = "too-many-passes"
    case stoppedPain = "stopped-pain"
    case stoppedBleeding = "stopped-bleeding"
    case stoppedRash = "stopped-rash"
    case stoppedOther = "stopped-other"

    var placeholders: [String] {
        switch self {
        case .depthOverLimit, .depthOverZone: ["depth_mm", "limit_mm", "where"]
        case .depthOutOfDeviceRange: ["depth_mm", "device", "range"]
        case .depthNotEvaluated: ["limit_mm"]
        case .deeperThanAdvised: ["limit_mm", "where"]
        case .depthUnderClinicRange, .rollerDepth, .beginnerRoller: ["depth_mm", "limit_mm"]
        case .depthIsNeedleLength: ["device", "needle_mm", "depth_mm"]
        case .depthRangeUnknown: ["device", "kind", "depth_mm"]
        case .beginnerDepth, .beginnerDevice: ["depth_mm", "limit_mm", "device", "least_mm", "sessions"]
        case .needleLengthUnknown: ["device", "kind"]
        case .needleMaterial, .needleMaterialUnclear: ["material", "device"]
        case .needleMaterialUnknown, .deviceOfFirstUser, .deviceRetired: ["device"]
        case .deviceTwin: ["device", "twin"]
        case .areaNotAllowed: ["where", "reason"]
        case .orbitalRim: ["where"]
        case .skinTypeNotLabelled: ["type", "device", "types", "where"]
        case .skinTypeNeeded: ["person", "device", "types", "where"]
        case .personTwin: ["person", "twin"]
        case .operatorNotQualified: ["reason"]
        case .sessionRunning: ["session", "what"]
        case .mayStop, .stopUnexplained: ["session"]
        case .passDue: ["session", "pass", "passes", "device", "what"]
        case .sessionFlagged: ["session", "codes"]
        case .tooManyPasses: ["passes", "limit"]
        case .stoppedPain, .stoppedBleeding, .stoppedRash, .stoppedOther: []
        }
    }

    /// The findings that a practice may word and not weaken.
    var firmness: Firmness {
        switch self {
        case .depthOverLimit, .depthOutOfDeviceRange, .depthIsNeedleLength, .depthRangeUnknown, .needleLengthUnknown,
            .deviceRetired, .deviceTwin, .areaNotAllowed, .skinTypeNeeded, .personTwin, .sessionRunning,
            .stopUnexplained:
            .blocks(in: [.home, .clinic])
        case .deviceOfFirstUser: .blocks(in: [.home])
        case .orbitalRim, .operatorNotQualified: .blocks(in: [.clinic])
        case .depthOverZone, .depthNotEvaluated, .depthUnderClinicRange, .deeperThanAdvised, .rollerDepth,
            .beginnerDepth, .beginnerRoller, .beginnerDevice, .mayStop, .passDue, .needleMaterial,
            .needleMaterialUnclear,
            .needleMaterialUnknown, .skinTypeNotLabelled, .sessionFlagged, .tooManyPasses, .stoppedPain,
            .stoppedBleeding, .stoppedRash, .stoppedOther:
            .none
        }
    }
}

extension StopReason {
    /// The code of the finding that says what to do when a session was stopped for that reason.
    var code: SessionCode {
        switch self {
        case .pain: .stoppedPain
        case .bleeding: .stoppedBleeding
        case .rash: .stoppedRash
        case .other: .stoppedOther
        }
    }
}

extension Sessions {
    /// A finding of this module. None of them names a time, which would need the person's zone.
    func find(
        _ code: SessionCode, _ setting: Setting, sources: [Source]? = nil,
        _ values: [String: any CustomStringConvertible] = [:]
    ) throws -> [Finding] {
        try knowledge.findings.find(code, setting, in: .utc, sources: sources, values)
    }
}
