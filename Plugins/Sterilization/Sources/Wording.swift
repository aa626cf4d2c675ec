import MneedleKit

/// What this module finds. The words, severities and sources are in the knowledge file.
enum Code: String, CaseIterable, Sendable {
    // About a session that is planned.
    case notDisinfected = "not-disinfected"
    case notSterile = "not-sterile"
    case cleaningDue = "cleaning-due"
    case deviceOfAnother = "device-of-another"
    case cartridgeMissing = "cartridge-missing"
    case cartridgeUsed = "cartridge-used"
    case cartridgeExpired = "cartridge-expired"
    case cartridgeUnlabelled = "cartridge-unlabelled"
    case headWet = "head-wet"
    case rollerWorn = "roller-worn"
    case headUsedUp = "head-used-up"
    // About what was logged.
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

    static let prohibitions: [Code] = [
        .notDisinfected, .notSterile, .cleaningDue, .deviceOfAnother, .cartridgeMissing, .cartridgeUsed,
        .cartridgeExpired, .headUsedUp,
    ]
    /// At home these only advise.
    static let clinicProhibitions: [Code] = [.cartridgeUnlabelled]
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
    }
    private let phrases: [Phrase: String]

    init(_ file: Table) {
        let table = file.table("wording")
        if table == nil { file.report("wording", "missing") }
        phrases = Dictionary(
            uniqueKeysWithValues: Phrase.allCases.map { ($0, table?.string($0.rawValue) ?? $0.rawValue) })
    }

    subscript(phrase: Phrase) -> String { phrases[phrase] ?? phrase.rawValue }
}

/// A word as the knowledge file writes it: lower case, hyphens for blanks and underscores.
func normalised(_ text: String) -> String {
    text.lowercased().split { $0 == " " || $0 == "_" || $0 == "-" || $0 == "\t" }.joined(separator: "-")
}

/// A number without a needless fraction: `5`, `4.5`.
func numberText(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e9 ? String(Int(number)) : String(number)
}
