import MneedleKit

/// What the host looks up in this library.
@_cdecl("mneedle_module_scheduling")
public func mneedleModuleScheduling() -> UnsafeMutableRawPointer { definition.export() }

let definition = ModuleDefinition(
    manifest: Manifest(name: "scheduling", version: "0.1.0", summary: "")
) { _ in Module() }
