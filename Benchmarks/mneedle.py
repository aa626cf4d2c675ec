"""mneedled on sockets of its own, and a client that speaks its protocol (Documentation/protocol.md)."""
import json
import os
import select
import shutil
import socket
import sqlite3
import time

from server import Missing, Server, size

# Everything that the screening asks, answered so that a session may follow.
ANSWERS = [
    f"answers.{question}={answer}" for answer, questions in {
        "1990-04-28": "born-on",
        "no": "skin-condition cold-sore skin-history pregnancy-or-nursing health-condition medicine vitamin-a allergy "
              "recent-procedure topical-anaesthetic new-product beyond-needling",
        "never": "needled-on sunburn-on"}.items() for question in questions.split()]
# As many connections as devices at once, and some to look on.
CONFIGURATION = "[limits]\nmax_connections_per_uid = 256\n"
A_MEGABYTE = 1 << 20
END = b".\n"


class Refused(RuntimeError):
    """An ERR."""


def told(line):
    """The members of a reply's last line."""
    word, _, members = line.partition(b" ")
    if word.strip() != b"OK":
        raise Refused(line.decode().strip())
    return json.loads(members or b"{}")


def last_line(said):
    return said[:said.rfind(b"\n") + 1].rstrip(b"\n").rpartition(b"\n")[2]


class Client:
    """One connection to the control socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lines = self.socket.makefile("rb")
        self.line()

    def send(self, text):
        self.socket.sendall(text.encode())

    def line(self):
        line = self.lines.readline()
        if not line:
            raise RuntimeError("mneedled has closed the connection")
        return line

    def reply(self, request):
        """The rows and the last line's members. Rows stay as they came, so that a clock measures the server alone."""
        self.send(request + "\n")
        return self.rest()

    def rest(self):
        rows = []
        while True:
            line = self.line()
            if line.startswith(b"ROW "):
                rows.append(line[4:])
            elif line.startswith((b"OK", b"ERR ")):
                return rows, told(line)

    def stream(self, session, path):
        """Sends a file as one bulk transfer: seconds from its first byte to the OK that says that all of it is synced,
        and what that OK says."""
        self.begin_stream(session)
        bulk, said = self.socket, b""
        left = os.path.getsize(path)
        bulk.setblocking(False)
        with open(path, "rb") as file:
            begun = time.perf_counter()
            while not last_line(said).startswith((b"OK ", b"ERR ")):
                # Acknowledgements are read as they come, for a daemon may close a connection that leaves them lying.
                readable, writable, _ = select.select([bulk], [bulk] if left else [], [])
                if readable:
                    piece = bulk.recv(A_MEGABYTE)
                    if not piece:
                        raise RuntimeError("mneedled has closed the stream")
                    said += piece
                if writable:
                    left -= os.sendfile(bulk.fileno(), file.fileno(), None, min(left, A_MEGABYTE))
                    if not left:
                        bulk.setblocking(True)
                        bulk.sendall(END)
            seconds = time.perf_counter() - begun
        bulk.setblocking(True)
        return seconds, told(last_line(said))

    def begin_stream(self, session):
        self.send(f"telemetry.stream session={session}\n")
        line = self.line()
        if not line.startswith(b"READY "):
            raise Refused(f"telemetry.stream: {line.decode().strip()}")


class Mneedled(Server):
    """A daemon on a copy of a state that `prepare` has made."""
    name = "mneedled"

    def __init__(self, folder, build, knowledge, prepared=None, configuration=""):
        self.state, self.runtime = os.path.join(folder, "state"), os.path.join(folder, "run")
        self.socket = os.path.join(self.runtime, "control.sock")
        os.makedirs(folder, exist_ok=True)
        if prepared:
            shutil.copytree(prepared, self.state)
        self.empty = self.bytes()
        path = os.path.join(folder, "mneedled.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION + configuration)
        if not os.path.exists(os.path.join(build, "mneedled")):
            raise Missing(f"there is no mneedled in {build}; build it, or say where it is with --build")
        super().__init__(folder, [
            os.path.join(build, "mneedled"), "--config", path, "--state", self.state, "--runtime", self.runtime,
            "--modules", build, "--knowledge", knowledge])
        self.wait_until(lambda: self.client() is not None)

    def client(self):
        return Client(self.socket)

    def collect(self, path):
        """Writes a file to telemetry.sock, which answers nothing and is closed when all of it is stored."""
        with socket.socket(socket.AF_UNIX) as collector, open(path, "rb") as file:
            collector.connect(os.path.join(self.runtime, "telemetry.sock"))
            collector.sendfile(file)
            collector.shutdown(socket.SHUT_WR)
            collector.recv(1)

    def bytes(self):
        return size(*(os.path.join(self.state, "mneedle.sqlite" + end) for end in ("", "-wal")))

    def sizes(self):
        """Bytes that the store has grown by, and how many of them are the module's packed columns; stops it."""
        self.stop()
        path = os.path.join(self.state, "mneedle.sqlite")
        # Nobody writes any more, so that nothing beside the file has to be looked at.
        with sqlite3.connect(f"file:{path}?immutable=1", uri=True) as store:
            packed = 0
            tables = store.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'telemetry_%'")
            for (table,) in tables.fetchall():
                for _, column, kind, *_ in store.execute(f"PRAGMA table_info({table})").fetchall():
                    if kind == "BLOB":
                        packed += store.execute(f"SELECT TOTAL(LENGTH({column})) FROM {table}").fetchone()[0]
        return {"bytes": self.bytes() - self.empty, "packed": int(packed)}


def device(number):
    return f"pen-{number:04}"


def prepare(folder, build, knowledge, sessions):
    """A state in which sessions 1 to `sessions` run, each with a device and a person of its own."""
    with Mneedled(folder, build, knowledge) as daemon:
        client = daemon.client()
        for number in range(1, sessions + 1):
            for request in [
                    f"records.add-person person=p{number} goal=collagen time_zone=UTC fitzpatrick=3",
                    f"records.add-device device={device(number)} kind=pen cartridges=no "
                    "cartridges_reason=\"fixed needles\" min_depth_mm=0.2 max_depth_mm=1.0 "
                    f"material=titanium owner=p{number}",
                    f"screening.assess person=p{number} areas=cheeks {' '.join(ANSWERS)}",
                    f"sterilization.soak device={device(number)} agent=isopropyl-alcohol concentration_percent=70 hands_washed=yes clean_surface=yes "
                    "minutes=10",
                    f"session.start person=p{number} device={device(number)} areas=cheeks depth_mm=0.5"]:
                _, reply = client.reply(request)
            if reply["session"] != number:
                raise RuntimeError(f"session {number} is numbered {reply['session']}")
    return daemon.state
