import MneedleKit

/// What the documents advise in general, where no rule can check it.
struct Guidance: Sendable {
    enum Topic: String, CaseIterable, Sendable { case hygiene, products, provider, limits, consult }

    let name: String
    let topic: Topic
    let text: String
    let sources: [Source]

    init(_ table: Table, _ catalogue: SourceCatalogue) {
        name = table.string("guidance")
        topic = table.choice("topic", default: .consult)
        if !table.has("topic") { table.report("topic", "missing") }
        text = table.string("text")
        sources = catalogue.sources(of: table)
    }
}

extension Aftercare {
    var guidance: Command {
        Command(
            "guidance", "Lists what the sources advise in general: hygiene, choosing a provider, the limits of home.",
            role: .reader,
            parameters: [
                .optional("topic", .choice(Guidance.Topic.allCases.map(\.rawValue)), "Only this topic.")
            ],
            reply: [
                ReplyMember("guidance", "its name"), ReplyMember("topic", "what it is about"),
                ReplyMember("text", "what, in plain words"), ReplyMember("sources", "what it rests on"),
            ],
            concerns: .nobody, example: "aftercare.guidance topic=provider",
            .lists { request, _, send in
                let topic = request.arguments.text("topic")
                for item in knowledge.guidance where topic == nil || item.topic.rawValue == topic {
                    try send([
                        "guidance": item.name, "topic": item.topic.rawValue, "text": item.text,
                        "sources": item.sources,
                    ])
                }
                return [:]
            })
    }
}
