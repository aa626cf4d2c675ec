import MneedleKit

/// The codes of this module's findings. Their words, severities and sources are in the knowledge file.
enum SterilizationCode: String, FindingCode {
    // Findings about a planned session.
    case notDisinfected = "not-disinfected"
    case notSterile = "not-sterile"
    case cleaningDue = "cleaning-due"
    case deviceOfAnother = "device-of-another"
    case cartridgeMissing = "cartridge-missing"
    case cartridgeUsed = "cartridge-used"
    case cartridgeExpired = "cartridge-expired"
    case cartridgeUnlabelled = "cartridge-unlabelled"
    case soakUnderWay = "soak-under-way"
    case headWet = "head-wet"
    case rollerWorn = "roller-worn"
    case headUsedUp = "head-used-up"
    // Findings about a soak, cycle or cartridge that was logged.
    case soakAgent = "soak-agent"
    case soakTooShort = "soak-too-short"
    case soakConcentration = "soak-concentration"
    case soakConcentrationAdvised = "soak-concentration-advised"
    case soakLongerAdvised = "soak-longer-advised"
    case disinfectedOnly = "disinfected-only"
    case beforeLastUse = "before-last-use"
    case headInUse = "head-in-use"
    case cycleProfile = "cycle-profile"
    case indicatorFailed = "indicator-failed"
    case indicatorMissing = "indicator-missing"
    case cartridgeLookAlike = "cartridge-look-alike"
    case handsNotWashed = "hands-not-washed"
    case surfaceNotClean = "surface-not-clean"
    case headOverlaps = "head-overlaps"
    case steriliserBusy = "steriliser-busy"
    case loadFailed = "load-failed"

    var placeholders: [String] {
        switch self {
        case .notDisinfected, .notSterile, .deviceOfAnother: ["device", "why"]
        case .cleaningDue: ["device", "used"]
        case .cartridgeMissing, .cartridgeUsed: ["cartridge", "device", "person", "why"]
        case .cartridgeExpired: ["cartridge", "device", "person", "expires"]
        case .cartridgeUnlabelled: ["cartridge", "missing"]
        case .cartridgeLookAlike: ["cartridge", "other"]
        case .soakUnderWay: ["device", "began", "counts_from", "minutes"]
        case .headWet: ["device", "soaked", "dry", "minutes"]
        case .rollerWorn, .headUsedUp: ["device", "kind", "uses", "limit"]
        case .soakAgent, .soakTooShort, .soakConcentration, .soakConcentrationAdvised, .soakLongerAdvised,
            .disinfectedOnly,
            .handsNotWashed, .surfaceNotClean:
            [
                "agent", "percent", "minutes", "least_minutes", "advised_minutes", "least_percent", "most_percent",
                "advised_percent", "agents",
            ]
        case .beforeLastUse, .headInUse, .headOverlaps: ["device"]
        case .cycleProfile, .indicatorFailed, .indicatorMissing, .loadFailed:
            ["method", "temperature", "minutes", "profiles", "load"]
        case .steriliserBusy: ["steriliser"]
        }
    }

    /// The file may reword a prohibition but not take it away: nobody may lift the rules of hygiene.
    var firmness: Firmness {
        switch self {
        case .notDisinfected, .notSterile, .cleaningDue, .deviceOfAnother, .cartridgeMissing, .cartridgeUsed,
            .cartridgeExpired, .headUsedUp, .soakUnderWay:
            .blocks(in: [.home, .clinic])
        // At home this finding only advises.
        case .cartridgeUnlabelled: .blocks(in: [.clinic])
        default: .none
        }
    }
}

/// The phrases that stand for `{why}` in a finding's message.
struct Wording: Sendable {
    enum Phrase: String, CaseIterable {
        case neverSoaked = "never-soaked"
        case soakedBeforeLastUse = "used-since"
        case readinessOver = "readiness-over"
        case inUse = "in-use"
        case neverSterilised = "never-sterilised"
        case disinfectedOnly = "disinfected-only"
        case openedTooLong = "opened-too-long"
        case ownedByAnother = "owned-by-another"
        case usedByAnother = "used-by-another"
        case noneNamed = "none-named"
        case notOpened = "not-opened"
        case openedForOtherDevice = "opened-for-other-device"
        case openedForAnother = "opened-for-another"
        case alreadyUsed = "already-used"
        case discarded = "discarded"
        case sharedAtHome = "shared-at-home"
        case clockBehind = "clock-behind"

        var placeholders: [String] {
            switch self {
            case .soakedBeforeLastUse: ["used"]
            case .readinessOver, .clockBehind: ["time"]
            case .openedTooLong: ["opened"]
            default: []
            }
        }
    }
    private let phrases: [Phrase: String]

    init(_ table: Table) {
        phrases = Dictionary(
            uniqueKeysWithValues: Phrase.allCases.map {
                ($0, table.string($0.rawValue, placeholders: $0.placeholders))
            })
    }

    subscript(phrase: Phrase) -> String { phrases[phrase] ?? phrase.rawValue }
}
