import MneedleKit

/// What the host looks up in this library.
@_cdecl("mneedle_module_session")
public func mneedleModuleSession() -> UnsafeMutableRawPointer { definition.export() }

let definition = ModuleDefinition(
    manifest: Manifest(name: "session", version: "0.1.0", summary: "")
) { _ in Module() }
