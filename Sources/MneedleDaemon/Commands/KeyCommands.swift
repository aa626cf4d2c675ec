import MneedleKit

/// `keys.copy`: the people's keys, for a copy apart from those of the store.
enum KeyCommands {
    static var copy: Command {
        Command(
            "keys.copy",
            "Gives the people's keys in clear, for a copy apart from those of the store; 'mneedlectl keys backup' encrypts it.",
            role: .admin, gives: KeyLine.self, concerns: .everybody, example: "keys.copy",
            lists: { reading, send in
                guard let engine = (reading as? StoreReading)?.engine else {
                    throw ModuleError.internal("the keys are the service's own")
                }
                for line in KeyCopy.lines(engine.sealing.keys.entries) {
                    try send(KeyLine(line: line))
                }
            })
    }
}

/// A row of `keys.copy`.
private struct KeyLine: Reply {
    var line: String

    static let members: [Member<KeyLine>] = [
        Member("line", "a line of the copy: whoever has all of them and the store reads everything", \.line)
    ]
}
