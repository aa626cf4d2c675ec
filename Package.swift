// swift-tools-version:6.1
// The house: the daemon, its clients and the modules. Arrows run one way:
//
//   Plugins/* → MneedleKit ← MneedleDaemon ← mneedled
//   Plugins/Telemetry → MneedleBulkKit (in the library of MneedleKit), MneedleSeries
//   mneedlectl → MneedleClient → MneedleWire ← MneedleDaemon
//   mneedlectl, MneedleDaemon → MneedleTree
//   mneedlectl → MneedlePictures
//   mneedle-notify → MneedleNotify → MneedleClient
//   MneedleDaemon, MneedleClient and those above them → MneedleSystem
//
// No module imports another, the host imports no module, a client neither host nor kit
// (Tests/ArchitectureTests holds the code against this).
import PackageDescription

let package = Package(name: "mneedle")

let kit: Target.Dependency = .product(name: "MneedleKit", package: "MneedleKit")
let note: Target.Dependency = .product(name: "MneedleModuleNote", package: "MneedleKit")
let settings: [SwiftSetting] = [.swiftLanguageMode(.v6)]
// `swift build -c release --build-tests` makes what ships and its tests: they test what is shipped, and see inside it.
let testable = settings + [.unsafeFlags(["-enable-testing"], .when(configuration: .release))]
// Tests run once: making them fast would take longer than it saves.
let tests = settings + [.unsafeFlags(["-Onone"], .when(configuration: .release))]

