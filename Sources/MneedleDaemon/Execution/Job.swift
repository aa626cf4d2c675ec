import MneedleKit

/// One piece of work for the writer.
package struct Job: Sendable {
    var actor: Actor
    /// The module that it runs for.
    var module: String
    /// The peer's request; `nil` for the module's own work.
    var request: String?
    /// Whether it keeps state beside the store, as bulk receivers do: it is not run again when its group's commit fails.
    var runsOnce = false
    var run: @Sendable (StoreTransaction) throws -> Object
    /// Called once, after the commit, with the job's result.
    var done: @Sendable (Result<Object, ModuleError>) -> Void

    package init(
        actor: Actor, module: String, request: String? = nil, runsOnce: Bool = false,
        run: @escaping @Sendable (StoreTransaction) throws -> Object,
        done: @escaping @Sendable (Result<Object, ModuleError>) -> Void = { _ in }
    ) {
        self.actor = actor
        self.module = module
        self.request = request
        self.runsOnce = runsOnce
        self.run = run
        self.done = done
    }
}
