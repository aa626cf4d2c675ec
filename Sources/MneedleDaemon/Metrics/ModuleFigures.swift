import MneedleKit
import MneedleWire

/// The figures that modules contribute.
extension StoreReading {
    /// The values of the figures in this snapshot. A figure that fails is left out and handed to `failed`.
    package func figures(
        failed: (_ module: String, _ figure: String, any Error) -> Void
    ) -> [MetricFamily] {
        var families: [MetricFamily] = []
        for (module, figure) in registry.figures {
            do {
                let family = try within(module) { try MetricFamily(figure, of: module, self) }
                guard !families.contains(where: { $0.name == family.name }) else {
                    throw figure.wrong("is there twice")
                }
                families.append(family)
            } catch {
                failed(module, figure.name, error)
            }
        }
        return families
    }
}

extension MetricFamily {
    /// Endings of sample names: a figure whose name has one could be taken for a sample of another.
    private static let endings = ["_total", "_created", "_bucket", "_sum", "_count", "_info"]

    /// - Throws: The figure's own error, or the reason why its values cannot be told.
    fileprivate init(_ figure: Figure, of module: String, _ reading: any Reading) throws {
        let name = "mneedle_\(module)_\(figure.name)" + (figure.unit.map { "_\($0)" } ?? "")
        guard MetricFamily.isName(name), figure.labels.allSatisfy({ MetricFamily.isName($0.name) }),
            !MetricFamily.endings.contains(where: name.hasSuffix)
        else { throw figure.wrong("has a name that no figure or label may have") }
        var said: Set<[String]> = []
        let samples = try figure.values(reading).map { value in
            // A label that is not declared could be somebody's name.
            guard value.labels.count == figure.labels.count,
                zip(figure.labels, value.labels).allSatisfy({ $0.choices.contains($1) })
            else { throw figure.wrong("has labels that it did not declare") }
            guard said.insert(value.labels).inserted else { throw figure.wrong("says the same labels twice") }
            guard value.number.isFinite, figure.kind == .gauge || value.number >= 0 else {
                throw figure.wrong("is no number, or a count below 0")
            }
            let labels = zip(figure.labels, value.labels).map { Label($0.name, $1) }
            return Sample(labels: labels, value: .number(value.number))
        }
        let kind: Kind = figure.kind == .counter ? .counter : .gauge
        self.init(name, kind, unit: figure.unit, help: figure.summary, samples)
    }
}

extension Figure {
    fileprivate func wrong(_ reason: String) -> ModuleError { .internal("the figure '\(name)' \(reason)") }
}
