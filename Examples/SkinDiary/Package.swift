// swift-tools-version:6.1
// A module outside the main package: `swift build` here, then put libSkinDiary.so into the modules folder.
import PackageDescription

let package = Package(
    name: "SkinDiary",
    products: [.library(name: "SkinDiary", type: .dynamic, targets: ["SkinDiary"])],
    dependencies: [.package(path: "../../Sources/MneedleKit")],
    targets: [
        .target(
            name: "SkinDiary",
            dependencies: [
                .product(name: "MneedleKit", package: "MneedleKit"),
                // Says in the library's file which kit and compiler it was built with.
                .product(name: "MneedleModuleNote", package: "MneedleKit"),
            ],
            path: "Sources", swiftSettings: [.swiftLanguageMode(.v6)])
    ]
)
