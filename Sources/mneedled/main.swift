import NIOPosix
import NIOCore
import GRDB
import Crypto
import Logging
import ServiceLifecycle
import ArgumentParser
import TOMLKit
let g = MultiThreadedEventLoopGroup(numberOfThreads: 1)
let p = try DatabasePool(path: "/tmp/x.sqlite")
let d = SHA256.hash(data: Array("a".utf8))
let t = try TOMLTable(string: "a=1")
print(d, t, g, p)
import Glibc
print(try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("VmRSS") || $0.hasPrefix("Rss") })
