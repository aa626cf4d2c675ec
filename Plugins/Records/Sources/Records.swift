import MneedleKit

/// What the host looks up in this library.
@_cdecl("mneedle_module_records")
public func mneedleModuleRecords() -> UnsafeMutableRawPointer { definition.export() }

let definition = ModuleDefinition(
    manifest: Manifest(name: "records", version: "0.1.0", summary: "")
) { _ in Module() }
