import ArgumentParser
import Glibc
import MneedleClient
import MneedleSystem
import MneedleWire

struct CalendarArguments: OwnArguments {
    static let way = "mneedlectl calendar --output FILE|- [--person NAME] [--keep-current]"

    @Option(parsing: .unconditional, help: .init(valueName: "file")) var output: String = ""
    @Option(parsing: .unconditional, help: .init(valueName: "name")) var person: String?
    /// Whether the file is written anew after every event that may change it.
    @Flag var keepCurrent = false
}

/// `calendar`: reminders and windows as a file that calendar programs read, kept current if asked to.
extension Tool {
    /// `calendar --output FILE [--person NAME] [--keep-current]`
    func calendar(_ words: [String]) throws(Failure) {
        let given = try CalendarArguments.read(words)
        guard !given.output.isEmpty else {
            throw .usage("calendar needs --output and the file to write", next: CalendarArguments.way)
        }
        let arguments = JSON.object(given.person.map { [.init("person", .string($0))] } ?? [])
        let connection = try connect()
        guard given.output != "-" else {
            guard !given.keepCurrent else {
                throw .usage("standard output cannot be kept current", next: CalendarArguments.way)
            }
            let reply = try asking("scheduling.calendar") { () throws(ClientError) in
                try connection.request("scheduling.calendar", arguments)
            }
            print(reply["ics"]?.string ?? "", terminator: "")
            return
        }
        try requireCalendar(given.output)
        let size = try write(arguments, from: connection, to: given.output)
        guard given.keepCurrent else {
            return output.reply(["output": .string(given.output), "bytes": .integer(Int64(size))])
        }
        follow(connection, arguments, given.output)
    }

    /// What is there is replaced only if it is a calendar: nobody writes one over a letter by a mistyped name.
    private func requireCalendar(_ path: String) throws(Failure) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        let isFile = status.st_mode & S_IFMT == S_IFREG
        let begin = Array("BEGIN:VCALENDAR".utf8)
        var bytes = [UInt8](repeating: 0, count: begin.count)
        let descriptor = isFile ? open(path, O_RDONLY | O_CLOEXEC) : -1
        let count = descriptor < 0 ? 0 : Glibc.read(descriptor, &bytes, bytes.count)
        if descriptor >= 0 { close(descriptor) }
        // An empty file was made for this.
        if isFile, status.st_size == 0 || count == begin.count && bytes == begin { return }
        let question = "'\(path)' is there and is no calendar. It would be replaced."
        if isFile, options.yes || asks && questioner.confirms(question, about: path) { return }
        throw Failure(
            code: "not-a-calendar", message: "'\(path)' is there and is no calendar; nothing was written", details: [],
            next: isFile ? "name another file, or add --yes to replace it" : "name a file", exitCode: .refused)
    }

    /// Writes the file anew after every event that may change it, through restarts of the daemon, until interrupted.
    private func follow(_ first: Connection, _ arguments: JSON, _ path: String) -> Never {
        var connection: Connection? = first
        var pause = 1
        while true {
            do throws(ClientError) {
                let current: Connection
                if let connection {
                    current = connection
                } else {
                    current = try Connection(
                        firstOf: SocketPath.candidates(explicit: options.socket), timeout: .seconds(options.timeout))
                }
                // Subscribed before the reading, so that no change is lost between the two.
                try current.subscribe(topics: ["reminder.*", "session.*", "person.*"])
                pause = 1
                while true {
                    try rewrite(arguments, from: current, path)
                    // Events that come at once make one new file.
                    _ = try current.nextEvent()
                    while try current.nextEvent(within: .milliseconds(100)) != nil {}
                }
            } catch {
                output.note("\(error.description); tried again in \(pause) s")
                connection = nil
                poll(nil, 0, CInt(pause * 1000))
                pause = min(pause * 2, 60)
            }
        }
    }

    private func rewrite(_ arguments: JSON, from connection: Connection, _ path: String) throws(ClientError) {
        do throws(Failure) {
            try write(arguments, from: connection, to: path)
        } catch {
            // A full disk is no reason to end: the next change writes the file again.
            if error.code == "unwritable" { return output.note(error.message) }
            throw ClientError(.closed, error.message)
        }
    }

    /// Replaces the file in one step, so that no reader sees half of it.
    @discardableResult
    private func write(_ arguments: JSON, from connection: Connection, to path: String) throws(Failure) -> Int {
        let reply = try asking("scheduling.calendar") { () throws(ClientError) in
            try connection.request("scheduling.calendar", arguments)
        }
        let bytes = Array((reply["ics"]?.string ?? "").utf8)
        do {
            try AtomicFile.replace(path, with: bytes)
        } catch {
            throw .unwritable(path, error)
        }
        return bytes.count
    }
}
