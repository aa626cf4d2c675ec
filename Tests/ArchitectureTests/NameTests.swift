import Testing

/// Names, and the sentences beside them.
@Suite("Names")
struct NameTests {
    /// A line of source that declares something.
    struct Declaration {
        /// `struct`, `func`, `var` and so on.
        var keyword: String
        var name: String
        var isPublic: Bool
        /// Whether it is asked for by a protocol.
        var isRequirement: Bool
        var isTopLevel: Bool
        var hasDocstring: Bool
        /// File, line and text.
        var place: String
    }

    /// What a file declares, written as `swift format` writes it: members are indented by four more than their type.
    static func declarations(_ file: ArchitectureTests.SourceFile) throws -> [Declaration] {
        let pattern =
            #/(?:@\w+(?:\([^)]*\))? )*((?:[a-z]+(?:\(set\))? )*?)(struct|enum|class|actor|protocol|typealias|associatedtype|func|init|var|let|subscript)\b ?(\w+|[-<=>+*/]+)?/#
        let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            (indentation: line.prefix { $0 == " " }.count, code: String(line.drop { $0 == " " }))
        }
        var declarations: [Declaration] = []
        /// How far the body of a public protocol is indented: its requirements are as public as it is.
        var requirements: Int?
        for (index, line) in lines.enumerated() {
            if let depth = requirements, line.indentation < depth, line.code.hasPrefix("}") { requirements = nil }
            guard let found = try pattern.prefixMatch(in: line.code) else { continue }
            let isRequirement = requirements == line.indentation
            let isPublic = isRequirement || found.1.split(separator: " ").contains("public")
            if found.2 == "protocol", isPublic, line.code.hasSuffix("{") { requirements = line.indentation + 4 }
            let above = lines[..<index].last {
                !$0.code.hasPrefix("@") && (!$0.code.hasPrefix("//") || $0.code.hasPrefix("///"))
            }
            declarations.append(
                Declaration(
                    keyword: String(found.2), name: String(found.3 ?? found.2), isPublic: isPublic,
                    isRequirement: isRequirement, isTopLevel: line.indentation == 0,
                    hasDocstring: above?.code.hasPrefix("///") == true,
                    place: "\(file.path):\(index + 1): \(line.code)"))
        }
        return declarations
    }

    /// The declarations of the whole program.
    private static func declarations() throws -> [Declaration] {
        let files = try ArchitectureTests.swiftFiles("Sources") + ArchitectureTests.swiftFiles("Plugins")
        return try files.filter { !$0.path.hasSuffix("Package.swift") && !$0.path.contains("/Tests/") }
            .flatMap(declarations)
    }

    @Test("every public symbol says what it promises; for what a protocol asks, the protocol says it")
    func publicSymbolsAreDocumented() throws {
        let declarations = try NameTests.declarations()
        let standard: Set = ["description", "==", "<", "hash"]
        let asked = standard.union(declarations.filter(\.isRequirement).map(\.name))
        let types: Set = ["struct", "enum", "class", "protocol"]
        let silent = declarations.filter {
            // Of the kit its types, so far.
            $0.isPublic && !$0.hasDocstring && ($0.isRequirement || !asked.contains($0.name))
                && (types.contains($0.keyword) || !$0.place.hasPrefix("Sources/MneedleKit"))
        }
        #expect(silent.isEmpty, "no docstring:\n\(silent.map(\.place).joined(separator: "\n"))")
    }

    @Test("that rule finds what has no docstring, and takes a comment or an attribute for none")
    func theRuleBites() throws {
        let file = ArchitectureTests.SourceFile(
            path: "F.swift",
            text: """
                /// Told.
                @frozen
                public struct Told {
                    public static func untold() {}
                    // No docstring.
                    public private(set) var commented = 0
                    var own = 0
                }
                public protocol Asking {
                    /// Told.
                    var told: Int { get }
                    func untold()
                }
                """)
        let found = try NameTests.declarations(file)
        #expect(found.map(\.name) == ["Told", "untold", "commented", "own", "Asking", "told", "untold"])
        #expect(found.map(\.isPublic) == [true, true, true, false, true, true, true])
        #expect(found.map(\.hasDocstring) == [true, false, false, false, false, true, false])
        #expect(found.map(\.isRequirement) == [false, false, false, false, false, true, true])
        #expect(found.map(\.isTopLevel) == [true, false, false, false, true, false, false])
    }
}
