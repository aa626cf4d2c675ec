import MneedleKit

/// A symptom in somebody's own words: the symptom that is meant, and what else the words say about it.
struct Said: Sendable {
    let symptom: Symptom
    /// The least degree of the symptom: "severe redness".
    let degree: Degree
    /// Whether the symptom becomes worse: "worsening swelling".
    let isWorsening: Bool
    /// The words as they were said, where no symptom has that name.
    let unknown: String?
}

extension Symptom {
    /// The name of the symptom that an unknown word is taken as.
    static let unknown = "other"
}

extension AftercareKnowledge {
    /// The symptom that a person means: its name or an alias, alone or after words that say how bad it is.
    /// - Throws: `internal` when the file has no symptom for unknown words; such a file is refused at start.
    func symptom(saidAs text: String) throws -> Said {
        let whole = normalised(plain(text))
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
        let meant = seriousSymptom(among: words) ?? seriousSymptom(nearly: bare.joined(separator: "-"))
        return Said(symptom: meant ?? other, degree: degree, isWorsening: isWorsening, unknown: text)
    }

    /// The names that somebody probably meant, nearest first.
    func symptomsNear(_ text: String) -> [String] {
        suggestions(for: normalised(plain(text)), in: symptoms.flatMap(\.names))
    }

    /// The worst symptom that needs help at once and whose name stands among the words of a sentence, in whatever order:
    /// "my face is swollen". A word that is denied right before it does not count.
    private func seriousSymptom(among words: [String]) -> Symptom? {
        worst { name in
            let parts = name.split(separator: "-").map(String.init)
            return parts.allSatisfy { part in
                words.indices.contains { place in
                    let word = words[place]
                    guard word == part || word + "s" == part || word == part + "s" else { return false }
                    guard place > 0, escalation.denyingWords.contains(words[place - 1]) else { return true }
                    return parts.contains(words[place - 1])
                }
            }
        }
    }

    /// The worst symptom that needs help at once, where every name that `word` resembles is one of such a symptom: "bllisters".
    /// Words under five letters are left out, for they resemble too much.
    private func seriousSymptom(nearly word: String) -> Symptom? {
        guard word.count >= 5 else { return nil }
        let near = symptomsNear(word)
        guard near.compactMap({ symptom(named: $0) }).allSatisfy({ $0.then >= .urgent }) else { return nil }
        return worst(near.contains)
    }

    private func worst(_ isMeant: (String) -> Bool) -> Symptom? {
        symptoms.filter { $0.then >= .urgent && $0.names.contains(where: isMeant) }.max { $0.then < $1.then }
    }

    /// The words without the punctuation that people put between them and into them: "can't breathe!".
    private func plain(_ text: String) -> String {
        String(
            text.compactMap { sign -> Character? in
                if "'’‘`´".contains(sign) { return nil }
                return sign.isPunctuation && sign != "-" && sign != "_" ? " " : sign
            })
    }

    /// The symptom of that name, in the singular or the plural: `blister`, `blisters`.
    private func symptom(spelled word: String) -> Symptom? {
        symptom(named: word) ?? symptom(named: word + "s")
            ?? (word.hasSuffix("s") ? symptom(named: String(word.dropLast())) : nil)
    }
}
