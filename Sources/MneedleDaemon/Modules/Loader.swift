import Foundation
import Glibc
import Logging
import MneedleBulkKit
import MneedleKit

/// Finds the module libraries, loads them, and fills the registry with them.
struct Loader {
    let settings: Settings
    let logger: Logger
    let isQuarantined: (String) -> Bool
    /// The modules that ran with this store before.
    var known: [String: Remembered] = [:]
    /// Migrates a module's tables; does nothing for a check of the configuration alone.
    let migrate: (ModuleDefinition) throws -> Void

    private enum Found {
        case usable(ModuleFile, path: String)
        case refused(name: String, path: String, reason: String)

        var name: String {
            switch self {
            case .usable(let file, _): file.name
            case .refused(let name, _, _): name
            }
        }
    }

    /// - Parameter problems: Gets the problems of knowledge and configuration; if there is any, the caller does not start.
    func load(into registry: inout ModuleRegistry, problems: Problems) {
        var knowledge = Knowledge(folder: settings.knowledge, problems: problems)
        let expected = knowledge.expectedModules()
        for library in libraries(first: expected) { load(library, into: &registry, &knowledge, expected, problems) }
        finish(&registry, &knowledge, expected, problems)
        for module in registry.modules where module.state == .missing {
            logger.say(
                .moduleMissing, .error, "module \(module.name) is missing: \(module.reason ?? "")",
                ["module": module.name, "folder": settings.modules])
        }
    }

    /// Notes the modules that are missed, once every module that can be loaded is.
    private func finish(
        _ registry: inout ModuleRegistry, _ knowledge: inout Knowledge, _ expected: [String], _ problems: Problems
    ) {
        for name in expected + known.keys.sorted() where !registry.modules.contains(where: { $0.name == name }) {
            addMissing(name, to: &registry, expected)
        }
        for (name, guards) in registry.guards.sorted(by: { $0.key < $1.key }) where !guards && known[name] == .guarding
        {
            registry.unavailableModules.append((name, "it runs, and does not guard sessions any more as it did"))
        }
        registry.reasons = knowledge.reasons()
        registry.knowledgeDigest = knowledge.digest
        reportUnknownSections(known: Set(registry.modules.map(\.name) + settings.disabled), problems)
    }

    /// Notes a module without a library that the store remembers or the knowledge expects.
    private func addMissing(_ name: String, to registry: inout ModuleRegistry, _ expected: [String]) {
        let reason = "no library for it in \(settings.modules)"
        let blocks = blocks(name, expected.contains(name))
        if known[name] == .retired {
            registry.add(missing: name, state: .retired, reason: reason, blocks: false)
        } else if settings.disabled.contains(name) {
            registry.add(
                missing: name, state: .disabled, reason: "disabled in the configuration, and \(reason)", blocks: blocks)
        } else {
            registry.add(missing: name, state: .missing, reason: reason, blocks: blocks)
        }
    }

    /// Whether no session may start while a module does not run: it guarded some, or nobody knows whether it did.
    /// - Parameter isExpected: Whether a module that never ran is missed at all.
    private func blocks(_ name: String, _ isExpected: Bool) -> Bool {
        switch known[name] {
        case .guarding: true
        case .bystander, .retired: false
        case nil: isExpected
        }
    }

    /// A running registry, with its modules made again from the present files. No library is loaded and no table changed: a
    /// module that did not run still does not.
    /// - Parameter problems: Gets the problems of the files; if there is any, the result must not be used.
    func remake(_ registry: ModuleRegistry, problems: Problems) -> ModuleRegistry {
        var fresh = ModuleRegistry(
            people: settings.people, crashNotes: registry.crashNotes, refusals: registry.refusals,
            report: registry.report)
        var knowledge = Knowledge(folder: settings.knowledge, problems: problems)
        let expected = knowledge.expectedModules()
        // Modules without a library are judged anew.
        for module in registry.modules where module.state != .missing && module.state != .retired {
            guard let definition = registry.definitions[module.name] else {
                let isExpected = module.state != .disabled || expected.contains(module.name)
                fresh.add(
                    missing: module.name, state: module.state, reason: module.reason ?? "",
                    blocks: blocks(module.name, isExpected))
                continue
            }
            do {
                try registry.crashNotes.alone(module.name) { fresh.add(definition, try make(definition, &knowledge)) }
            } catch {
                problems.report(
                    Problem(file: settings.knowledge, key: module.name, reason: "does not start: \(describe(error))"))
            }
        }
        finish(&fresh, &knowledge, expected, problems)
        return fresh
    }

    private func reportUnknownSections(known: Set<String>, _ problems: Problems) {
        let file = settings.file.table(problems)
        for section in settings.moduleSections where !known.contains(section) {
            file.report(section, "unknown section; no module of that name was found")
        }
    }

