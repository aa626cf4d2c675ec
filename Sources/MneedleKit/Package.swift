// swift-tools-version:6.1
// The kit is a package of its own so that the host and every module share one
// libMneedleKit.so: a target of the same package would be linked statically
// into each of them, and a type would then cross the boundary as a stranger.
import PackageDescription

let package = Package(
    name: "MneedleKit",
    products: [
        // MneedleBulkKit, for modules that take streams, is in the same library: its own product would hold a second kit.
        .library(name: "MneedleKit", type: .dynamic, targets: ["MneedleKit", "MneedleBulkKit"]),
        // The ELF note that says which kit and compiler a module was built with.
        .library(name: "MneedleModuleNote", targets: ["MneedleModuleNote"]),
    ],
    targets: [
        .target(name: "MneedleModuleNote", path: "Note"),
        .target(
            name: "MneedleKit",
            dependencies: ["MneedleModuleNote"],
            path: ".",
            exclude: ["Note", "Bulk"],
            swiftSettings: [.swiftLanguageMode(.v6)]
        ),
        .target(
            name: "MneedleBulkKit", dependencies: ["MneedleKit"], path: "Bulk",
            swiftSettings: [.swiftLanguageMode(.v6)]),
    ]
)
