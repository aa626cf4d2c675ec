import MneedleKit

/// What the host looks up in this library.
@_cdecl("mneedle_module_records")
public func mneedleModuleRecords() -> UnsafeMutableRawPointer { definition.export() }

/// Keeps who is treated, with what, by whom, and what a physician has cleared.
let definition = ModuleDefinition(
    manifest: Manifest(
        name: "records", version: "0.1.0",
        summary: "Keeps people, devices, operators and physicians' clearances.",
        configuration: [
            ConfigurationKey(
                "default_setting", .choice(Setting.allCases.map(\.rawValue)), default: "home",
                "Where a person is treated when the record does not say."),
            ConfigurationKey(
                "default_time_zone", .line(maximum: 64), default: "UTC",
                "The IANA time zone of a person whose record does not say."),
        ],
        knowledge: ["areas", "clearances", "devices", "reasons"],
        records: [
            "person.*", "device.added", "device.changed", "device.retired", "operator.*", "clearance.*", "twin.*",
        ]),
    migrations: migrations
) { setup in
    let records = Records(
        knowledge: Knowledge(setup),
        defaultSetting: setup.configuration.text("default_setting") ?? "home",
        defaultTimeZone: setup.configuration.text("default_time_zone") ?? "UTC")
    return Module(
        commands: [
            records.addPerson, records.changePerson, records.showPerson, records.listPeople,
            records.addDevice, records.changeDevice, records.showDevice, records.listDevices, records.retireDevice,
            records.choosingADevice, records.samePerson, records.sameDevice, records.decideTwin,
            records.decideDeviceTwin,
            records.addOperator, records.showOperator, records.listOperators,
            records.clear, records.clearances,
        ],
        possessions: [records.deviceOwners],
        commonKinds: ["operator.added", "device.added", "device.changed", "device.retired", "twin.device-decided"])
}

let migrations = [
    Migration(
        1, "people, devices, operators, clearances, and what was decided of twins",
        [
            """
            CREATE TABLE records_people (
                person TEXT NOT NULL PRIMARY KEY,
                name TEXT,
                setting TEXT NOT NULL,
                goal TEXT NOT NULL,
                time_zone TEXT NOT NULL,
                fitzpatrick INTEGER,
                first_time INTEGER NOT NULL,
                unix_user TEXT,
                birth_date TEXT)
            """,
            "CREATE INDEX records_people_unix_user ON records_people (unix_user) WHERE unix_user IS NOT NULL",
            "CREATE INDEX records_people_birth_date ON records_people (birth_date) WHERE birth_date IS NOT NULL",
            """
            CREATE TABLE records_devices (
                device TEXT NOT NULL PRIMARY KEY,
                kind TEXT NOT NULL,
                needle_mm REAL,
                min_depth_mm REAL,
                max_depth_mm REAL,
                material TEXT,
                owner TEXT REFERENCES records_people (person),
                cartridges INTEGER NOT NULL,
                cartridges_reason TEXT,
                areas TEXT NOT NULL,
                model TEXT,
                serial TEXT,
                retired INTEGER NOT NULL DEFAULT 0,
                retired_reason TEXT)
            """,
            """
            CREATE TABLE records_operators (
                operator TEXT NOT NULL PRIMARY KEY,
                max_depth_mm REAL NOT NULL,
                trained_until TEXT)
            """,
            """
            CREATE TABLE records_clearances (
                id INTEGER PRIMARY KEY,
                person TEXT NOT NULL REFERENCES records_people (person),
                finding TEXT NOT NULL,
                cleared_by TEXT NOT NULL,
                at BIGINT NOT NULL,
                until TEXT NOT NULL,
                note TEXT)
            """,
            "CREATE INDEX records_clearances_person ON records_clearances (person)",
            """
            CREATE TABLE records_twins (
                kind TEXT NOT NULL,
                one TEXT NOT NULL,
                other TEXT NOT NULL,
                same INTEGER NOT NULL,
                reason TEXT NOT NULL,
                decided_by TEXT NOT NULL,
                at BIGINT NOT NULL,
                PRIMARY KEY (kind, one, other))
            """,
        ])
]

/// The module at work: one kind of record in each file of this folder.
struct Records: Sendable {
    let knowledge: Knowledge
    let defaultSetting: String
    let defaultTimeZone: String
}

/// A name that is taken.
func alreadyThere(_ kind: String, _ name: String, _ next: String) -> ModuleError {
    .conflict("\(kind) '\(name)' is on record already; \(next)", state: "exists")
}
