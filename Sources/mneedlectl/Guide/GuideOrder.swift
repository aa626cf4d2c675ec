import ArgumentParser

/// The arguments of `guide` and of `today`.
struct GuideOrder: OwnArguments {
    static let way = "mneedlectl guide [PERSON]"

    @Argument(help: "Whom it is about; everybody if left out.")
    var person: String?
}
