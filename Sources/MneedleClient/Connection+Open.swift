import Glibc

extension Connection {
    /// Goes on to the next path where nothing listens, and where this user may not open it: after `su` the runtime folder is
    /// still the other user's. A daemon that refuses is an answer.
    static func open(firstOf paths: [String]) throws(ClientError) -> (CInt, String) {
        var closed: ClientError?
        for path in paths {
            let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { throw failure(path, errno) }
            let error = connect(descriptor, to: path)
            if error == 0 { return (descriptor, path) }
            close(descriptor)
            switch error {
            case ENOENT, ECONNREFUSED, ENOTDIR: continue
            case EACCES, EPERM: closed = closed ?? failure(path, error)
            default: throw failure(path, error)
            }
        }
        if let closed { throw closed }
        throw ClientError(
            .noDaemon, "no daemon listens at \(paths.joined(separator: " or "))",
            advice: "start it with 'systemctl --user start mneedled' (or 'sudo systemctl start mneedled'), "
                + "or name its socket with --socket or $MNEEDLE_SOCKET")
    }

    /// Answers 0 or an error number.
    private static func connect(_ descriptor: CInt, to path: String) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
            return ENAMETOOLONG
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return result == 0 ? 0 : errno
    }

    private static func failure(_ path: String, _ error: CInt) -> ClientError {
        switch error {
        case EACCES, EPERM:
            ClientError(
                .notPermitted, "this user may not use the socket \(path)",
                advice: "join the group that the socket belongs to ('ls -l \(path)'), then log in again")
        case EAGAIN:
            ClientError(.noDaemon, "the daemon at \(path) takes no more connections now", advice: "try again soon")
        default:
            ClientError(.noDaemon, "cannot connect to \(path): \(String(cString: strerror(error)))")
        }
    }
}