package.dependencies = [
    .package(path: "Sources/MneedleKit"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
]

// What the operating system gives, for the daemon and its clients.
package.targets += [
    .target(name: "CMneedleSystem"),
    .target(name: "MneedleSystem", dependencies: ["CMneedleSystem"], swiftSettings: settings),
    .testTarget(name: "MneedleSystemTests", dependencies: ["MneedleSystem"], swiftSettings: tests),
]

// The daemon.
package.targets += [
    .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
    .target(name: "CMneedleSQLite", linkerSettings: [.linkedLibrary("sqlite3")]),
    .target(
        name: "MneedleDaemon",
        dependencies: [
            kit, "MneedleWire", "MneedleSystem", "MneedleTree", "CSystemd", "CMneedleSystem", "CMneedleSQLite",
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "GRDB", package: "GRDB.swift"),
            .product(name: "GRDBSQLite", package: "GRDB.swift"),
            .product(name: "Crypto", package: "swift-crypto"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        ],
        swiftSettings: testable),
    .executableTarget(
        name: "mneedled",
        dependencies: [
            "MneedleDaemon", "MneedleSystem", "MneedleWire",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        ],
        swiftSettings: settings),
]

// The wire and its clients.
package.targets += [
    .target(name: "MneedleWire", swiftSettings: settings),
    .testTarget(name: "MneedleWireTests", dependencies: ["MneedleRandom", "MneedleWire"], swiftSettings: tests),
    .target(name: "MneedleClient", dependencies: ["MneedleSystem", "MneedleWire"], swiftSettings: settings),
    .target(name: "CMneedleRun"),
    .executableTarget(
        name: "mneedlectl",
        dependencies: [
            "MneedleClient", "MneedlePictures", "MneedleSystem", "MneedleTree", "MneedleWire", "CMneedleRun",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
            .product(name: "Mustache", package: "swift-mustache"),
        ],
        swiftSettings: settings),
    .testTarget(
        name: "MneedleClientTests",
        dependencies: [
            "MneedleClient", "MneedleSystem", "MneedleTestKit", "MneedleTree", "MneedleWire", "mneedlectl", "mneedled",
        ],
        swiftSettings: tests),
]

// What a terminal shows beside text: a grid of cells, charts, bars and keys; without the daemon.
package.targets += [
    .target(name: "MneedlePictures", dependencies: ["CMneedleSystem"], swiftSettings: settings),
    .testTarget(name: "MneedlePicturesTests", dependencies: ["MneedlePictures"], swiftSettings: tests),
]

// The desktop agent.
package.targets += [
    .target(
        name: "MneedleNotify",
        dependencies: ["MneedleClient", "MneedleSystem", "MneedleWire", "CSystemd"], swiftSettings: testable),
    .executableTarget(
        name: "mneedle-notify",
        dependencies: [
            "MneedleNotify", "MneedleSystem", "MneedleWire",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        swiftSettings: settings),
    .testTarget(
        name: "MneedleNotifyTests",
        dependencies: [
            "MneedleNotify", "MneedleRandom", "MneedleTestKit", "MneedleWire", "mneedle-notify", "mneedled",
        ],
        exclude: ["Support/notification_server.py"], swiftSettings: tests),
]

// For tests, here and of module authors.
package.targets += [
    .target(name: "MneedleRandom", swiftSettings: settings),
    .target(
        name: "CMneedleFaults", path: "Tests/Support/CMneedleFaults", linkerSettings: [.linkedLibrary("sqlite3")]),
    .target(
        name: "MneedleFaults", dependencies: ["CMneedleFaults"], path: "Tests/Support/MneedleFaults",
        swiftSettings: settings),
    .target(
        name: "MneedleTestKit", dependencies: [kit, "MneedleDaemon", "MneedleSystem", "MneedleWire", "CMneedleRun"],
        swiftSettings: settings),
    .testTarget(name: "ArchitectureTests", dependencies: ["MneedleTestKit"], swiftSettings: tests),
    .testTarget(
        name: "ServiceTests",
        dependencies: ["MneedleRandom", "MneedleSystem", "MneedleTestKit", "MneedleTree", "MneedleWire"],
        exclude: ["read_calendar.py", "read_metrics.py", "read_toml.py", "validate_replies.py"],
        swiftSettings: tests),
    .testTarget(
        name: "MneedleDaemonTests",
        dependencies: [
            "MneedleDaemon", "MneedleFaults", "MneedleRandom", "MneedleSystem", "MneedleTestKit", "Records",
        ],
        swiftSettings: tests),
    .testTarget(
        name: "FactsTests",
        dependencies: ["MneedleDaemon", "MneedleTestKit", "Aftercare", "Screening", "Session"],
        path: "Tests/Facts", exclude: ["Table"], swiftSettings: tests),
]

/// A module is one folder under Plugins and one line below.
@MainActor
func module(_ name: String, dependencies: [Target.Dependency] = []) {
    package.products.append(.library(name: name, type: .dynamic, targets: [name]))
    package.targets += [
        .target(
            name: name, dependencies: [kit, note] + dependencies, path: "Plugins/\(name)/Sources",
            swiftSettings: testable),
        .testTarget(
            name: "\(name)Tests", dependencies: [.target(name: name), "MneedleRandom", "MneedleTestKit"],
            path: "Plugins/\(name)/Tests", swiftSettings: tests),
    ]
}
module("Records")
module("Screening")
module("Session")
module("Scheduling")
module("Sterilization")
module("Telemetry", dependencies: ["MneedleSeries"])
module("Aftercare")

// All modules and the daemon in one process, under a seed.
package.targets += [
    .testTarget(
        name: "SimulationTests",
        dependencies: [
            kit, "MneedleDaemon", "MneedleFaults", "MneedleRandom", "MneedleTestKit", "MneedleTree", "MneedleWire",
            "Aftercare", "Records", "Scheduling", "Screening", "Session", "Sterilization", "Telemetry",
        ],
        exclude: ["Found", "seeds.txt"], swiftSettings: tests)
]

// Series of numbers and how they are stored, for telemetry; without the kit.
package.targets += [
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .target(name: "MneedleSeries", dependencies: ["CZstd"], swiftSettings: testable),
    .testTarget(
        name: "MneedleSeriesTests", dependencies: ["MneedleRandom", "MneedleSeries"], swiftSettings: tests),
]

// The tree over the ledger's entries, its proofs and its checkpoints, for the daemon and for witnesses.
package.targets += [
    .target(
        name: "MneedleTree", dependencies: [.product(name: "Crypto", package: "swift-crypto")], swiftSettings: settings),
    .testTarget(name: "MneedleTreeTests", dependencies: ["MneedleRandom", "MneedleTree"], swiftSettings: tests),
]

// The conformance suite, and the module that misbehaves for it. The loader takes it for no module: the suite makes a
// library around it (Tests/ConformanceTests/Support/TrialLibrary.swift).
package.products.append(.library(name: "Trial", type: .dynamic, targets: ["Trial"]))
package.targets += [
    .target(name: "Trial", dependencies: [kit], path: "Tests/Fixtures/Trial", swiftSettings: settings),
    .testTarget(
        name: "ConformanceTests",
        dependencies: [kit, "MneedleRandom", "MneedleSystem", "MneedleTestKit", "MneedleWire", "Trial", "mneedled"],
        swiftSettings: tests),
]
