import Foundation
import MneedleFaults
import MneedleKit
import MneedleTestKit
import Testing

@testable import MneedleDaemon

@Suite("Every call to the disk fails once")
struct DiskFaultTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var call: FaultyDisk.Call
        var failure: FaultyDisk.Failure = .broken
        var isTorn = false
        var times = 1

        func fault(_ number: Int) -> FaultyDisk.Fault {
            FaultyDisk.Fault(call, failure, number: number, times: times, isTorn: isTorn)
        }

        var testDescription: String { fault(1).description }
    }

    private static let kinds =
        FaultyDisk.Call.allCases.map { Case(call: $0) } + [
            Case(call: .open, failure: .cannotOpen), Case(call: .write, failure: .full),
            Case(call: .write, failure: .full, isTorn: true), Case(call: .write, isTorn: true),
            Case(call: .write, failure: .readOnly), Case(call: .truncate, failure: .full),
        ]
    static let cases = kinds + kinds.map { Case(call: $0.call, failure: $0.failure, isTorn: $0.isTorn, times: .max) }

    /// The folder of a store as a service has left it.
    private static func used() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let store = try FaultyStore()
        try store.open()
        try store.close()
        try FileManager.default.removeItem(atPath: folder.path)
        try FileManager.default.copyItem(atPath: store.folder, toPath: folder.path)
        return folder
    }

    @Test(
        "the request fails with storage and nothing is half done, reading goes on, and the next change is taken when it works again",
        arguments: cases)
    func nth(fault: Case) throws {
        // Files are removed only while a store is made.
        let used = fault.call == .deletion ? nil : try DiskFaultTests.used()
        // What goes on failing fails at most of the later calls as well.
        let numbers = stride(from: 1, to: 2000, by: fault.times == 1 ? 1 : 3)
        let last = try numbers.first { try !hasFailed(fault.fault($0), used?.path) }
        // A kind of call that never comes would be tested by nothing.
        #expect(try #require(last) > 1)
    }

    @Test("a change whose sync failed is not found after a crash, or the answer says that this is not known")
    func failedSync() throws {
        for luck in 0..<40 as Range<UInt64> {
            let store = try FaultyStore()
            try store.open()
            try store.ask([Change(id: 1, kind: .note)])
            let isLasting = luck % 2 == 1
            store.disk.fail(FaultyDisk.Fault(.sync, times: isLasting ? .max : 1))
            try store.ask([Change(id: 2, kind: .device)])
            let refusal = store.lastRefusal
            #expect(refusal.contains("nothing was changed") == !isLasting, "\(refusal)")
            #expect(refusal.contains("whether the change was kept is not known") == isLasting)
            try store.crash(luck: luck)
            try store.open()
            try store.judge()
            #expect(isLasting || !store.isKept(Change(id: 2, kind: .device)))
        }
    }

    /// One life with one fault.
    /// - Returns: Whether the call came to be made.
    private func hasFailed(_ fault: FaultyDisk.Fault, _ folder: String?) throws -> Bool {
        let store = try FaultyStore(copying: folder)
        func place(_ what: String) -> Comment { "\(fault): \(what)" }
        var next = 0
        func changes(_ kinds: Change.Kind...) -> [Change] {
            kinds.map { kind in
                next += 1
                return Change(id: next, kind: kind)
            }
        }
        /// Starts; a start that fails says why, and the next one succeeds.
        func start() throws {
            do { try store.open() } catch {
                #expect(store.disk.failures > 0, place("\(error)"))
                #expect((error as? ModuleError)?.code == .storage, place("a start fails with \(error)"))
                store.disk.mend()
                try store.open()
            }
        }
        /// Asks; if the disk fails for good, that is told and reading goes on.
        func ask(_ changes: [Change]) throws {
            let before = store.disk.failures
            do { try store.ask(changes) } catch { Issue.record(place("\(error)")) }
            #expect(store.otherProblems.isEmpty, place("\(store.otherProblems)"))
            if store.disk.failures > before, [.write, .sync].contains(fault.call) || fault.times == 1 {
                #expect(throws: Never.self, place("reading")) { try store.read() }
            }
        }
        store.logPages = 6
        store.disk.fail(fault)
        try start()
        try ask(changes(.note, .failing, .device))
        try ask(changes(.large))
        for _ in 0..<3 { try ask(changes(.device)) }
        if store.engine != nil { try? store.read() }
        try? store.close()
        try start()
        try ask(changes(.note, .device))
        let failures = store.disk.failures
        store.disk.mend()
        let last = changes(.note)
        try store.ask(last)
        #expect(!store.tellsOfDisk && store.otherProblems.isEmpty, place("what is mended is still told"))
        do {
            try store.judge()
            #expect(store.isKept(last[0]), place("the next change is not taken"))
            try store.close()
            try store.open()
            try store.judge()
            #expect(store.isKept(last[0]), place("the next change is not kept"))
        } catch { Issue.record(place("\(error)")) }
        return failures > 0
    }
}
