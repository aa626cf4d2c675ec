import Foundation
import MneedleTestKit
import Testing

/// The rules of the house, held against the files: who may know whom, and what may stand where.
@Suite("Architecture")
struct ArchitectureTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static let modules = ["Records", "Screening", "Session", "Scheduling", "Sterilization", "Telemetry", "Aftercare"]

    struct SourceFile {
        var path: String
        var text: String
        /// `Screening` of `Plugins/Screening/Sources/Rules.swift`.
        var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
        var imports: Set<String> {
            Set(
                text.split(separator: "\n").compactMap { line in
                    let words = line.split(separator: " ").map(String.init)
                    guard let index = words.firstIndex(of: "import"), index <= 1, words.count > index + 1 else {
                        return nil
                    }
                    let kinds = ["struct", "class", "enum", "func", "protocol", "typealias", "let", "var"]
                    let name =
                        kinds.contains(words[index + 1]) && words.count > index + 2
                        ? words[index + 2] : words[index + 1]
                    return String(name.prefix { $0 != "." })
                })
        }
    }

    static func swiftFiles(_ folder: String) throws -> [SourceFile] {
        try files(folder).filter { $0.hasSuffix(".swift") }.map {
            SourceFile(path: $0, text: try String(contentsOfFile: root + "/" + $0, encoding: .utf8))
        }
    }

    static func files(_ folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: root + "/" + folder).map { folder + "/" + $0 }
            .filter { !$0.contains("/.build/") }
    }

    @Test("a module knows the kit and nothing else of the program", arguments: modules)
    func modulesKnowTheKit(module: String) throws {
        for file in try Self.swiftFiles("Plugins/\(module)/Sources") {
            var allowed: Set = ["MneedleKit", "FoundationEssentials", "Glibc", "Synchronization"]
            if module == "Telemetry" { allowed.formUnion(["MneedleBulkKit", "MneedleSeries"]) }
            #expect(file.imports.subtracting(allowed).isEmpty, "\(file.path)")
        }
    }

    @Test("the host knows no module, a client neither host nor kit, the wire nothing at all, the system the C library")
    func arrows() throws {
        let clients: Set = ["MneedleKit", "MneedleDaemon"]
        for file in try Self.swiftFiles("Sources/MneedleDaemon") + Self.swiftFiles("Sources/mneedled") {
            #expect(file.imports.isDisjoint(with: Self.modules), "\(file.path)")
        }
        for file in try Self.swiftFiles("Sources/MneedleClient") + Self.swiftFiles("Sources/mneedlectl") {
            #expect(file.imports.isDisjoint(with: clients.union(Self.modules)), "\(file.path)")
        }
        let agent: Set = ["MneedleClient", "MneedleSystem", "MneedleWire", "CSystemd", "Glibc", "FoundationEssentials"]
        for file in try Self.swiftFiles("Sources/MneedleNotify") {
            #expect(file.imports.isSubset(of: agent), "\(file.path)")
        }
        for file in try Self.swiftFiles("Sources/mneedle-notify") {
            #expect(
                file.imports.isSubset(of: ["MneedleNotify", "MneedleSystem", "MneedleWire", "ArgumentParser"]),
                "\(file.path)")
        }
        for file in try Self.swiftFiles("Sources/MneedleWire") { #expect(file.imports.isEmpty, "\(file.path)") }
        for file in try Self.swiftFiles("Sources/MneedleSystem") {
            #expect(file.imports.isSubset(of: ["CMneedleSystem", "Glibc", "Synchronization"]), "\(file.path)")
        }
    }

    @Test("what the operating system gives is asked for in one place")
    func systemIsAskedOnce() throws {
        let calls = [
            "sockaddr_un(", "strerror(", "fsync(", "flock(", "pthread_create(", "detachNewThread", "= Thread {",
        ]
        for file in try Self.swiftFiles("Sources") where !file.path.hasPrefix("Sources/MneedleSystem/") {
            for call in calls { #expect(!file.text.contains(call), "\(file.path): \(call) is MneedleSystem's") }
        }
    }

    @Test("series of numbers know the standard library and zstd, and neither kit nor Foundation")
    func seriesStandAlone() throws {
        let files = try Self.swiftFiles("Sources/MneedleSeries")
        #expect(!files.isEmpty)
        for file in files { #expect(file.imports.isSubset(of: ["CZstd", "Synchronization"]), "\(file.path)") }
    }

    @Test("pictures in the terminal know the C library, and nothing of what is drawn")
    func picturesStandAlone() throws {
        let files = try Self.swiftFiles("Sources/MneedlePictures")
        #expect(!files.isEmpty)
        for file in files { #expect(file.imports.isSubset(of: ["CMneedleSystem"]), "\(file.path)") }
    }

    @Test("the ledger's tree knows hashing and base64, and no ledger")
    func treeStandsAlone() throws {
        let files = try Self.swiftFiles("Sources/MneedleTree")
        #expect(!files.isEmpty)
        for file in files { #expect(file.imports.isSubset(of: ["Crypto", "FoundationEssentials"]), "\(file.path)") }
    }

    @Test("the kit depends on no package: its own note and FoundationEssentials at most")
    func kitStandsAlone() throws {
        for file in try Self.swiftFiles("Sources/MneedleKit") where !file.path.hasSuffix("Package.swift") {
            let allowed: Set =
                file.path.contains("/Bulk/") ? ["MneedleKit"] : ["MneedleModuleNote", "FoundationEssentials"]
            #expect(file.imports.isSubset(of: allowed), "\(file.path)")
        }
        let manifest = try String(contentsOfFile: Self.root + "/Sources/MneedleKit/Package.swift", encoding: .utf8)
        #expect(!manifest.contains(".package("))
    }

    @Test("a store is one folder: nothing else names its database, but for one line in the list of stores")
    func storeIsApart() throws {
        let names = /grdb|sqlite|libpq|postgres/.ignoresCase()
        let host = try Self.swiftFiles("Sources/MneedleDaemon") + Self.swiftFiles("Sources/mneedled")
        for file in host where !file.path.hasPrefix("Sources/MneedleDaemon/Store/") {
            for line in file.text.split(separator: "\n") {
                #expect(line.replacing(/\/\/.*/, with: "").firstMatch(of: names) == nil, "\(file.path): \(line)")
            }
        }
        // What stands in the folder of stores and belongs to none of them is the list.
        for file in host where file.path.firstMatch(of: /^Sources\/MneedleDaemon\/Store\/[^\/]+$/) != nil {
            #expect(file.path.hasSuffix("/Stores.swift"), "\(file.path)")
        }
    }

    @Test("tables are declared by what their columns hold, and not in a database's words")
    func tablesAreDeclared() throws {
        let words = ["CREATE TABLE", "CREATE INDEX", "CREATE UNIQUE", "ALTER TABLE"]
        for file in try Self.swiftFiles("Plugins") + Self.swiftFiles("Examples") {
            #expect(!words.contains { file.text.contains($0) }, "\(file.path)")
        }
    }

    @Test("a name of an argument stands once, in its parameter: no handler looks it up, and no error spells it again")
    func argumentsAreTyped() throws {
        let spelled = [
            /\barguments\s*\[\s*"/, /\barguments\s*\.\s*\w+\(\s*"/, /\.invalidArgument\(\s*"/, /\bReplyMember\(/,
            /\bRequest\b/,
        ]
        let handlers = try Self.swiftFiles("Plugins").filter { $0.path.contains("/Sources/") }
        for file in try handlers + Self.swiftFiles("Sources/MneedleDaemon/Commands") + Self.swiftFiles("Examples") {
            guard !file.path.hasSuffix("/Typing.swift") else { continue }
            for pattern in spelled {
                let found = file.text.firstMatch(of: pattern)
                #expect(found == nil, "\(file.path): \(found.map { String($0.output) } ?? "")")
            }
        }
    }

    @Test("one kit: no module's library has its own copy of the kit, the logger or the store", arguments: modules)
    func oneKit(module: String) throws {
        let library = DaemonProcess.products + "/lib\(module).so"
        try #require(FileManager.default.fileExists(atPath: library), "build the libraries first: make test-build")
        let listing = try ChildProcess.run(["nm", "-D", "--defined-only", library])
        #expect(listing.exitCode == 0)
        let symbols = listing.output
        #expect(symbols.contains("mneedle_module_\(module.lowercased())"))
        // A module's own symbols may mention the kit's types; a symbol *of* the kit begins with its name.
        let own = symbols.split(separator: "\n").compactMap { $0.split(separator: " ").last }
        for prefix in ["$s10MneedleKit", "$s14MneedleBulkKit", "$s7Logging", "$s4GRDB"] {
            let copies = own.filter { $0.hasPrefix(prefix) && !$0.contains("\(module.count)\(module)") }
            #expect(copies.isEmpty, "\(copies.prefix(3))")
        }
    }

    @Test("the program, its package and its list of changes speak of one version")
    func oneVersion() throws {
        func text(_ path: String) throws -> String {
            try String(contentsOfFile: Self.root + "/" + path, encoding: .utf8)
        }
        let constant = #/mneedleVersion = "(.+)"/#
        let version = try #require(try text("Sources/MneedleWire/Version.swift").firstMatch(of: constant)?.1)
        #expect(try text("debian/changelog").hasPrefix("mneedle (\(version)) "))
        #expect(try text("CHANGELOG.md").firstMatch(of: #/\n## ([0-9.]+)/#)?.1 == version)
    }

    @Test("files stay short enough to read")
    func filesAreShort() throws {
        for folder in ["Sources", "Plugins"] {
            for file in try Self.swiftFiles(folder) {
                let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false).count
                #expect(lines <= 400, "\(file.path) has \(lines) lines")
            }
        }
    }

    @Test("no try! and no @unchecked Sendable without a sentence why it holds")
    func unsafeIsExplained() throws {
        for file in try Self.swiftFiles("Sources") + Self.swiftFiles("Plugins") {
            let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false)
            for (index, line) in lines.enumerated()
            where line.contains("@unchecked Sendable") || line.contains("try!") {
                let near = lines[max(0, index - 3)...index].joined()
                #expect(near.contains("//"), "\(file.path):\(index + 1)")
            }
        }
    }

    /// Arithmetic on what a request, a device or a stored row says can trap in a release build too: sums and products of
    /// nanoseconds, products with a unit of time, whole numbers made of a `Double`, and wrapping operators that deceive.
    static let rawTimes = [
        #"\* ?(1_000_000|1_000_000_000|86_400_000|86_400|3_600_000|60_000)\b"#,
        #"\b(1_000_000|1_000_000_000|86_400_000|86_400|3_600_000|60_000) \*"#,
        #"[mM]illiseconds\)* &?\*"#, #"[mM]illiseconds\)* &[-+]"#, #"\* [A-Za-z_.]*[mM]illiseconds\b"#,
        #"[nN]anoseconds\)* &?[-+*%]"#, #"[-+*] [A-Za-z_.]*[nN]anoseconds\b"#, #"\b[a-z]+_ns\"\)( \?\? 0\))? &?[-+*]"#,
        #"Int(64)?\([A-Za-z_.]*([sS]econds|[hH]ours|[mM]inutes|number\(|Number\()"#, #"daysSinceEpoch \*"#,
    ]

    /// Files that count in whole numbers written in code or told by the kernel, and in nothing that anybody sends.
    static let ownTimes = [
        "Scheduling/Sources/ZoneChange.swift": "steps of a week and a reach written in code",
        "Scheduling/Sources/Calendar.swift": "a constant number of days",
        "Scheduling/Sources/ICalendar.swift": "a zone's offset, which is less than a day",
        "Execution/IdempotencyKeys.swift": "a constant number of days",
        "Systemd/Notify.swift": "the kernel's monotonic clock",
        "Server/ReadTask.swift": "the kernel's clock of a thread",
        "MneedleDaemon/Time/Clock.swift": "the kernel's clock",
        "MneedleSeries/Numbers.swift": "lengths and slopes that it has bounded itself",
    ]

    @Test(
        "times and durations are reckoned with in one place, where nothing overflows",
        arguments: ["Sources/MneedleKit", "Sources/MneedleDaemon", "Sources/MneedleSeries"]
            + modules.map { "Plugins/\($0)/Sources" })
    func timesAreReckonedInOnePlace(folder: String) throws {
        let patterns = try Self.rawTimes.map { try Regex($0) }
        for file in try Self.swiftFiles(folder)
        where !file.path.hasPrefix("Sources/MneedleKit/Time/")
            && !Self.ownTimes.keys.contains(where: file.path.hasSuffix)
        {
            for (index, line) in file.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            where !line.drop(while: { $0 == " " }).hasPrefix("//") {
                #expect(
                    !patterns.contains { line.firstMatch(of: $0) != nil },
                    "\(file.path):\(index + 1) reckons with times: let MneedleKit/Time do it\n\(line)")
            }
        }
    }

    @Test(
        "that rule finds what it is meant to find",
        arguments: [
            "let ns = arguments.time(name)!.milliseconds * 1_000_000", "let now = now.milliseconds &* 1_000_000",
            "let step = Int64(span.days) * 86_400_000 + span.milliseconds", "Int64(seconds * 1000)", "Int64(hours)",
            "let last = ended.nanoseconds + grace", "time - session.nanoseconds", "Int(columns.number(at: 3))",
            "kind.every.milliseconds * Int64(number)", "(row.integer(\"first_ns\") ?? 0) + 5",
        ])
    func theRuleBites(line: String) throws {
        #expect(try Self.rawTimes.contains { line.firstMatch(of: try Regex($0)) != nil })
    }

    /// A name of a part of the body in code: in quotes alone, or as a part of a name in Swift.
    static func mentions(of area: String) throws -> Regex<AnyRegexOutput> {
        let words = area.split(separator: "-").map(String.init)
        let upper = words.map(\.capitalized).joined()
        let lower = words[0] + upper.dropFirst(words[0].count)
        return try Regex(
            #""\#(area)"|(^|[^A-Za-z])\#(lower)[A-Z]|[a-z]\#(upper)([^a-z]|$)|\.\#(lower)([^A-Za-z]|$)"#)
    }

    /// `body` is also what a reminder, an entry or a reply says.
    static func areas() throws -> [String] {
        let file = try String(contentsOfFile: root + "/Config/knowledge/areas.toml", encoding: .utf8)
        return file.matches(of: #/\n\[area\.([a-z-]+)\]/#).map { String($0.1) }.filter { $0 != "body" }
    }

    @Test("parts of the body are data: no name of one stands in the code of the kit or a module")
    func areasAreData() throws {
        let areas = try Self.areas()
        try #require(areas.contains("scalp") && areas.contains("under-eyes"))
        let folders = ["Sources/MneedleKit"] + Self.modules.map { "Plugins/\($0)/Sources" }
        for file in try folders.flatMap(Self.swiftFiles) {
            let text = file.text.lowercased()
            // Most files have none of the words, and a search for them is fast.
            let patterns = try areas.filter { area in
                text.contains(area) || text.contains(area.replacing("-", with: ""))
            }.map(Self.mentions)
            if patterns.isEmpty { continue }
            for (index, line) in file.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            where !line.drop(while: { $0 == " " }).hasPrefix("//") {
                #expect(
                    !patterns.contains { line.firstMatch(of: $0) != nil },
                    "\(file.path):\(index + 1) names an area: give it a property in areas.toml\n\(line)")
            }
        }
    }

    @Test(
        "that rule finds what it is meant to find",
        arguments: [
            "case .clinic: return (name == \"scalp\" ? clinic.maxMM : 0)", "let isScalp = plan.areas.count == 1",
            "maxMM: table.number(\"max_mm\"), cap: home.scalpMaxMM", "let eyes = knowledge.underEyes",
            "guard area != .upperLip else { return }",
        ])
    func theRuleOfAreasBites(line: String) throws {
        #expect(try Self.areas().contains { line.firstMatch(of: try Self.mentions(of: $0)) != nil })
    }

    @Test(
        "clinical numbers are data: no module compares with a depth, a day or an hour written in code",
        arguments: modules)
    func numbersAreData(module: String) throws {
        let pattern = try Regex(#"(depthMM|depth_mm|days|hours|weeks|percent|minutes)\s*(<|>|<=|>=|==)\s*[0-9]*[1-9]"#)
        for file in try Self.swiftFiles("Plugins/\(module)/Sources") {
            for (index, line) in file.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                #expect(line.firstMatch(of: pattern) == nil, "\(file.path):\(index + 1): \(line)")
            }
        }
    }
}
