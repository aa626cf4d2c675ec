import MneedleKit

/// What the host looks up in this library.
@_cdecl("mneedle_module_telemetry")
public func mneedleModuleTelemetry() -> UnsafeMutableRawPointer { definition.export() }

let definition = ModuleDefinition(
    manifest: Manifest(name: "telemetry", version: "0.1.0", summary: "")
) { _ in Module() }
