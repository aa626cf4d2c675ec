import MneedleKit

/// A symptom in somebody's own words: which one is meant, and what the words say beside it.
struct Said: Sendable {
    let symptom: Symptom
    /// How bad it is at least: "severe redness".
    let degree: Degree
    /// Whether it becomes worse: "worsening swelling".
    let isWorsening: Bool
    /// The words, where no symptom has that name.
    let unknown: String?
}

extension Symptom {
    /// What a word that nobody knows is taken as.
    static let unknown = "other"
}

extension Knowledge {
    /// The symptom that a person means: its name or an alias, alone or after words that say how bad it is.
    /// - Throws: `internal` when the file has no symptom for what is not known, which it is refused for.
    func symptom(saidAs text: String) throws -> Said {
        let whole = normalised(text)
        if let symptom = symptom(spelled: whole) {
            return Said(symptom: symptom, degree: .mild, isWorsening: false, unknown: nil)
        }
        let words = whole.split(separator: "-").map(String.init)
        let bare = words.filter { !escalation.worseningWords.contains($0) && escalation.degreeWords[$0] == nil }
        let degree = words.compactMap { escalation.degreeWords[$0] }.max() ?? .mild
        let isWorsening = words.contains { escalation.worseningWords.contains($0) }
        if let symptom = symptom(spelled: bare.joined(separator: "-")) {
            return Said(symptom: symptom, degree: degree, isWorsening: isWorsening, unknown: nil)
        }
        guard let other = symptom(named: Symptom.unknown) else {
            throw ModuleError.internal("there is no symptom '\(Symptom.unknown)'")
        }
        return Said(symptom: other, degree: degree, isWorsening: isWorsening, unknown: text)
    }

    /// The names that somebody probably meant, nearest first.
    func symptomsNear(_ text: String) -> [String] {
        suggestions(for: normalised(text), in: symptoms.flatMap(\.names))
    }

    /// One or many of it makes no difference: `blister`, `blisters`.
    private func symptom(spelled word: String) -> Symptom? {
        symptom(named: word) ?? symptom(named: word + "s")
            ?? (word.hasSuffix("s") ? symptom(named: String(word.dropLast())) : nil)
    }
}
