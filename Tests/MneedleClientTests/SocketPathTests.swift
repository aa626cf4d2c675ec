import MneedleClient
import Testing

struct SocketPathTests {
    private func candidates(_ explicit: String?, _ environment: [String: String]) -> [String] {
        SocketPath.candidates(explicit: explicit, environment: { environment[$0] }, user: 1000)
    }

    @Test("a path that was given is the only one tried")
    func explicit() {
        #expect(candidates("/a", ["MNEEDLE_SOCKET": "/b"]) == ["/a"])
        #expect(candidates(nil, ["MNEEDLE_SOCKET": "/b", "XDG_RUNTIME_DIR": "/c"]) == ["/b"])
    }

    @Test("else the user's daemon comes before the system's")
    func order() {
        let user = "/run/user/1000/mneedle/control.sock"
        #expect(
            candidates(nil, ["XDG_RUNTIME_DIR": "/c"]) == [
                "/c/mneedle/control.sock", user, "/run/mneedle/control.sock",
            ])
        #expect(
            candidates(nil, ["XDG_RUNTIME_DIR": "/run/user/1000", "MNEEDLE_SOCKET": ""]) == [
                user, "/run/mneedle/control.sock",
            ])
    }
}