    /// The module libraries: first those that the knowledge expects, so that no other can claim their names; the rest by name.
    private func libraries(first expected: [String]) -> [Found] {
        let names: [String]
        do {
            _ = try Trust.folder(settings.modules)
            names = try FileManager.default.contentsOfDirectory(atPath: settings.modules)
        } catch let error as Trust.Refused {
            logger.say(
                .moduleMissing, .error, "the modules folder is not used: \(error)", ["folder": settings.modules])
            return []
        } catch {
            logger.say(
                .moduleMissing, .error, "the modules folder \(settings.modules) cannot be read",
                ["folder": settings.modules])
            return []
        }
        let found = names.filter { $0.hasPrefix("lib") && $0.hasSuffix(".so") }.sorted().compactMap(examine)
        let order = Dictionary(expected.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return found.sorted { (order[$0.name] ?? .max, $0.name) < (order[$1.name] ?? .max, $1.name) }
    }

    private func examine(_ file: String) -> Found? {
        let path = settings.modules + "/" + file
        let guess = file.dropFirst(3).dropLast(3).lowercased()
        do {
            guard let module = try ModuleFile(path: path) else { return nil }
            do { try module.requireCompatible() } catch {
                return .refused(name: module.name, path: path, reason: "\(error)")
            }
            return .usable(module, path: path)
        } catch {
            return .refused(name: guess, path: path, reason: "\(error)")
        }
    }

    private func load(
        _ found: Found, into registry: inout ModuleRegistry, _ knowledge: inout Knowledge, _ expected: [String],
        _ problems: Problems
    ) {
        let name = found.name
        if settings.disabled.contains(name) {
            registry.add(
                missing: name, state: .disabled, reason: "disabled in the configuration",
                blocks: blocks(name, expected.contains(name)))
        } else if isQuarantined(name) {
            let reason =
                "it ended the daemon \(CrashHistory.limit) times in 10 minutes; restart the daemon later to try it again"
            registry.add(missing: name, state: .quarantined, reason: reason, blocks: blocks(name, true))
            logger.say(.moduleQuarantined, .error, "module \(name) is quarantined: \(reason)", ["module": name])
        } else {
            do {
                // The module's own code runs here: a trap is a crash of this module.
                let (definition, module) = try registry.crashNotes.alone(name) { try take(found, registry, &knowledge) }
                // The time of the migration depends on the store: it is not limited.
                registry.crashNotes.enter(name)
                defer { registry.crashNotes.enter("") }
                try migrate(definition)
                registry.add(definition, module)
            } catch {
                let reason = describe(error)
                registry.add(missing: name, state: .failed, reason: reason, blocks: blocks(name, true))
                logger.say(.moduleFailed, .error, "module \(name) failed to start: \(reason)", ["module": name])
                if Migrations.isNewerSchema(error) {
                    // An older program among newer tables: nobody could say what its changes mean.
                    problems.report(Problem(file: Stores.fileName, key: name, reason: reason))
                }
            }
        }
    }

    private func take(
        _ found: Found, _ registry: ModuleRegistry, _ knowledge: inout Knowledge
    ) throws -> (ModuleDefinition, Module) {
        let definition = try definition(found)
        guard registry.definitions[found.name] == nil else {
            throw ModuleFile.Unusable(description: "another library is module '\(found.name)' already")
        }
        try registry.ownership.check(definition.manifest)
        return (definition, try make(definition, &knowledge))
    }

    private func definition(_ found: Found) throws -> ModuleDefinition {
        switch found {
        case .refused(_, let path, let reason): throw ModuleFile.Unusable(description: "\(path) \(reason)")
        case .usable(let file, let path):
            // A library is never closed again: types of one that is gone crash unrelated casts.
            guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
                throw ModuleFile.Unusable(description: String(cString: dlerror()))
            }
            guard let symbol = dlsym(handle, file.symbol) else {
                throw ModuleFile.Unusable(description: "\(path) does not export \(file.symbol)")
            }
            typealias EntryPoint = @convention(c) () -> UnsafeMutableRawPointer
            let definition = ModuleDefinition.imported(from: unsafeBitCast(symbol, to: EntryPoint.self)())
            guard definition.manifest.name == file.name else {
                throw ModuleFile.Unusable(
                    description: "\(path) exports \(file.symbol), but names itself '\(definition.manifest.name)'")
            }
            return definition
        }
    }

    private func make(_ definition: ModuleDefinition, _ knowledge: inout Knowledge) throws -> Module {
        let name = definition.manifest.name
        let module = try knowledge.make(definition, settings.file)
        var names: Set<String> = []
        for command in module.commands where !names.insert(command.name).inserted {
            throw ModuleFile.Unusable(description: "'\(name).\(command.name)' is declared twice")
        }
        for word in module.commands.map(\.name) + module.collectors.map(\.socket) where !Ownership.isName(word) {
            throw ModuleFile.Unusable(
                description: "'\(word.prefix(80))' is no name for a command or a socket: lower case, digits and hyphens"
            )
        }
        // Unknown contributions may come from a newer kit.
        let unknown =
            module.contributions.filter { !($0 is Collector) }.map { "\(type(of: $0))" }
            + module.commands.filter { if case .special = $0.handler { $0.bulk == nil } else { false } }.map(\.name)
        guard unknown.isEmpty else {
            throw ModuleFile.Unusable(
                description:
                    "contributes what this daemon does not know: \(unknown.joined(separator: ", ")); take one of its release"
            )
        }
        return module
    }
}
