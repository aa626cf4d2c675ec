import MneedleSystem
import Testing

struct HexTests {
    @Test("bytes are written in lower case, two digits each, and read back in either case")
    func bothWays() {
        #expect([0x00, 0x0F, 0xA0, 0xFF].hex == "000fa0ff")
        #expect([UInt8]().hex == "")
        #expect([UInt8](hex: "000fA0Ff") == [0x00, 0x0F, 0xA0, 0xFF])
        #expect([UInt8](hex: "") == [])
    }

    @Test("what is no hexadecimal gives nothing", arguments: ["0", "0g", "0x00", " 00", "00\n", "٠٠", "０"])
    func refused(_ text: String) {
        #expect([UInt8](hex: text) == nil)
    }
}
