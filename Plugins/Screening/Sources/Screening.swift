import MneedleKit

/// What the host looks up in this library.
@_cdecl("mneedle_module_screening")
public func mneedleModuleScreening() -> UnsafeMutableRawPointer { definition.export() }

let definition = ModuleDefinition(
    manifest: Manifest(name: "screening", version: "0.1.0", summary: "")
) { _ in Module() }
