import MneedleTestKit
import MneedleWire
import Testing

@Suite("Requests")
struct RequestTests {
    @Test("words and JSON mean the same for every type of parameter")
    func sameMeaning() throws {
        let client = try trialDaemon().connect()
        let pairs: [(words: String, json: String)] = [
            ("slug=anna-1.x_2", #"{"slug":"anna-1.x_2"}"#), ("text=plain", #"{"text":"plain"}"#),
            (#"text="Dr. Lee\n\u00e9\"\\""#, #"{"text":"Dr. Lee\n\u00e9\"\\"}"#), ("text=5", #"{"text":"5"}"#),
            ("text={}", #"{"text":"{}"}"#), ("text=a=b", #"{"text":"a=b"}"#), ("count=7", #"{"count":7}"#),
            ("count=-5", #"{"count":-5}"#),
            ("depth_mm=0.8", #"{"depth_mm":0.8}"#), ("depth_mm=1", #"{"depth_mm":1}"#),
            ("depth_mm=5e-1", #"{"depth_mm":5e-1}"#),
            ("flag=yes", #"{"flag":true}"#), ("flag=no", #"{"flag":false}"#), ("flag=true", #"{"flag":"yes"}"#),
            ("flag=false", #"{"flag":"no"}"#),
            ("day=2026-11-20", #"{"day":"2026-11-20"}"#), ("used_on=never", #"{"used_on":"never"}"#),
            ("used_on=2026-11-20", #"{"used_on":"2026-11-20"}"#),
            ("at=2026-11-20T18:00:00+01:00", #"{"at":"2026-11-20T17:00:00Z"}"#),
            ("length=90s", #"{"length":"PT1M30S"}"#), ("length=72h", #"{"length":"PT72H"}"#),
            ("length=4w", #"{"length":"P28D"}"#),
            ("length=3d", #"{"length":"P3D"}"#), ("length=5m", #"{"length":"PT5M"}"#),
            ("setting=home", #"{"setting":"home"}"#),
            ("areas=chin,nose", #"{"areas":["chin","nose"]}"#), ("areas=chin", #"{"areas":["chin"]}"#),
            ("counts=1,2,3", #"{"counts":[1,2,3]}"#),
            (#"words="a,b""#, #"{"words":["a,b"]}"#), ("words=a,b", #"{"words":["a","b"]}"#),
            (
                #"answers.name="a b" answers.pregnant=no answers.retinoid-last-used=2026-11-17 answers.amount=2.5"#,
                #"{"answers":{"name":"a b","pregnant":false,"retinoid-last-used":"2026-11-17","amount":2.5}}"#
            ),
            ("count=1 text=a", #"{"text":"a","count":1}"#),
        ]
        for (words, json) in pairs {
            let reply = try client.ask("trial.echo \(words)")
            #expect(reply.hasPrefix("OK {\""), "\(words) → \(reply)")
            #expect(try client.ask("trial.echo \(json)") == reply, "\(words)")
        }
        #expect(try client.ask("trial.echo {}") == "OK {}")
        #expect(try client.ask("trial.echo") == "OK {}")
    }

    @Test("what people write is understood, and said back as the protocol writes it")
    func asPeopleWrite() throws {
        let client = try trialDaemon().connect()
        for (words, reply) in [
            ("depth_mm=0,5", #"{"depth_mm":0.5}"#), ("depth_mm=0.25mm", #"{"depth_mm":0.25}"#),
            (#"depth_mm="1,25 mm""#, #"{"depth_mm":1.25}"#), ("depth_mm=2mm", #"{"depth_mm":2.0}"#),
            ("flag=Yes", #"{"flag":true}"#), ("flag=FALSE", #"{"flag":false}"#),
            ("used_on=Never", #"{"used_on":"never"}"#),
            ("setting=Home", #"{"setting":"home"}"#), ("areas=Chin", #"{"areas":["chin"]}"#),
        ] {
            #expect(try client.ask("trial.echo \(words)") == "OK " + reply, "\(words)")
        }
    }

    @Test("what is no value of its type is refused in both forms, with argument, expectation and what came")
    func wrongValues() throws {
        let client = try trialDaemon().connect()
        let cases: [(words: String, json: String, argument: String)] = [
            ("slug=Änna", #"{"slug":"Anna Lee"}"#, "slug"), (#"slug="""#, #"{"slug":""}"#, "slug"),
            ("slug=-a", #"{"slug":7}"#, "slug"),
            ("text=" + String(repeating: "é", count: 21), #"{"text":7}"#, "text"),
            (#"text="a\u0000""#, #"{"text":"\u0007"}"#, "text"),
            (#"text="""#, #"{"text":null}"#, "text"),
            ("count=101", #"{"count":101}"#, "count"), ("count=1.5", #"{"count":1.5}"#, "count"),
            (#"count="5""#, #"{"count":"5"}"#, "count"),
            ("count=+5", #"{"count":true}"#, "count"), ("count=007", #"{"count":[5]}"#, "count"),
            ("count=99999999999999999999", #"{"count":99999999999999999999}"#, "count"),
            ("depth_mm=3.01", #"{"depth_mm":3.01}"#, "depth_mm"), ("depth_mm=nan", #"{"depth_mm":"1"}"#, "depth_mm"),
            ("depth_mm=inf", #"{"depth_mm":-0.1}"#, "depth_mm"), ("depth_mm=.5", #"{"depth_mm":{}}"#, "depth_mm"),
            ("depth_mm=0,500", #"{"depth_mm":null}"#, "depth_mm"),
            ("flag=maybe", #"{"flag":1}"#, "flag"), ("flag=jes", #"{"flag":"yess"}"#, "flag"),
            ("day=2026-02-30", #"{"day":"2026-02-30"}"#, "day"), ("day=20.11.26", #"{"day":20261120}"#, "day"),
            ("depth_mm=0.5cm", #"{"depth_mm":"0.5"}"#, "depth_mm"), ("depth_mm=mm", #"{"depth_mm":"0,5"}"#, "depth_mm"),
            ("depth_mm=,5", #"{"depth_mm":"9 mm"}"#, "depth_mm"),
            ("depth_mm=0.5,5", #"{"depth_mm":"1e1 mm"}"#, "depth_mm"),
            ("used_on=nevr", #"{"used_on":"sometimes"}"#, "used_on"),
            ("at=2026-11-20T18:00:00", #"{"at":"2026-11-20T18:00:00"}"#, "at"), ("at=2026-11-20", #"{"at":0}"#, "at"),
            ("length=5", #"{"length":5}"#, "length"), ("length=-5m", #"{"length":"P"}"#, "length"),
            ("length=5m30s", #"{"length":"PT"}"#, "length"),
            ("setting=spa", #"{"setting":"spa"}"#, "setting"),
            ("areas=chin,ear", #"{"areas":["chin","ear"]}"#, "areas"),
            ("areas=chin,", #"{"areas":[1]}"#, "areas"), ("counts=1,x", #"{"counts":[1,"2"]}"#, "counts"),
            ("counts=10", #"{"counts":1}"#, "counts"),
            ("answers.name=a answers.amount=11", #"{"answers":{"name":"a","amount":11}}"#, "answers.amount"),
            ("answers.amount=1", #"{"answers":{}}"#, "answers.name"),
            ("answers.name=a answers.nope=1", #"{"answers":{"name":"a","nope":1}}"#, "answers.nope"),
            ("answers=a", #"{"answers":"a"}"#, "answers"), ("nope=1", #"{"nope":1}"#, "nope"),
            ("count=1 count=1", #"{"count":1,"count":1}"#, "count"),
            ("answers.name=a answers.name=a", #"{"answers":{"name":"a","name":"a"}}"#, "answers.name"),
        ]
        for (words, json, argument) in cases {
            for form in [words, json] {
                let (code, members) = try client.refused("trial.echo \(form)")
                #expect(code == "invalid-argument", "\(form)")
                let named = members["argument"]?.string
                // JSON's parser knows a repeated member's own name only.
                #expect(
                    named == argument || named.map { argument.hasSuffix("." + $0) } == true, "\(form): \(named ?? "")")
                #expect(
                    members["expected"]?.string?.isEmpty == false && members["message"]?.string?.isEmpty == false,
                    "\(form)")
                if argument != "answers.name" || form == words {
                    #expect(members["got"]?.string != nil || form.contains("answers"), "\(form)")
                }
            }
        }
        #expect(try client.ask("ping") == "OK {}")
    }

    @Test("a missing argument is named, and one given whole and by its members is refused")
    func missing() throws {
        let client = try trialDaemon().connect()
        #expect(try client.refused("trial.add").members["argument"]?.string == "name")
        #expect(try client.refused("trial.add {}").members["argument"]?.string == "name")
        for request in ["trial.echo answers=a answers.name=b", "trial.echo answers.name=b answers=a"] {
            #expect(try client.refused(request).code == "invalid-argument")
        }
        #expect(try client.refused("trial.echo cuont=1").members["suggestions"]?.strings == ["count", "counts"])
    }

    @Test("32 nested values are read, 33 are refused, and the limit can be set")
    func nesting() throws {
        let daemon = try trialDaemon("[limits]\nmax_nesting = 8\n")
        let standard = try trialDaemon().connect()
        func request(_ depth: Int, _ open: String, _ close: String) -> String {
            "trial.echo {\"text\":" + String(repeating: open, count: depth - 1) + "1"
                + String(repeating: close, count: depth - 1) + "}"
        }
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deepest = try standard.refused(request(32, open, close))
            #expect(deepest.code == "invalid-argument" && deepest.members["argument"]?.string == "text")
            let deeper = try standard.refused(request(33, open, close))
            #expect(deeper.code == "invalid-argument" && deeper.members["message"]?.string?.contains("deep") == true)
            // So deep that a parser which descends for every level would fall over.
            #expect(try standard.refused(request(30_000, "[", "]")).code == "invalid-argument")
            #expect(
                try daemon.connect().refused(request(9, open, close)).members["message"]?.string?.contains("deep")
                    == true)
        }
    }

    @Test("a tag is 1 to 32 of A-Z a-z 0-9 . _ -; anything else is a bad line")
    func tags() throws {
        let client = try trialDaemon().connect()
        for tag in ["a", "A.z_0-9", String(repeating: "x", count: 32)] {
            #expect(try client.ask("#\(tag) ping") == "#\(tag) OK {}")
        }
        for tag in ["", "é", "a/b", String(repeating: "x", count: 33)] {
            #expect(try client.ask("#\(tag) ping").hasPrefix("ERR bad-line {"), "\(tag)")
        }
        #expect(try client.ask("#a").hasPrefix("ERR bad-line {"))
        #expect(try client.ask("#a ").hasPrefix("#a ERR bad-line {"))
    }

    @Test("the tag stands in front of ROW, OK, ERR, READY, ACK and EVENT")
    func tagEverywhere() throws {
        let client = try trialDaemon().connect()
        #expect(try client.reply("#r trial.list count=2").map { $0.prefix(7) } == ["#r ROW ", "#r ROW ", "#r OK {"])
        #expect(try client.ask("#e trial.echo text=").hasPrefix("#e ERR bad-line"))
        #expect(try client.ask("#e trial.echo {\"a\":1,\"a\":1}").hasPrefix("#e ERR invalid-argument"))
        #expect(try client.ask("#s subscribe topics=trial.streamed").hasPrefix("#s OK "))
        try client.send("#b trial.stream\n")
        #expect(try client.line() == "#b READY {}")
        try client.send("point a\n")
        #expect(try client.line() == #"#b ACK {"durable":1,"rejected":0}"#)
        try client.send(".\n")
        #expect(try client.line().hasPrefix("#b OK {\"accepted\":1,"))
        #expect(try client.line().hasPrefix("#s EVENT 1 trial.streamed {"))
    }

    @Test("a verb is lower case with at most one dot; what is none is a bad line, what is unknown gets suggestions")
    func verbs() throws {
        let client = try trialDaemon().connect()
        for line in ["Ping", "trial.", ".add", "trial.add.x", "tri_al", "=", "\"ping\"", "{}"] {
            #expect(try client.ask(line).hasPrefix("ERR bad-line {"), "\(line)")
        }
        let refused = try client.refused("trail.ad name=x")
        #expect(refused.code == "unknown-command" && refused.members["suggestions"]?.strings.first == "trial.add")
        #expect(try client.refused("quite-another-thing").members["suggestions"]?.strings == [])
    }

    @Test("words that are no NAME=VALUE are bad lines")
    func badWords() throws {
        let client = try trialDaemon().connect()
        for words in [
            "count", "=1", "count=", "text=a\"b", "text=\"a\"b", "text=\"\\x\"", "text=\"\\ud800\"", "answers..a=1",
            "{\"a\":1} x=1", "{a:1}", "[1]",
        ] {
            #expect(try client.ask("trial.echo \(words)").hasPrefix("ERR bad-line {"), "\(words)")
        }
    }
}
