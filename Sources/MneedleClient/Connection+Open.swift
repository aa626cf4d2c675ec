import Glibc
import MneedleSystem

extension Connection {
    /// Connects to the first path that works. It goes on where nothing listens, and where this user may not open the socket:
    /// after `su` the runtime folder is still the other user's. A daemon that answers with a refusal ends the search.
    static func open(firstOf paths: [String]) throws(ClientError) -> (Descriptor, String) {
        var closed: ClientError?
        for path in paths {
            let address = try address(of: path)
            do throws(SystemError) {
                let socket = try Descriptor(socket: SOCK_STREAM)
                try address.connect(socket)
                return (socket, path)
            } catch {
                switch error.number {
                case ENOENT, ECONNREFUSED, ENOTDIR: continue
                case EACCES, EPERM: closed = closed ?? failure(path, error)
                default: throw failure(path, error)
                }
            }
        }
        if let closed { throw closed }
        throw ClientError(
            .noDaemon, "no daemon listens at \(paths.joined(separator: " or "))",
            advice: "start it with 'systemctl --user start mneedled' (or 'sudo systemctl start mneedled'), "
                + "or name its socket with --socket or $MNEEDLE_SOCKET")
    }

    private static func address(of path: String) throws(ClientError) -> UnixAddress {
        do {
            return try UnixAddress(path)
        } catch {
            throw ClientError(.noDaemon, "cannot connect: \(error)")
        }
    }

    private static func failure(_ path: String, _ error: SystemError) -> ClientError {
        switch error.number {
        case EACCES, EPERM:
            ClientError(
                .notPermitted, "this user may not use the socket \(path)",
                advice: "'ls -l \(path)' shows whose it is: join its group and log in again, or ask its owner")
        case EAGAIN:
            ClientError(.noDaemon, "the daemon at \(path) takes no more connections now", advice: "try again soon")
        default:
            ClientError(.noDaemon, "cannot connect to \(path): \(error)")
        }
    }
}
