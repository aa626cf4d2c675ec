import Glibc
import MneedleClient
import MneedleSystem
import MneedleWire

/// The output of results and errors, in the form that the options choose.
struct Output {
    let form: RowForm
    /// The members to print; all where that is `nil`.
    let fields: [String]?
    let isQuiet: Bool
    let hasHeader: Bool
    /// Whether findings are told with their sources.
    let tellsSources: Bool
    /// The terminal's width, if standard output is a terminal.
    let terminalWidth: Int?

    init(_ options: Options) {
        form = options.form
        fields = options.fields.isEmpty ? nil : options.fields
        isQuiet = options.quiet
        hasHeader = !options.noHeader
        let width = Self.widthOfTerminal()
        terminalWidth = form == .wide ? nil : width
        tellsSources = options.why || width == nil
    }

    private var isJSON: Bool { form == .json }

    /// The width of running text.
    var width: Int { terminalWidth ?? 80 }

    /// Prints a text for a person, whatever the form of results.
    func text(_ text: String) {
        if !isQuiet { print(HumanText.safe(text), terminator: "") }
    }

    /// Prints the object of an `OK`.
    func reply(_ object: JSON) {
        guard !isQuiet else { return }
        if form == .csv || form == .tsv {
            // A single object is a listing of one row.
            var rows = rows(of: (object.members ?? []).map(\.name))
            rows.add(object)
            return rows.finish([:])
        }
        var object = object.only(fields)
        if !isJSON, !tellsSources { object = object.withoutSources }
        print(isJSON ? object.text : HumanText.reply(object, width: terminalWidth), terminator: isJSON ? "\n" : "")
    }

    /// A printer for the rows of a listing as they come.
    /// - Parameter columns: The members that a row may have, in their order.
    func rows(of columns: [String]) -> RowPrinter { RowPrinter(output: self, columns: fields ?? columns) }

    func event(_ event: Event, bell: Bool) {
        if !isQuiet, isJSON {
            let seq = event.seq.map(JSON.integer) ?? .null
            print(
                JSON.object([.init("seq", seq), .init("topic", .string(event.topic)), .init("body", event.body)]).text)
        } else if !isQuiet {
            let seq = event.seq.map(String.init) ?? "-"
            print(HumanText.safe("\(seq)  \(event.topic)  \(HumanText.flat(event.body))"))
        }
        if bell { Self.complain("\u{7}", terminator: "") }
        fflush(nil)
    }

    /// Prints a note during the work, on standard error.
    func note(_ text: String) {
        if !isQuiet { Self.complain(HumanText.safe("mneedlectl: \(text)"), terminator: "\n") }
    }

    func failure(_ failure: Failure) {
        // Earlier output on standard output comes first.
        fflush(nil)
        if isJSON {
            print(failure.json.text)
        } else {
            var failure = failure
            if !tellsSources { failure.details = JSON.object(failure.details).withoutSources.members ?? [] }
            Self.complain(failure)
        }
    }

    /// Writes to standard error.
    static func complain(_ text: String, terminator: String = "\n") { StandardError.write(text + terminator) }

    /// Writes a failure to standard error, for a person.
    static func complain(_ failure: Failure) {
        complain(HumanText.failure(failure, width: widthOfTerminal(STDERR_FILENO)), terminator: "")
    }

    private static func widthOfTerminal(_ descriptor: Int32 = STDOUT_FILENO) -> Int? {
        var size = winsize()
        guard isatty(descriptor) == 1, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 else { return nil }
        return size.ws_col >= 20 ? Int(size.ws_col) : 80
    }
}

/// Prints the rows of a listing: JSON at once; lines of text as they are, for they are a file; otherwise a table, once
/// enough rows are known for its columns' widths.
struct RowPrinter {
    private static let enough = 200

    let output: Output
    /// The columns in their order, whether a row has them or not.
    private let columns: [String]
    private var waiting: [JSON] = []
    private var table: TextTable?
    private var count = 0
    private var isText = false

    init(output: Output, columns: [String]) { (self.output, self.columns) = (output, columns) }

    mutating func add(_ row: JSON) {
        guard !output.isQuiet else { return }
        count += 1
        if output.form == .json {
            print(row.only(output.fields).text)
        } else if output.form == .csv || output.form == .tsv {
            if count == 1 { printHeader() }
            print(output.form.line(columns.map { RowForm.field(row[$0]) }), terminator: "")
        } else if let members = row.members, members.count == 1, members[0].name == "text",
            let line = members[0].value.string
        {
            isText = true
            // A line for a file stays as it is; for a terminal it must not contain commands.
            print(output.terminalWidth == nil ? line : HumanText.safe(line))
        } else if let table {
            print(table.lines(row.only(output.fields)), terminator: "")
        } else {
            waiting.append(row.only(output.fields))
            if waiting.count == Self.enough { printWaiting() }
        }
    }

    /// - Parameter end: The object of the listing's `OK`.
    mutating func finish(_ end: JSON) {
        guard !output.isQuiet, output.form != .json else { return }
        if output.form == .csv || output.form == .tsv {
            // A table without rows has its columns all the same.
            if count == 0 { printHeader() }
            return
        }
        if table == nil { printWaiting() }
        if count == 0 { Output.complain("nothing to list") }
        if isText {
            fflush(nil)
            for member in end.members ?? [] { output.note("\(member.name): \(member.value.text)") }
        } else if let members = end.members, !members.isEmpty {
            print("\n" + HumanText.reply(end, width: output.terminalWidth), terminator: "")
        }
    }

    private func printHeader() {
        if output.hasHeader { print(output.form.line(columns), terminator: "") }
    }

    private mutating func printWaiting() {
        let table = TextTable(sample: waiting, order: columns, width: output.terminalWidth)
        if output.hasHeader, !waiting.isEmpty { print(table.header, terminator: "") }
        for row in waiting { print(table.lines(row), terminator: "") }
        waiting = []
        self.table = table
    }
}
