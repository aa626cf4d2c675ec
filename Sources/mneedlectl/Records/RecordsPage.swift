import ArgumentParser
import Glibc
import MneedleClient
import MneedleSystem
import MneedleWire

struct RecordsPageArguments: OwnArguments {
    static let way = "mneedlectl records page --person NAME --output FILE"

    @Option(parsing: .unconditional, help: .init(valueName: "name")) var person: String
    @Option(parsing: .unconditional, help: .init(valueName: "file")) var output: String
}

/// `records page`: everything that is kept about a person, as a page for that person.
extension Tool {
    /// `records page --person NAME --output FILE`
    func page(_ words: [String]) throws(Failure) {
        let given = try RecordsPageArguments.read(words)
        let connection = try connect()
        var page = PersonPage(person: given.person)
        _ = try asking("records.export") { () throws(ClientError) in
            try connection.request("records.export", ["person": .string(given.person)]) { page.add($0) }
        }
        let bytes = Array(page.html.utf8)
        do throws(SystemError) {
            try AtomicFile.replace(given.output, with: bytes)
        } catch { throw .unwritable(given.output, error) }
        output.reply(["output": .string(given.output), "rows": .integer(Int64(page.count))])
    }
}

/// A page with what is kept about a person, table by table.
struct PersonPage {
    private let person: String
    private var tables: [(name: String, rows: [JSON])] = []

    init(person: String) { self.person = person }

    var count: Int { tables.reduce(0) { $0 + $1.rows.count } }

    /// Adds a row of `records.export`.
    mutating func add(_ row: JSON) {
        guard let table = row["table"]?.string, let row = row["row"] else { return }
        if tables.last?.name == table {
            tables[tables.count - 1].rows.append(row)
        } else {
            tables.append((table, [row]))
        }
    }

    /// The page.
    var html: String {
        let tables = tables.map { table -> [String: Any] in
            [
                "title": PersonPage.title(table.name),
                "rows": table.rows.map { row -> [String: Any] in
                    [
                        "cells": (row.members ?? []).map { member -> [String: Any] in
                            ["name": PersonPage.words(member.name), "value": PersonPage.shown(member.value)]
                        }
                    ]
                },
            ]
        }
        return PersonPage.template?.render(["title": "What mneedle keeps about \(person)", "tables": tables]) ?? ""
    }

    /// `aftercare_windows` as words.
    private static func title(_ table: String) -> String {
        let words = words(table == "mneedle_ledger" ? "ledger" : table)
        return words.prefix(1).uppercased() + words.dropFirst()
    }

    private static func words(_ name: String) -> String { name.split(separator: "_").joined(separator: " ") }

    private static func shown(_ value: JSON) -> String {
        switch value {
        case .string(let text): text
        case .bool(let isTrue): isTrue ? "yes" : "no"
        default: HumanText.flat(value)
        }
    }

    private static let template = Page.template(
        style: """
            table { border-collapse: collapse; width: 100%; margin: 0 0 1rem; border-top: 1px solid #999 }
            th { text-align: left; font-weight: normal; color: #555; width: 30%; vertical-align: top }
            td { overflow-wrap: anywhere }
            """,
        body: """
            <p>Everything that the service has about this person, table by table. Times are in UTC.</p>
            {{#tables}}
            <h2>{{title}}</h2>
            {{#rows}}
            <table>
            {{#cells}}
            <tr><th>{{name}}</th><td>{{value}}</td></tr>
            {{/cells}}
            </table>
            {{/rows}}
            {{/tables}}
            """)
}
