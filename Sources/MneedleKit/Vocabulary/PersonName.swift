extension Person {
    /// Whether a text names somebody at all: a title or `me` names nobody.
    public static func isName(_ text: String) -> Bool { !nameWords(text).isEmpty }

    /// Whether a name may be this person's own, by any of their names. Nobody is their own physician.
    public func isNamed(_ name: String) -> Bool {
        [person, self.name, unixUser].compactMap { $0 }.contains { Person.isOneName(name, $0) }
    }

    /// The physician that the argument names.
    /// - Throws: `invalid-argument` where the argument names nobody, or the person: nobody is their own physician.
    @discardableResult
    public func requirePhysician(_ argument: String, _ name: String) throws -> String {
        guard Person.isName(name) else {
            throw ModuleError.invalidArgument(argument, expected: "the physician's name", got: name)
        }
        guard !isNamed(name) else {
            throw ModuleError.invalidArgument(
                argument, expected: "a physician who is not the person", got: name,
                "argument '\(argument)': nobody judges themselves, got '\(name)'; give the name of the physician who did"
            )
        }
        return name
    }

    /// Whether two names may be one person's: all their words are the same, also when written together, or two words are the
    /// same, of which one may be an initial. A first or family name alone fits many people where a physician's title stands
    /// before it; without one it may be the person's own.
    private static func isOneName(_ name: String, _ other: String) -> Bool {
        let (words, others) = (nameWords(name), nameWords(other))
        if words == others || name.lowercased().filter(\.isLetter) == other.lowercased().filter(\.isLetter) {
            return true
        }
        let shared = words.intersection(others)
        if words.count == 1, !shared.isEmpty, !isTitled(name) { return true }
        let rest = others.subtracting(shared)
        let initials = words.subtracting(shared).filter { word in
            word.count == 1 && rest.contains { $0.hasPrefix(word) }
        }
        return !shared.isEmpty && shared.count + initials.count > 1
    }

    /// The words of a name without titles, whatever their case and order: `Meier, Anna`, `Dr. Anna MEIER` and the short
    /// name `anna-meier` are one.
    private static func nameWords(_ name: String) -> Set<String> { allWords(name).subtracting(titles) }

    private static func isTitled(_ name: String) -> Bool { !allWords(name).isDisjoint(with: physicians) }

    private static func allWords(_ name: String) -> Set<String> {
        Set(name.lowercased().split { !$0.isLetter }.map(String.init))
    }

    private static let physicians: Set<String> = ["dr", "doctor", "prof", "professor", "med", "md"]

    /// The words that name nobody.
    private static let titles = physicians.union(["mr", "mrs", "ms", "me", "i", "myself", "self"])
}
