import Glibc

/// Asks a line server on a unix socket the same kind of question over and over, `depth` at a time, and prints how many
/// replies a second came back. The same client for every peer, so that only the servers differ.
///
///     linebench SOCKET DEPTH HOW-MANY GREETING-LINES TEMPLATE
///
/// HOW-MANY is a number of requests, or of seconds (`2s`). TEMPLATE is one request; `%d` in it becomes a running number. A
/// reply is a line; one that is an error ends it.
@main
struct Main {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 6, let depth = Int(arguments[2]), let length = Length(arguments[3]),
            let greeting = Int(arguments[4])
        else {
            print("usage: linebench SOCKET DEPTH HOW-MANY GREETING-LINES TEMPLATE")
            exit(2)
        }
        var client = Client(
            path: arguments[1], template: arguments[5].replacing("\\n", with: "\n").replacing("\\r", with: "\r"))
        client.readLines(greeting)
        let start = now()
        var sent = 0
        while true {
            let count: Int
            switch length {
            case .requests(let total): count = min(depth, total - sent)
            case .seconds(let seconds): count = now() - start < seconds ? depth : 0
            }
            guard count > 0 else { break }
            client.send(from: sent, count: count)
            client.readLines(count)
            sent += count
        }
        let seconds = now() - start
        print(Int(Double(sent) / seconds), client.firstReply)
    }

    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// How long it goes on.
enum Length {
    case requests(Int), seconds(Double)

    init?(_ text: String) {
        if text.hasSuffix("s"), let seconds = Double(text.dropLast()) {
            self = .seconds(seconds)
        } else if let requests = Int(text) {
            self = .requests(requests)
        } else {
            return nil
        }
    }
}

struct Client {
    /// How a reply begins that is an error: `ERR …` of mneedled, `-ERR …` of Redis.
    private static let error = UInt8(ascii: "E")
    private static let redisError = UInt8(ascii: "-")

    private let descriptor: Int32
    private let parts: [[UInt8]]
    private var input = [UInt8](repeating: 0, count: 1 << 18)
    private var surplus = 0
    private var isAtLineStart = true
    private(set) var firstReply = ""

    init(path: String, template: String) {
        parts = template.split(separator: "%d", omittingEmptySubsequences: false).map { Array($0.utf8) }
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            print("cannot connect to \(path): \(String(cString: strerror(errno)))")
            exit(3)
        }
    }

    func send(from first: Int, count: Int) {
        var bytes: [UInt8] = []
        for number in first..<first + count {
            for (index, part) in parts.enumerated() {
                if index > 0 { bytes.append(contentsOf: String(number).utf8) }
                bytes.append(contentsOf: part)
            }
        }
        var offset = 0
        while offset < bytes.count {
            let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + offset, bytes.count - offset) }
            guard written > 0 else { exit(4) }
            offset += written
        }
    }

    mutating func readLines(_ count: Int) {
        var lines = surplus
        while lines < count {
            let size = input.withUnsafeMutableBytes { read(descriptor, $0.baseAddress!, $0.count) }
            guard size > 0 else {
                print("the peer has closed")
                exit(4)
            }
            if firstReply.isEmpty || lines == 0 && firstReply.hasPrefix("MNEEDLE") {
                firstReply = String(decoding: input[0..<min(size, 60)].prefix { $0 != 10 }, as: UTF8.self)
            }
            var (isStart, isError) = (isAtLineStart, false)
            input.withUnsafeBytes { bytes in
                for byte in bytes.prefix(size) {
                    isError = isError || isStart && (byte == Client.error || byte == Client.redisError)
                    isStart = byte == 10
                    if isStart { lines += 1 }
                }
            }
            guard !isError else {
                print("an error came back:", String(decoding: input[0..<size], as: UTF8.self))
                exit(5)
            }
            isAtLineStart = isStart
        }
        surplus = lines - count
    }
}
