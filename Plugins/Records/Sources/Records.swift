import MneedleKit

let defaultSettingKey = Parameter.optional(
    "default_setting", .choice(Setting.self), "Where a person is treated when the record does not say.", default: .home)
let defaultTimeZoneKey = Parameter.optional(
    "default_time_zone", .line(maximum: 64),
    "The IANA time zone of a person whose record does not say; the machine's if left out.")

/// The symbol that the host looks up in this library.
@_cdecl("mneedle_module_records")
public func mneedleModuleRecords() -> UnsafeMutableRawPointer { definition.export() }

/// Keeps the records of people, devices and operators, and a physician's clearances.
let definition = ModuleDefinition(
    manifest: Manifest(
        name: "records", version: "0.1.0",
        summary: "Keeps people, devices, operators and physicians' clearances.",
        configuration: .of(defaultSettingKey, defaultTimeZoneKey),
        knowledge: ["areas", "clearances", "devices", "reasons"],
        records: [
            "person.*", "device.added", "device.changed", "device.retired", "operator.*", "clearance.*", "twin.*",
        ]),
    migrations: migrations
) { setup in
    let records = Records(
        knowledge: RecordsKnowledge(setup),
        defaultSetting: try setup[defaultSettingKey],
        defaultTimeZone: try setup[defaultTimeZoneKey])
    return Module(
        commands: [
            records.addPerson, records.changePerson, records.showPerson, records.listPeople,
            records.addDevice, records.changeDevice, records.showDevice, records.listDevices, records.retireDevice,
            records.choosingADevice, records.samePerson, records.sameDevice, records.decideTwin,
            records.decideDeviceTwin,
            records.addOperator, records.showOperator, records.listOperators,
            records.clear, records.clearances, records.erase, records.export,
        ],
        agenda: [records.agenda],
        possessions: [records.people, records.deviceOwners],
        commonKinds: ["operator.added", "device.added", "device.changed", "device.retired", "twin.device-decided"],
        events: [.init(.personChanged), .init(.deviceDecided)])
}

let migrations = [
    Migration(
        1, "people, devices, operators, clearances, and what was decided of twins",
        [
            .table(
                "records_people",
                [
                    .person().primaryKey(), .text("name").optional().sealed(), .text("setting"), .text("goal").sealed(),
                    .text("time_zone").sealed(), .integer("fitzpatrick").optional().sealed(),
                    .boolean("first_time").sealed(), .text("unix_user").optional().sealed(),
                    .text("unix_user_match").optional().looked(), .date("birth_date").optional().sealed(),
                    .date("birth_date_match").optional().looked(),
                ]),
            .index(
                "records_people_unix_user", on: "records_people", ["unix_user_match"],
                where: "unix_user_match IS NOT NULL"),
            .index(
                "records_people_birth_date", on: "records_people", ["birth_date_match"],
                where: "birth_date_match IS NOT NULL"),
            .table(
                "records_devices",
                [
                    .text("device").primaryKey(), .text("kind"), .real("needle_mm").optional(),
                    .real("min_depth_mm").optional(), .real("max_depth_mm").optional(), .text("material").optional(),
                    .person("owner").optional().references("records_people", "person"), .boolean("cartridges"),
                    .text("cartridges_reason").optional().sealed(of: "owner"), .text("areas"),
                    .text("model").optional(), .text("serial").optional().sealed(of: "owner"),
                    .boolean("retired", default: false),
                    .text("retired_reason").optional().sealed(of: "owner"),
                ]),
            .table(
                "records_operators",
                [.text("operator").primaryKey(), .real("max_depth_mm"), .date("trained_until").optional()]),
            .table(
                "records_clearances",
                [
                    .id, .person().references("records_people", "person"), .text("finding").sealed(),
                    .text("cleared_by").sealed(), .time("at"), .date("until"), .text("note").optional().sealed(),
                ]),
            .index("records_clearances_person", on: "records_clearances", ["person"]),
            .table(
                "records_twins",
                [
                    .person("one"), .person("other"), .boolean("same"), .text("reason").sealed(of: "one"),
                    .text("decided_by").sealed(of: "one"), .time("at"),
                ], primaryKey: ["one", "other"]),
            .table(
                "records_device_twins",
                [.text("one"), .text("other"), .boolean("same"), .text("reason"), .text("decided_by"), .time("at")],
                primaryKey: ["one", "other"]),
        ])
]

/// The module at work: one kind of record in each file of this folder.
struct Records: Sendable {
    let knowledge: RecordsKnowledge
    let defaultSetting: Setting
    let defaultTimeZone: String?
}

/// The error for a name that is taken.
func alreadyThere(_ kind: String, _ name: String, _ next: String) -> ModuleError {
    .conflict("\(kind) '\(name)' is on record already; \(next)", state: "exists")
}
