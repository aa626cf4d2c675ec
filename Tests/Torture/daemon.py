"""A real mneedled for the tortures: its life, its clients, and the eight writers whose every answer is remembered.

What is checked after each end of the service: acknowledged is kept, kept was asked for, nothing is there twice or half,
the ledger holds, and what nobody knows can be asked again with the same idempotency key.
"""
import json, os, random, signal, socket, subprocess, sys, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("MNEEDLE_BUILD", ROOT + "/.build/release")
PATIENCE = 60
HEALTHY = " ".join(
    f"answers.{question}={answer}" for question, answer in
    [("born-on", "1990-04-28"), ("needled-on", "never"), ("sunburn-on", "never")]
    + [(question, "no") for question in (
        "skin-condition cold-sore skin-history pregnancy-or-nursing health-condition medicine vitamin-a allergy"
        " recent-procedure topical-anaesthetic new-product beyond-needling").split()])


class Broken(Exception):
    """A promise that was not kept."""


def require(condition, what):
    if not condition:
        raise Broken(what)


def refuse_memory(folder):
    """A file system in memory keeps everything whatever is killed, and nothing when the power goes: it proves nothing."""
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True, check=True).stdout.strip()
    if kind in ("tmpfs", "ramfs"):
        sys.exit(f"'{folder}' is a {kind}: durability is tested on a disk; set TMPDIR to a folder on one")


class Ended(Exception):
    """The service has ended the connection."""


# Set before the disk's power goes: nobody hears an answer that comes later, whatever it says.
POWER_GOES = threading.Event()


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(PATIENCE)
        self.buffer = b""
        try:
            self.socket.connect(path)
        except OSError as error:
            raise Ended(str(error)) from error
        require(self.line().startswith("MNEEDLE 1 "), "no greeting")

    def line(self):
        while b"\n" not in self.buffer:
            try:
                data = self.socket.recv(65536)
            except TimeoutError as error:
                raise Broken("no answer in a minute") from error
            except OSError as error:
                raise Ended(str(error)) from error
            if not data:
                raise Ended("closed")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        if POWER_GOES.is_set():
            raise Ended("the power is gone")
        return line.decode()

    def send(self, text):
        try:
            self.socket.sendall(text.encode())
        except OSError as error:
            raise Ended(str(error)) from error

    def ask(self, line):
        self.send(line + "\n")
        return self.line()

    def ok(self, line):
        reply = self.ask(line)
        require(reply.startswith("OK "), f"{line}: {reply}")
        return json.loads(reply[3:])

    def rows(self, line, none="ERR none"):
        """The rows of a listing. `none` is how an answer begins that says there are none."""
        self.send(line + "\n")
        rows = []
        while (reply := self.line()).startswith("ROW "):
            rows.append(json.loads(reply[4:]))
        if reply.startswith(none):
            return []
        require(reply.startswith("OK "), f"{line}: {reply}")
        return rows

    def close(self):
        self.socket.close()


class Daemon:
    def __init__(self, state, runtime):
        self.state, self.runtime, self.process = state, runtime, None
        self.control = runtime + "/run/control.sock"
        with open(runtime + "/mneedled.toml", "w", encoding="utf-8"):
            pass

    def start(self):
        path = self.runtime + "/notify"
        if os.path.exists(path):
            os.unlink(path)
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(path)
        notify.settimeout(1)
        with open(self.runtime + "/log", "ab") as log:
            self.process = subprocess.Popen(
                [BUILD + "/mneedled", "--config", self.runtime + "/mneedled.toml", "--state", self.state, "--runtime",
                 self.runtime + "/run", "--modules", BUILD, "--knowledge", ROOT + "/Config/knowledge"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "NOTIFY_SOCKET": path})
        end = time.monotonic() + PATIENCE
        while True:
            try:
                if b"READY=1" in notify.recv(4096):
                    break
            except TimeoutError:
                pass
            if self.process.poll() is not None:
                # What it said on its way out may still lie there.
                raise Broken(f"the service does not start ({self.process.returncode}): {self.log()[-800:]}")
            require(time.monotonic() < end, "the service does not become ready")
        notify.close()

    def log(self):
        with open(self.runtime + "/log", encoding="utf-8", errors="replace") as log:
            return log.read()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Writer(threading.Thread):
    """Asks until the service has ended. What it knows outlives it: the next one goes on."""

    def __init__(self, known, daemon, count):
        super().__init__(daemon=True)
        self.known, self.path, self.count, self.fault = known, daemon.control, count, None

    def run(self):
        try:
            self.known.write(Client(self.path), self.count)
        except Ended:
            pass
        except Exception as error:  # it is told by the one who waits
            self.fault = error


