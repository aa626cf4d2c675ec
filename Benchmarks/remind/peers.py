"""What `scheduling.remind` is measured beside, each on a store of its own with the person `anna` in it.

A peer has `rate(depth, how_many)`: how many reminders a second it writes and answers while so many are outstanding."""
import contextlib
import glob
import os
import pwd
import shutil
import socket
import sqlite3
import subprocess

from mneedle import Mneedled
from server import Missing, Server

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.join(os.path.dirname(HERE), ".build/release")
REQUEST = r"scheduling.remind person=anna at=2099-01-01T10:00:00Z title=t%d\n"
DUE = "4070944800000"


def output(*command, user=None, **options):
    done = subprocess.run(as_user(user, command), capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout.strip()} {done.stderr.strip()}")
    return done.stdout.strip()


def as_user(user, command):
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *command] if user else list(command)


def linebench(path, depth, how_many, greeting, template):
    return int(output(os.path.join(TOOLS, "linebench"), path, str(depth), how_many, str(greeting), template).split()[0])


class Daemon(Mneedled):
    """The daemon itself with its usual settings."""
    name = "mneedled"

    def rate(self, depth, how_many):
        return linebench(self.socket, depth, how_many, 1, REQUEST)


class SQLite(Server):
    """Sources/sqlite-lines on a copy of the store that mneedled has made."""
    name = "C on SQLite"

    def __init__(self, folder, prepared):
        self.state, self.socket = os.path.join(folder, "state"), os.path.join(folder, "socket")
        shutil.copytree(prepared, self.state)
        super().__init__(folder, [
            os.path.join(TOOLS, "sqlite-lines"), os.path.join(self.state, "mneedle.sqlite"), self.socket])
        self.wait_until(lambda: os.path.exists(self.socket))

    def rate(self, depth, how_many):
        return linebench(self.socket, depth, how_many, 0, REQUEST)


class Redis(Server):
    """redis.lua, synced before each answer; the file is never rewritten, which a longer run would have to pay for."""
    name = "Redis"

    def __init__(self, folder):
        if not shutil.which("redis-server"):
            raise Missing("redis-server is not installed")
        self.socket = os.path.join(folder, "socket")
        super().__init__(folder, [
            "redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", folder, "--save", "",
            "--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0"])
        self.wait_until(lambda: self.ask("PING") == "PONG")
        self.ask("HSET", "person:anna", "setting", "home")
        with open(os.path.join(HERE, "redis.lua"), encoding="utf-8") as script:
            self.script = self.ask("-x", "SCRIPT", "LOAD", stdin=script)

    def ask(self, *words, **options):
        try:
            return output("redis-cli", "-s", self.socket, *words, **options)
        except RuntimeError as error:
            raise OSError(error) from error

    def rate(self, depth, how_many):
        return linebench(self.socket, depth, how_many, 0, rf"EVALSHA {self.script} 0 anna {DUE} t%d\r\n")


class PostgreSQL(Server):
    """postgres.sql, driven by one pipelined connection; each call is a transaction, as each answers for itself."""
    name = "PostgreSQL"
    transactions = "each"
    # Its own checkpoints would come in others' turns; a longer run would have to pay for them.
    SETTINGS = {
        "listen_addresses": "", "synchronous_commit": "on", "checkpoint_timeout": "1h", "max_wal_size": "8GB",
    }

    def __init__(self, folder):
        self.folder, self.user = folder, None
        self.programs = PostgreSQL.found()
        os.makedirs(folder)
        if os.geteuid() == 0:
            # It refuses to be root's.
            self.user = "postgres"
            os.chown(folder, *pwd.getpwnam(self.user)[2:4])
        data = os.path.join(folder, "data")
        self.run("initdb", "--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "--locale=C", data)
        settings = {**PostgreSQL.SETTINGS, "unix_socket_directories": folder}
        super().__init__(folder, as_user(self.user, [
            os.path.join(self.programs, "postgres"), "-D", data,
            *(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))]))
        self.wait_until(self.is_ready)
        self.run("psql", "--host", folder, "--username=postgres", "--quiet", "--set=ON_ERROR_STOP=1",
                 f"--file={HERE}/postgres.sql", "postgres")

    @staticmethod
    def found():
        """The folder of its newest programs: where Debian has them, or those of the path."""
        folders = glob.glob("/usr/lib/postgresql/*/bin")
        known = shutil.which("postgres")
        if not folders and not known:
            raise Missing("postgresql is not installed")
        return max(folders, key=lambda path: float(path.split("/")[-2])) if folders else os.path.dirname(known)

    def run(self, program, *words):
        # Somewhere that its user may be, whoever runs this.
        return output(os.path.join(self.programs, program), *words, user=self.user, cwd=self.folder)

    def is_ready(self):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(os.path.join(self.folder, ".s.PGSQL.5432"))
        try:
            self.run("pg_isready", "--host", self.folder)
        except RuntimeError:
            return False
        return True

    def rate(self, depth, how_many):
        return int(output(
            os.path.join(TOOLS, "postgres-lines"), self.folder, str(depth), how_many, self.transactions, "remind",
            "anna", "2099-01-01T10:00:00Z", "t%d"))


class PostgreSQLTogether(PostgreSQL):
    """The same with one transaction for all that are outstanding: one call that fails takes the others with it."""
    name = "PostgreSQL, one transaction a group"
    transactions = "together"


def prepare(folder, build, knowledge):
    """A state with one person in it."""
    with Mneedled(folder, build, knowledge) as daemon:
        daemon.client().reply("records.add-person person=anna")
    return daemon.state


def prove(folder, build, knowledge, prepared):
    """Makes sure that the peer in C writes what mneedled writes: the same rows but for times and hashes, and a ledger that
    mneedled proves."""
    rows = []
    daemon = Daemon(os.path.join(folder, "daemon"), build, knowledge, prepared)
    peer = SQLite(os.path.join(folder, "peer"), prepared)
    for server in daemon, peer:
        with server:
            server.rate(1, "2")
        with contextlib.closing(sqlite3.connect(os.path.join(server.state, "mneedle.sqlite"))) as store:
            rows.append([
                store.execute(
                    "SELECT id, person, kind, title, body, urgency, state, due_at, planned_at, created_at = changed_at,"
                    " session, device, closed_because FROM scheduling_reminders ORDER BY id").fetchall(),
                store.execute(
                    "SELECT seq, actor, module, kind, subject, person, body FROM mneedle_ledger ORDER BY seq"
                ).fetchall()])
    if rows[0] != rows[1]:
        raise RuntimeError(f"the peer in C writes something else than mneedled: {rows[1]} instead of {rows[0]}")
    with Mneedled(os.path.join(folder, "judge"), build, knowledge, peer.state) as judge:
        _, said = judge.client().reply("ledger.verify")
    if not said["ok"]:
        raise RuntimeError(f"the ledger that the peer in C has written does not hold: {said}")
