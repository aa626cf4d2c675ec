import MneedleKit

/// What the host looks up in this library.
@_cdecl("mneedle_module_sterilization")
public func mneedleModuleSterilization() -> UnsafeMutableRawPointer { definition.export() }

let definition = ModuleDefinition(
    manifest: Manifest(name: "sterilization", version: "0.1.0", summary: "")
) { _ in Module() }