class Keyed:
    """What a client knows of requests with idempotency keys: those that were asked, with the answer if one came."""

    def __init__(self, name, seed):
        self.name, self.random, self.asked, self.answers = name, random.Random(seed), {}, {}

    def ask(self, client, key, line):
        """Asks and remembers."""
        self.asked[key] = f"{line} idempotency_key={key}"
        return self.take(key, client.ask(self.asked[key]))

    def take(self, key, reply):
        require(reply.startswith("OK "), f"{self.asked[key]}: {reply}")
        answer = json.loads(reply[3:])
        require(self.answers.setdefault(key, answer) == answer, f"{key}: answered {answer}, before {self.answers[key]}")
        return answer

    def again(self, client):
        """Asks for what nobody knows, and for some of what is known."""
        for key, line in self.asked.items():
            if key not in self.answers or self.random.random() < 0.02:
                self.take(key, client.ask(line))


class Devices(Keyed):
    """Pipelined changes of several sizes."""

    def write(self, client, count):
        while True:
            first, size = len(self.asked), self.random.choice([1, 1, 7, 60])
            keys = [f"{self.name}-{first + number}" for number in range(size)]
            for key in keys:
                self.asked[key] = f"records.add-device device={key} kind=pen idempotency_key={key}"
            client.send("".join(self.asked[key] + "\n" for key in keys))
            for key in keys:
                self.take(key, client.line())
                count()

    def check(self, client):
        kept = [row["device"] for row in client.rows("records.list-devices") if row["device"].startswith(self.name)]
        check_sets(self.name, set(self.answers), kept, set(self.asked))


class Reminders(Keyed):
    """The same request twice, now and then from two connections at once."""

    def write(self, client, count):
        client.ask("records.add-person person=anna idempotency_key=anna")
        other = Client(client.socket.getpeername())
        while True:
            key = f"{self.name}-{len(self.asked)}"
            self.asked[key] = (
                f"scheduling.remind person=anna at=2090-01-01T00:00:00Z title={key} idempotency_key={key}")
            twice = self.random.random() < 0.3
            client.send(self.asked[key] + "\n")
            if twice:
                other.send(self.asked[key] + "\n")
            self.take(key, client.line())
            count()
            if twice:
                self.take(key, other.line())

    def check(self, client):
        kept = [row["title"] for row in client.rows("scheduling.list-reminders person=anna")]
        check_sets(
            self.name, set(self.answers), [title for title in kept if title.startswith(self.name)], set(self.asked))


class Sessions(Keyed):
    """A person, their device, their answers, and a session from beginning to end, each step a request with a key."""

    def write(self, client, count):
        number = 0
        while True:
            who, number = f"{self.name}-{number}", number + 1
            steps = [
                ("person", f"records.add-person person={who} setting=home goal=collagen first_time=no fitzpatrick=3"),
                ("device", f"records.add-device device={who} kind=roller needle_mm=0.3 owner={who} material=titanium"),
                ("answers", f"screening.assess person={who} areas=cheeks {HEALTHY}"),
                ("soak", f"sterilization.soak device={who} agent=isopropyl-alcohol concentration_percent=70 minutes=5"
                         " hands_washed=yes clean_surface=yes"),
                ("start", f"session.start person={who} device={who} areas=cheeks depth_mm=0.3"),
            ]
            for step, line in steps:
                if f"{who}-{step}" not in self.answers:
                    self.ask(client, f"{who}-{step}", line)
                    count()
            if f"{who}-finish" not in self.answers:
                session = self.answers[f"{who}-start"]["session"]
                self.ask(client, f"{who}-finish", f"session.finish session={session} passes=1")
                count()

    def check(self, client):
        def hold(step, kept):
            """Holds those whom a step was for against those whom it is kept for."""
            acknowledged, asked = ({key[:-len(step) - 1] for key in keys if key.endswith(f"-{step}")}
                                   for keys in (self.answers, self.asked))
            check_sets(f"{self.name}: {step}", acknowledged,
                       [who for who in kept if who.startswith(f"{self.name}-")], asked)

        hold("person", [row["person"] for row in client.rows("records.list-people")])
        hold("device", [row["device"] for row in client.rows("records.list-devices")])
        sessions = client.rows("session.list")
        hold("start", [row["person"] for row in sessions])
        hold("finish", [row["person"] for row in sessions if row["state"] != "running"])


