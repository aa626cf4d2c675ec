import MneedlePictures
import Testing

@Suite("Pictures in a line of text")
struct PictureTests {
    @Test("a sparkline has a bar for each value, from the lowest to the highest, and a gap where there is none")
    func sparkline() {
        #expect(Sparkline.text([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█")
        #expect(Sparkline.text([1, nil, 3]) == "▁ █")
        #expect(Sparkline.text([0.5, 0.5]) == "▅▅")
        #expect(Sparkline.text([5], in: 0...10) == "▅" && Sparkline.text([-1, 11], in: 0...10) == "▁█")
        #expect(Sparkline.text([nil, .nan]) == "  " && Sparkline.text([]).isEmpty)
    }

    @Test("a bar is filled by as much as is done, and full only when all is")
    func bar() {
        #expect(BarText.text(0.5, width: 4) == "██░░" && BarText.text(0.99, width: 4) == "███░")
        #expect(BarText.text(1, width: 4) == "████" && BarText.text(-1, width: 2) == "░░")
        #expect(BarText.text(7, width: 2) == "██" && BarText.text(.nan, width: 2) == "░░")
    }

    @Test("numbers of any size are drawn, or left out", arguments: [1e308, -1e308, .infinity, .nan, 5e-324, 0])
    func extremes(value: Double) {
        #expect(Sparkline.text([value, 1, -1e308, 1e308]).count == 4)
        let end = value.isNaN ? 0 : value
        #expect(Sparkline.text([1], in: min(end, 0)...max(end, 0)).count == 1)
        for other in [1e308, -1e308, 0.3] {
            #expect(BarText.gauge(value, least: other, most: other, width: 8).count == 8)
            #expect(BarText.gauge(other, least: value, most: other, width: 8).count == 8)
            #expect(BarText.gauge(other, least: other, most: value, width: 8).count == 8)
        }
        var chart = BrailleChart(width: 2, height: 2, range: -1e308...1e308, most: value)
        chart.add(column: 0, least: -1e308, most: value)
        #expect((0..<2).allSatisfy { chart.cells(row: $0).count == 2 })
    }

    @Test("a gauge shows on which side of its limit a value is, however near")
    func gauge() {
        #expect(BarText.gauge(0.25, least: nil, most: 0.5, width: 8) == "███░░░┃░")
        #expect(BarText.gauge(0.5, least: nil, most: 0.5, width: 8) == "██████┃░")
        #expect(BarText.gauge(0.5001, least: nil, most: 0.5, width: 8) == "██████┃█")
        #expect(BarText.gauge(14.9, least: 15, most: nil, width: 8) == "█░┃░░░░░")
        #expect(BarText.gauge(80, least: 15, most: nil, width: 8) == "██┃█████")
        #expect(
            BarText.gauge(3, least: nil, most: nil, width: 4) == "    "
                && BarText.gauge(3, least: nil, most: 5, width: 0) == "")
    }
}

@Suite("A curve in dots of Braille")
struct BrailleChartTests {
    private func text(_ chart: BrailleChart) -> [String] {
        (0..<chart.height).map { String(chart.cells(row: $0).map(\.character)) }
    }

    private func marks(_ chart: BrailleChart, row: Int) -> [BrailleChart.Mark] { chart.cells(row: row).map(\.mark) }

    @Test("each value is a dot at its place, and what lies between two is drawn")
    func dots() {
        var chart = BrailleChart(width: 2, height: 1, range: 0...3)
        for (column, value) in [0.0, 1, 2, 3].enumerated() { chart.add(column: column, least: value, most: value) }
        #expect(text(chart) == ["⡠⠊"])
        var jump = BrailleChart(width: 1, height: 2, range: 0...7)
        jump.add(column: 0, least: 0, most: 0)
        jump.add(column: 1, least: 7, most: 7)
        #expect(text(jump) == ["⢸", "⡸"])
    }

    @Test("the whole of what was measured in a column is drawn, and a time without any is a gap")
    func spread() {
        var chart = BrailleChart(width: 3, height: 1, range: 0...3)
        chart.add(column: 0, least: 0, most: 3)
        chart.add(column: 4, least: 1, most: 2)
        #expect(text(chart) == ["⡇ ⠆"])
    }

    @Test("the limit is a line where there is no curve")
    func limit() {
        var chart = BrailleChart(width: 2, height: 2, range: 0...7, most: 6)
        chart.add(column: 0, least: 6, most: 6)
        #expect(text(chart) == ["⠂╌", "  "])
        #expect(marks(chart, row: 0) == [.curve, .limit])
    }

    @Test("what is beyond a limit is marked, be it by less than a dot", arguments: [6.01, 6.9, 7])
    func beyond(value: Double) {
        var chart = BrailleChart(width: 1, height: 2, range: 0...7, most: 6)
        chart.add(column: 0, least: 3, most: value)
        #expect(marks(chart, row: 0) == [.beyond] && marks(chart, row: 1) == [.curve])
    }

    @Test("what is under a least value is marked too")
    func under() {
        var chart = BrailleChart(width: 1, height: 2, range: 0...7, least: 2)
        chart.add(column: 0, least: 1.9, most: 7)
        #expect(marks(chart, row: 0) == [.curve] && marks(chart, row: 1) == [.beyond])
    }

    @Test("values that no chart can show leave it as it is")
    func impossible() {
        var chart = BrailleChart(width: 1, height: 1, range: 0...0)
        chart.add(column: -1, least: 0, most: 0)
        chart.add(column: 2, least: 0, most: 0)
        chart.add(column: 0, least: .nan, most: .nan)
        chart.add(column: 0, least: 2, most: 1)
        #expect(text(chart) == [" "])
        chart.add(column: 0, least: 0, most: 0)
        #expect(text(chart) == ["⠂"])
    }
}

@Suite("Keys")
struct KeyReaderTests {
    private func keys(_ pieces: [String]) -> [Key] {
        var reader = KeyReader()
        return pieces.flatMap { reader.keys($0.utf8) }
    }

    @Test("letters, arrows in both forms, and the keys of control are told apart")
    func known() {
        #expect(keys(["qj?\r"]) == [.character("q"), .character("j"), .character("?"), .enter])
        #expect(
            keys(["\u{1B}[A\u{1B}OB\u{1B}[5~\u{1B}[6~\u{1B}[H\u{1B}[4~"]) == [
                .up, .down, .pageUp, .pageDown, .first, .last,
            ])
        #expect(keys(["\u{3}\u{1A}\u{C}"]) == [.interrupt, .suspend, .redraw])
    }

    @Test("a key that comes in two pieces is one")
    func pieces() {
        #expect(keys(["\u{1B}[", "B"]) == [.down])
        #expect(keys(["\u{1B}"]) == [.escape] && keys(["\u{1B}q"]) == [.escape, .character("q")])
    }

    @Test("what means nothing is no key, and does no harm to the next one")
    func unknown() {
        #expect(keys(["\u{1B}[200;9xq"]) == [.character("q")])
        #expect(keys(["é日\u{1}q"]) == [.character("q")])
        #expect(keys(["\u{1B}[" + String(repeating: "1;", count: 20), "q"]).last == .character("q"))
    }
}
