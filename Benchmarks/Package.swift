// swift-tools-version:6.1
// A package of its own: the program is built without it.
import PackageDescription

let package = Package(
    name: "Benchmarks",
    targets: [
        .executableTarget(name: "linebench", swiftSettings: [.swiftLanguageMode(.v6)]),
        // OpenSSL's library comes with libpq-dev.
        .executableTarget(
            name: "sqlite-lines", linkerSettings: [.linkedLibrary("sqlite3"), .linkedLibrary("crypto")]),
        .executableTarget(name: "postgres-lines", linkerSettings: [.linkedLibrary("pq")]),
    ]
)
