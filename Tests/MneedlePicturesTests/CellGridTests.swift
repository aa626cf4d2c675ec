import MneedlePictures
import Testing

@Suite("A grid of cells")
struct CellGridTests {
    private func grid(_ rows: [String], width: Int = 10) -> CellGrid {
        var grid = CellGrid(width: width, height: rows.count)
        for (row, text) in rows.enumerated() { grid.put(text, row: row) }
        return grid
    }

    @Test("what has not changed is not sent again")
    func unchanged() {
        let old = grid(["one", "two"])
        #expect(old.changes(from: old, hasColours: true).isEmpty)
        #expect(CellGrid(width: 4, height: 4).changes(from: nil, hasColours: true).isEmpty)
    }

    @Test("only the cells that differ are sent, each piece with one move of the cursor")
    func changed() {
        #expect(
            grid(["alpha beta", "gamma"]).changes(from: grid(["alpha Beta", "gamut"]), hasColours: true)
                == "\u{1B}[1;7Hb\u{1B}[2;4Hma")
        #expect(grid(["ab", "cd"], width: 2).changes(from: nil, hasColours: true) == "\u{1B}[1;1Hab\u{1B}[2;1Hcd")
    }

    @Test("what is no longer there is blanked out")
    func removed() {
        #expect(grid([""]).changes(from: grid(["ab"]), hasColours: true) == "\u{1B}[1;1H  ")
    }

    @Test("a terminal of another size gets everything")
    func resized() {
        #expect(grid(["ab"], width: 5).changes(from: grid(["ab"], width: 6), hasColours: true) == "\u{1B}[1;1Hab")
    }

    @Test("styles are sent once for a run of cells and taken back at the end; colours only where they are wanted")
    func styles() {
        var new = CellGrid(width: 6, height: 1)
        new.put("ab", row: 0, style: .init(.red, bold: true))
        new.put("c", row: 0, column: 2)
        #expect(new.changes(from: nil, hasColours: true) == "\u{1B}[1;1H\u{1B}[0;1;31mab\u{1B}[0mc")
        #expect(new.changes(from: nil, hasColours: false) == "\u{1B}[1;1H\u{1B}[0;1mab\u{1B}[0mc")
        var last = CellGrid(width: 6, height: 1)
        last.put("x", row: 0, style: .init(reversed: true))
        #expect(last.changes(from: nil, hasColours: true).hasSuffix("x\u{1B}[0m"))
    }

    @Test("a text ends at the edge, and a wide character that would be cut is left out")
    func edges() {
        var new = CellGrid(width: 5, height: 1)
        #expect(new.put("abc", row: 0, before: 2) == 2)
        #expect(new.put("日本語", row: 0) == 4)
        #expect(new.text(row: 0) == "日本")
        new.put("nowhere", row: 7)
        new.put("nowhere", row: -1)
        #expect(new.put("end", row: 0, column: 4) == 5)
        #expect(new.text(row: 0) == "日本e")
    }

    @Test("half of a wide character that is written over leaves a blank")
    func halves() {
        var new = grid(["日本"])
        new.put("x", row: 0, column: 1)
        #expect(new.text(row: 0) == " x本")
        new.put("y", row: 0, column: 2)
        #expect(new.text(row: 0) == " xy")
    }

    @Test("nothing in a text commands the terminal, and nothing in it is invisible")
    func harmless() {
        var new = CellGrid(width: 20, height: 1)
        new.put("a\u{1B}[2Jb\u{7}\u{202E}c\u{0}\nd", row: 0)
        #expect(new.text(row: 0) == "a\u{FFFD}[2Jb\u{FFFD}\u{FFFD}c\u{FFFD} d")
        // The cursor is moved, and that is all: to the first cell, and over the blank, which is there already.
        #expect(
            new.changes(from: nil, hasColours: true)
                == "\u{1B}[1;1Ha\u{FFFD}[2Jb\u{FFFD}\u{FFFD}c\u{FFFD}\u{1B}[1;12Hd")
    }

    @Test("what keeps a text from right to left apart takes no cell")
    func isolates() {
        var new = CellGrid(width: 10, height: 1)
        #expect(new.put("a\u{2068}نور\u{2069}b", row: 0) == 5)
        #expect(new.text(row: 0) == "aنورb")
    }

    @Test("a name with marks over its letters takes a column a letter")
    func marks() {
        #expect(TextWidth.of("Ngu\u{0302}\u{0301}") == 3)
        #expect(TextWidth.of("日") == 2 && TextWidth.of("é") == 1 && TextWidth.of("\u{200B}") == 0)
    }
}
