import MneedleKit

/// A piece of general advice from the source documents that no rule can check.
struct Guidance: Reply {
    enum Topic: String, CaseIterable, ReplyValue { case hygiene, products, provider, limits, consult }

    let name: String
    let topic: Topic
    let text: String
    let sources: [Source]

    static let members: [Member<Guidance>] = [
        Member("guidance", "its name", \.name), Member("topic", "what it is about", \.topic),
        Member("text", "what, in plain words", \.text), Member("sources", "what it rests on", \.sources),
    ]

    init(_ table: Table) {
        name = table.string("guidance")
        topic = table.choice("topic", standIn: .consult)
        text = table.string("text")
        sources = table.sources()
    }
}

extension Aftercare {
    private static let topic = Parameter.optional("topic", .choice(Guidance.Topic.self), "Only this topic.")

    var guidance: Command {
        Command(
            "guidance", "Lists what the sources advise in general: hygiene, choosing a provider, the limits of home.",
            role: .reader, takes: Aftercare.topic, gives: Guidance.self, concerns: .nobody,
            example: "aftercare.guidance topic=provider",
            lists: { _, send, topic in
                for item in knowledge.guidance where topic == nil || item.topic == topic { try send(item) }
            })
    }
}