class Telemetry:
    """Points of a session that runs all the time; what is acknowledged is their number."""

    def __init__(self, name, seed):
        self.name, self.random, self.sessions = name, random.Random(seed), Sessions(name, seed)
        self.session, self.sent, self.durable, self.kept = None, 0, 0, 0
        self.began = time.time_ns()

    def prepare(self, client):
        """Begins the session that the points belong to."""
        try:
            self.sessions.write(client, self.sessions_begun)
        except StopIteration:
            self.session = self.sessions.answers[f"{self.name}-0-start"]["session"]

    def sessions_begun(self):
        if f"{self.name}-0-start" in self.sessions.answers:
            raise StopIteration

    def write(self, client, count):
        require(client.ask(f"telemetry.stream session={self.session}") == "READY {}", "no stream")
        before, sent, durable = self.kept, 0, 0
        while True:
            size = self.random.choice([1, 20, 200])
            client.send("".join(
                f"roller n={self.sent + number}i {self.began + (self.sent + number) * 1000}\n"
                for number in range(size)))
            self.sent, sent = self.sent + size, sent + size
            while durable < sent:
                line = client.line()
                require(line.startswith("ACK "), line)
                answer = json.loads(line[4:])
                require(not answer.get("rejected"), line)
                durable = answer["durable"]
                self.durable = before + durable
            count()

    def again(self, client):
        """Points have no keys: what was not acknowledged is lost to those who do not send it again."""

    def check(self, client):
        values = [row["min"] for row in client.rows(f"telemetry.query session={self.session} field=n", "ERR not-found ")]
        require(len(set(values)) == len(values), f"{self.name}: a point is there twice")
        require(all(value < self.sent for value in values), f"{self.name}: a point that was never sent")
        require(len(values) >= self.durable, f"{self.name}: {self.durable} points acknowledged, {len(values)} kept")
        # What was sent and not acknowledged is known now; the next points come after all of it.
        self.kept = self.durable = len(values)


def check_sets(name, acknowledged, kept, asked):
    require(len(set(kept)) == len(kept), f"{name}: twice: {sorted(k for k in set(kept) if kept.count(k) > 1)[:5]}")
    require(acknowledged <= set(kept), f"{name}: acknowledged and lost: {sorted(acknowledged - set(kept))[:5]}")
    require(set(kept) <= asked, f"{name}: never asked for: {sorted(set(kept) - asked)[:5]}")


def writers(seed):
    """Two of each kind."""
    return [kind(f"{name}{number}", seed * 10 + number) for number in (1, 2)
            for name, kind in (("d", Devices), ("r", Reminders), ("s", Sessions), ("t", Telemetry))]


def check(daemon, everybody):
    """Holds what the service has against what its clients know, asks again for what they do not know, and looks again."""
    client = Client(daemon.control)
    for _ in (1, 2):
        for known in everybody:
            known.check(client)
        for known in everybody:
            known.again(client)
    proof = client.ok("ledger.verify")
    require(proof["ok"], f"the ledger does not hold: {proof}")
    status = client.ok("status")
    require(status["state"] == "ok", f"the service is not well: {status.get('problems')}")
    client.close()


def work(daemon, everybody, answers, end):
    """Has all write until so many answers have come, then calls `end`, which ends the service. How many answers came."""
    enough, lock, came = threading.Event(), threading.Lock(), [0]

    def count():
        with lock:
            came[0] += 1
            if came[0] >= answers:
                enough.set()

    threads = [Writer(known, daemon, count) for known in everybody]
    for thread in threads:
        thread.start()
    while not enough.wait(0.05):
        for thread in threads:
            if thread.fault:
                raise thread.fault
        require(any(thread.is_alive() for thread in threads), "every client has ended")
    end()
    for thread in threads:
        thread.join(PATIENCE)
        require(not thread.is_alive(), "a client waits for a service that has ended")
        if thread.fault:
            raise thread.fault
    return came[0]


def prepare(daemon, everybody):
    client = Client(daemon.control)
    for known in everybody:
        if isinstance(known, Telemetry):
            known.prepare(client)
    client.close()
