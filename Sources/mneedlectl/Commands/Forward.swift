import ArgumentParser
import Glibc
import MneedleClient

extension Tool {
    /// `forward DEVICE --serial PATH [OPTION…]`
    func forward(_ words: [String]) throws(Failure) -> Never {
        var forwarder = Forwarder(tool: self, order: try ForwardOrder(words))
        try forwarder.run()
    }
}

struct ForwardArguments: OwnArguments {
    static let way =
        "mneedlectl forward DEVICE --serial PATH [--baud N] [--columns NAME,…] [--separator ,|;|tab] "
        + "[--measurement NAME] [--precision ns|us|ms|s]"

    @Argument var device: String = ""
    @Option(parsing: .unconditional, help: .init(valueName: "path")) var serial: String?
    @Option(parsing: .unconditional, help: .init(valueName: "bits a second")) var baud = "115200"
    @Option(parsing: .unconditional, help: .init(valueName: "names")) var columns: String?
    @Option(parsing: .unconditional, help: .init(valueName: ", or ; or tab")) var separator: String?
    @Option(parsing: .unconditional, help: .init(valueName: "name")) var measurement: String?
    @Option(parsing: .unconditional, help: .init(valueName: "unit")) var precision = "ns"
}

/// An order of `forward`, as its command line gives it.
struct ForwardOrder {
    static let way = ForwardArguments.way

    /// The path of the device file, which may come and go.
    let path: String
    let speed: speed_t
    let lines: DeviceLines

    init(_ words: [String]) throws(Failure) {
        let given = try ForwardArguments.read(words)
        guard Self.isName(given.device) else {
            throw .usage("forward needs the device whose points they are, by its name on record", next: Self.way)
        }
        guard let path = given.serial, path.hasPrefix("/") else {
            let got = given.serial.map { ", got '\($0)'" } ?? ""
            throw .usage("--serial: expected an absolute path such as /dev/ttyUSB0\(got)", next: Self.way)
        }
        self.path = path
        speed = try Self.speed(given.baud)
        guard let zeros = Self.zeros[given.precision] else {
            throw .usage("--precision: expected ns, us, ms or s, got '\(given.precision)'", next: Self.way)
        }
        lines = DeviceLines(device: given.device, columns: try Self.columns(given), zeros: zeros)
    }

    /// The options, with their meanings.
    static let completions = [
        ("--serial", "the device file"), ("--baud", "bits a second"), ("--columns", "fields of lines of values"),
        ("--separator", "between columns"), ("--measurement", "of lines of values"), ("--precision", "unit of times"),
    ]
    private static let zeros = ["ns": 0, "us": 3, "ms": 6, "s": 9]
    private static let separators = [",": UInt8(ascii: ","), ";": UInt8(ascii: ";"), "tab": UInt8(ascii: "\t")]

    private static func speed(_ text: String) throws(Failure) -> speed_t {
        if let baud = Int(text), let found = SerialPort.speeds.first(where: { $0.baud == baud }) {
            return found.constant
        }
        let known = SerialPort.speeds.map { String($0.baud) }.joined(separator: ", ")
        throw .usage("--baud: expected one of \(known), got '\(text)'", next: way)
    }

    private static func columns(_ given: ForwardArguments) throws(Failure) -> DeviceColumns? {
        guard let list = given.columns else {
            for (name, value) in [("--separator", given.separator), ("--measurement", given.measurement)]
            where value != nil {
                throw .usage("\(name) is only for lines of --columns", next: way)
            }
            return nil
        }
        let names = list.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let fields = names.filter { $0 != DeviceColumns.time && $0 != DeviceColumns.none }
        let isOnce = Set(fields).count == fields.count && names.count(where: { $0 == DeviceColumns.time }) <= 1
        guard !fields.isEmpty, !fields.contains(""), isOnce else {
            throw .usage("--columns: expected the names of the columns' fields, each once, got '\(list)'", next: way)
        }
        let text = given.separator ?? ","
        guard let separator = separators[text] else {
            throw .usage("--separator: expected ',', ';' or 'tab', got '\(text)'", next: way)
        }
        let measurement = given.measurement ?? "pen"
        guard isName(measurement) else {
            throw .usage("--measurement: expected letters, digits, '-' and '_', got '\(measurement)'", next: way)
        }
        return DeviceColumns(measurement: measurement, names: names, separator: separator)
    }

    /// Whether a text needs no escapes in line protocol.
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
                    || byte == 46 || byte == 95
            }
    }
}
