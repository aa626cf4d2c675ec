import MneedleKit

/// What the host looks up in this library.
@_cdecl("mneedle_module_aftercare")
public func mneedleModuleAftercare() -> UnsafeMutableRawPointer { definition.export() }

let definition = ModuleDefinition(
    manifest: Manifest(name: "aftercare", version: "0.1.0", summary: "")
) { _ in Module() }
