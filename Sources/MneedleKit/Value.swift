/// A value as it travels in requests, replies and ledger entries. Members keep their order.
public enum Value: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case list([Value])
    case object(Object)
}

/// Members in the order in which they were written; names are unique.
///
/// A literal leaves out members whose value is `nil`:
/// `["session": id, "until": until]` has no `until` while there is none.
public struct Object: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    /// A name and its value. (`Value` alone would mean the dictionary literal's associated type here.)
    public struct Member: Hashable, Sendable {
        /// The member's name.
        public var name: String
        public var value: MneedleKit.Value

        /// A name with its value.
        public init(_ name: String, _ value: MneedleKit.Value) {
            self.name = name
            self.value = value
        }
    }

    /// The members in the order in which they are sent.
    public private(set) var members: [Member]

    /// An object without members.
    public init() { members = [] }

    /// Takes members whose names are known to be unique.
    public init(uniqueMembers: [Member]) { members = uniqueMembers }

    /// Members in their order, without those that are `nil`; their names must differ.
    public init(dictionaryLiteral elements: (String, (any ValueConvertible)?)...) {
        members = []
        members.reserveCapacity(elements.count)
        // The loop reads elements by index, for taking them apart copies them.
        for index in elements.indices {
            if let value = elements[index].1?.value { members.append(Member(elements[index].0, value)) }
        }
    }

    /// Whether it has no members.
    public var isEmpty: Bool { members.isEmpty }

    /// The member's value; setting `nil` removes it, setting a new name appends it.
    public subscript(name: String) -> MneedleKit.Value? {
        get { members.first { $0.name == name }?.value }
        set {
            let index = members.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append(Member(name, value))
            case (nil, nil): break
            }
        }
    }

    /// The text of a member; `nil` where it is missing, or no text.
    public func string(_ name: String) -> String? {
        if case .string(let text) = self[name] { text } else { nil }
    }
    /// The whole number of a member; `nil` where it is missing, or no whole number.
    public func integer(_ name: String) -> Int64? {
        if case .integer(let number) = self[name] { number } else { nil }
    }
    /// A number, whole or not.
    public func number(_ name: String) -> Double? {
        switch self[name] {
        case .integer(let number): Double(number)
        case .number(let number): number
        default: nil
        }
    }
    /// The truth value of a member; `nil` where it is missing, or no truth value.
    public func bool(_ name: String) -> Bool? {
        if case .bool(let flag) = self[name] { flag } else { nil }
    }
    /// The elements of a member; `nil` where it is missing, or no list.
    public func list(_ name: String) -> [MneedleKit.Value]? {
        if case .list(let list) = self[name] { list } else { nil }
    }
    /// The object that a member is; `nil` where it is missing, or no object.
    public func object(_ name: String) -> Object? {
        if case .object(let object) = self[name] { object } else { nil }
    }
    /// The strings of a list member; other elements are left out.
    public func strings(_ name: String) -> [String] {
        (list(name) ?? []).compactMap { if case .string(let text) = $0 { text } else { nil } }
    }
    /// The day that a member's text names; `nil` where it is missing, or names no day.
    public func date(_ name: String) -> CivilDate? { string(name).flatMap(CivilDate.init) }
    /// The time that a member's text names; `nil` where it is missing, or names no time.
    public func instant(_ name: String) -> Instant? { string(name).flatMap(Instant.init) }
}

/// A type whose values can stand in a reply or a ledger entry.
public protocol ValueConvertible: Sendable {
    /// The value as it travels.
    var value: Value { get }
}

extension Value: ValueConvertible { public var value: Value { self } }
extension Object: ValueConvertible { public var value: MneedleKit.Value { .object(self) } }
extension String: ValueConvertible { public var value: Value { .string(self) } }
extension Bool: ValueConvertible { public var value: Value { .bool(self) } }
extension Int: ValueConvertible { public var value: Value { .integer(Int64(self)) } }
extension Int64: ValueConvertible { public var value: Value { .integer(self) } }
extension Double: ValueConvertible { public var value: Value { .number(self) } }
extension Array: ValueConvertible where Element: ValueConvertible {
    public var value: Value { .list(map(\.value)) }
}
