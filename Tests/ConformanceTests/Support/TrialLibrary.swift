import Foundation
import MneedleKit
import MneedleTestKit

/// A folder of modules for one daemon: the misbehaving one of `Tests/Fixtures/Trial`, and real ones beside it.
final class ModulesFolder {
    let path: String

    /// - Parameters:
    ///   - real: Modules of this build to offer as well: `Records`.
    ///   - kit: The version of the kit that the trial module claims to be built for.
    ///   - compiler: The compiler that it claims to be built by.
    init(real: [String] = [], kit: UInt32 = KitVersion.api, compiler: String = KitVersion.compiler) throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("mm-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try ModulesFolder.makeTrial(path + "/libtrial.so", kit, compiler)
        for name in real {
            try FileManager.default.createSymbolicLink(
                atPath: "\(path)/lib\(name).so", withDestinationPath: "\(DaemonProcess.products)/lib\(name).so")
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Makes the library that the loader takes: the note about kit and compiler, and the module's one function.
    private static func makeTrial(_ path: String, _ kit: UInt32, _ compiler: String) throws {
        let source = path + ".c"
        try """
        struct note { unsigned name_size, description_size, type; char name[8]; unsigned kit_api; char compiler[252]; };
        __attribute__((used, aligned(4), section(".note.mneedle")))
        static const struct note note = { 8, 256, 1, "mneedle", \(kit), "\(compiler)" };
        void *mneedle_trial_definition(void);
        void *mneedle_module_trial(void) { return mneedle_trial_definition(); }
        """.write(toFile: source, atomically: true, encoding: .utf8)
        let products = DaemonProcess.products
        try run(
            "cc", "-shared", "-fPIC", "-o", path, source, "-L", products, "-lTrial", "-Wl,-rpath,\(products)")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        try FileManager.default.removeItem(atPath: source)
    }
}

/// A daemon with the trial module, and with no module that sessions would miss.
func trialDaemon(
    _ config: String = "", modules: ModulesFolder? = nil, wrapper: [String] = [], environment: [String: String] = [:],
    start: Bool = true
) throws -> DaemonProcess {
    let folder = try modules ?? ModulesFolder()
    let daemon = try DaemonProcess(
        config: unrequired(config), modules: folder.path, wrapper: wrapper, environment: environment, start: start)
    daemon.companions.append(folder)
    return daemon
}

/// The configuration with no module that sessions would miss, where everybody sees everybody's, unless it says something
/// else of modules or access.
func unrequired(_ config: String) -> String {
    (config.contains("[modules]") ? "" : "[modules]\nrequired = []\n")
        + (config.contains("[access]") ? "" : "[access]\npeople = \"practice\"\n") + config
}
