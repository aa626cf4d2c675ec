import Foundation
import MneedleKit
import MneedleTestKit

/// A folder of modules for one daemon: the misbehaving one of `Tests/Fixtures/Trial`, and real ones beside it.
final class ModulesFolder {
    private let folder: TemporaryFolder
    var path: String { folder.path }
    /// The project's knowledge, which expects other modules here.
    var knowledge: String { path + "/knowledge" }
    private var trial: String { path + "/libtrial.so" }

    /// - Parameters:
    ///   - real: Modules of this build to offer as well: `Records`.
    ///   - kit: The version of the kit that the trial module claims to be built for.
    ///   - compiler: The compiler that it claims to be built by.
    ///   - guards: Whether the trial module guards sessions.
    ///   - expected: Modules that are missed though they never ran.
    init(
        real: [String] = [], kit: UInt32 = KitVersion.api, compiler: String = KitVersion.compiler, guards: Bool = true,
        expected: [String] = []
    ) throws {
        folder = try TemporaryFolder()
        try makeTrial(kit, compiler, says: guards, guards: guards)
        try FileManager.default.copyItem(atPath: Bench.projectKnowledge, toPath: knowledge)
        try "expected = \(expected)\n".write(toFile: knowledge + "/modules.toml", atomically: true, encoding: .utf8)
        for name in real {
            try FileManager.default.createSymbolicLink(
                atPath: "\(path)/lib\(name).so", withDestinationPath: "\(DaemonProcess.products)/lib\(name).so")
        }
    }

    /// Makes the library that the loader takes: the note about kit and compiler, and the module's one function.
    /// - Parameters:
    ///   - says: Whether its manifest says that it guards sessions.
    ///   - guards: Whether it does.
    func makeTrial(
        _ kit: UInt32 = KitVersion.api, _ compiler: String = KitVersion.compiler, says: Bool, guards: Bool
    ) throws {
        let source = trial + ".c"
        try """
        struct note { unsigned name_size, description_size, type; char name[8]; unsigned kit_api; char compiler[252]; };
        __attribute__((used, aligned(4), section(".note.mneedle")))
        static const struct note note = { 8, 256, 1, "mneedle", \(kit), "\(compiler)" };
        void *mneedle_trial_other(int says, int guards);
        void *mneedle_module_trial(void) { return mneedle_trial_other(\(says ? 1 : 0), \(guards ? 1 : 0)); }
        """.write(toFile: source, atomically: true, encoding: .utf8)
        let products = DaemonProcess.products
        try run(
            "cc", "-shared", "-fPIC", "-o", trial, source, "-L", products, "-lTrial", "-Wl,-rpath,\(products)")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: trial)
        try FileManager.default.removeItem(atPath: source)
    }

    /// Takes the trial module's library away, or brings it back.
    func moveTrial(away: Bool) throws {
        let shelf = path + "/trial"
        try FileManager.default.moveItem(atPath: away ? trial : shelf, toPath: away ? shelf : trial)
    }
}

/// A daemon with the trial module, on a store that expects no others unless its folder does.
func trialDaemon(
    _ config: String = "", modules: ModulesFolder? = nil, wrapper: [String] = [], environment: [String: String] = [:],
    start: Bool = true
) throws -> DaemonProcess {
    let folder = try modules ?? ModulesFolder()
    let daemon = try DaemonProcess(
        config: practice(config), modules: folder.path, knowledge: folder.knowledge, wrapper: wrapper,
        environment: environment, start: start)
    daemon.companions.append(folder)
    return daemon
}

/// The configuration where everybody sees everybody's, unless it says something else of access.
func practice(_ config: String) -> String {
    (config.contains("[access]") ? "" : "[access]\npeople = \"practice\"\n") + config
}
