#!/usr/bin/env python3
"""Telemetry: mneedled against VictoriaMetrics and InfluxDB, in turn on the same machine with the same data.

    run.py [ingest size summary year alarm fleet] [--points N] [--rounds 3] [--build DIR] [--svg FILE] …

Prints a table of the medians over the rounds; --svg makes a picture of it. Needs Debian's victoria-metrics and
influxdb; without one of them its column stays empty. generate.py says what the data are.

  ingest   all points over one connection, from the first byte to the last acknowledgement, and the memory after it:
           telemetry.stream, which syncs everything, against POST /write
  size     bytes on disk of what was ingested, when the server has merged all it wants to and stopped; mneedled's are
           what its store has grown by
  summary  a session of 20 minutes at 100 Hz: telemetry.summary, and the same figures from the peers
  year     as many points, spread over a year of one device: a query of one field in 1 000 steps
  alarm    from the byte that breaks a limit to the event on another connection, while another session is ingested at
           full speed; against ping, measured in turn with it
  fleet    64 devices at 1 kHz each for --seconds, and what the control socket's requests take meanwhile

Points at 1 kHz take 16 minutes to be measured, and mneedled takes none from before their session (or a minute after
now). So ingest and size come last, and wait until the session that was begun at the start is old enough;
--rate 10000 needs no waiting, but has ten points in each of the milliseconds that VictoriaMetrics keeps."""
import argparse
import collections
import contextlib
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

# The sources stay as they are.
sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
import generate
import live
import peers
import report
from generate import SECOND, Data
from mneedle import Mneedled, Refused, device, prepare
from report import Row
from server import Missing

PARTS = ["ingest", "size", "summary", "year", "alarm", "fleet"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
DEVICES = 64
# How far a session's points may be before its begin or after now, less a second for what takes time here.
GRACE = 58 * SECOND
YEAR = 365 * 86_400 * SECOND
STEPS = 1000
FIELDS = len(generate.FIELDS)
VM, INFLUX = report.PEERS
MILLISECONDS = '[telemetry]\nprecision = "ms"\n'


class Bench:
    """What the parts share: where things are, the state that daemons are started on, and what was found out."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.build, self.knowledge = os.path.abspath(options.build), os.path.abspath(options.knowledge)
        self.rows, self.notes, self.started, self.failed = [], [], 0, False
        self.peers = [peer for peer in peers.ALL if shutil.which(peer.command)]
        for peer in peers.ALL:
            if peer not in self.peers:
                self.note(f"{peer.command} is not installed: nothing to compare with there")
        kept = options.prepared
        if kept and os.path.isdir(kept):
            self.prepared = kept
        else:
            say(f"starting {DEVICES} sessions")
            self.prepared = prepare(os.path.join(folder, "prepared"), self.build, self.knowledge, DEVICES)
            if kept:
                self.prepared = shutil.copytree(self.prepared, kept)
        with self.mneedled() as daemon:
            _, session = daemon.client().reply("session.show session=1")
        begun = datetime.datetime.fromisoformat(session["started"].replace("Z", "+00:00"))
        self.begun = int(begun.timestamp()) * SECOND

    def note(self, words):
        self.notes.append(words)

    @contextlib.contextmanager
    def running(self, start):
        """A server in a folder of its own, gone afterwards: many rounds would fill a small disk."""
        self.started += 1
        folder = os.path.join(self.folder, str(self.started))
        try:
            with start(folder) as server:
                yield server
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def mneedled(self, configuration="", knowledge=None):
        return self.running(
            lambda folder: Mneedled(folder, self.build, knowledge or self.knowledge, self.prepared, configuration))

    def takes(self, configuration):
        """Whether this mneedled knows these keys."""
        path = os.path.join(self.folder, "checked.toml")
        pathlib.Path(path).write_text(configuration, encoding="utf-8")
        return not subprocess.run(
            [os.path.join(self.build, "mneedled"), "--check-config", "--config", path, "--modules", self.build,
             "--knowledge", self.knowledge], capture_output=True, check=False).returncode

    def file(self, data, name):
        path = os.path.join(self.folder, name)
        say(f"writing {data.points} points, {data.write(path) / 1e6:.0f} MB")
        return path

    def rounds(self):
        for number in range(1, self.options.rounds + 1):
            yield f"round {number}"


class Found:
    """Values of each server by what was measured, one a round: of many, their median."""

    def __init__(self):
        self.values = collections.defaultdict(lambda: collections.defaultdict(list))

    def add(self, what, server, *values):
        self.values[what][server.name].append(statistics.median(values))

    def newest(self, what):
        return ", ".join(f"{name} {report.figure(values[-1])}" for name, values in self.values[what].items())

    def medians(self, what):
        return {name: statistics.median(values) for name, values in self.values[what].items()}


def say(words):
    print(words, file=sys.stderr, flush=True)


def check(what, name, counted, points):
    """A server that has lost points is not fast."""
    if counted != points:
        raise RuntimeError(f"{what}: {name} counts {counted} points, not {points}")


# ---- ingest and size ----

def ingest(bench, parts):
    options, found = bench.options, Found()
    step, points = SECOND // options.rate, options.points
    data = Data(points, step, bench.begun - GRACE + points * step, device(1), options.phase_us)
    kinds, entropy = data.entropy()
    with_milliseconds = "size" in parts and bench.takes(MILLISECONDS)
    if "size" in parts and not with_milliseconds:
        bench.note("size: this mneedled has no [telemetry] precision; only what it keeps in full is measured")
    file = bench.file(data, "ingest")
    wait = (data.end - GRACE - time.time_ns()) / SECOND
    if wait > 0:
        say(f"waiting {wait:.0f} s until the session is as old as the data")
        time.sleep(wait)
    for name in bench.rounds():
        for peer in bench.peers:
            with bench.running(peer) as server:
                seconds = server.write(file, options.connections)
                measured(found, server, points, seconds)
                if "size" in parts:
                    for what, size in server.sizes().items():
                        found.add(what, server, size)
                say(f"ingest, {name}: {server.name} {seconds:.2f} s")
        for what, configuration in [("bytes", "")] + [("ms", MILLISECONDS)] * with_milliseconds:
            with bench.mneedled(configuration) as server:
                seconds, reply = server.client().stream(1, file)
                if reply["rejected"]:
                    say(str(reply["first_errors"]))
                check("ingest", server.name, reply["accepted"], points)
                if what == "bytes":
                    measured(found, server, points, seconds)
                    say(f"ingest, {name}: {server.name} {seconds:.2f} s")
                if "size" in parts:
                    sizes = server.sizes()
                    found.add(what, server, sizes["bytes"])
                    found.add(f"{what} packed", server, sizes["packed"])
    os.unlink(file)
    if "ingest" in parts:
        bench.rows += [
            Row("ingest", "M samples/s", "more", found.medians("speed"), {VM: (">=", 2), INFLUX: (">=", 3)}),
            Row("memory after ingest", "MB", "less", found.medians("resident"), {VM: ("<", 0.5)}),
            Row("memory at most", "MB", "less", found.medians("peak")),
        ]
    if "size" in parts:
        samples = points * FIELDS
        sizes = {what: {name: value / samples for name, value in found.medians(what).items()} for what in found.values}
        full, coarse = sizes["bytes"], sizes.get("ms", {})
        to_ms = {"mneedled": coarse.get("mneedled"), VM: full.get(VM)}
        as_sent = {"mneedled": full["mneedled"], INFLUX: full.get(INFLUX), "entropy": entropy}
        bench.rows += [
            Row("on disk, times to ms", "B/sample", "less", to_ms, {VM: ("<=", 0.8)}),
            Row("on disk, all as sent", "B/sample", "less", as_sent, {"entropy": ("<=", 1.15)}),
        ]
        fields = ", ".join(f"{name} {bits:.2f} bits {how}" for name, (bits, how) in kinds.items())
        bench.note(f"entropy: {fields}; together {entropy:.4f} bytes a sample")
        packed = ", ".join(f"{sizes[what]['mneedled']:.4f}" for what in sizes if what.endswith("packed"))
        bench.note(f"size: of mneedled's bytes a sample {packed} are packed columns, the rest is SQLite's")
        if VM in full:
            bench.note(f"size: VictoriaMetrics' index has {found.medians('index')[VM]:.0f} bytes beside that")
        if INFLUX in full:
            as_it_lies = sizes["as it lies"][INFLUX]
            bench.note(f"size: InfluxDB's is after a full compaction; right after ingest {as_it_lies:.2f}")


def measured(found, server, points, seconds):
    resident, peak = server.memory()
    found.add("speed", server, points * FIELDS / seconds / 1e6)
    found.add("resident", server, resident / 1e6)
    found.add("peak", server, peak / 1e6)


# ---- summary ----

def summary(bench):
    found = Found()
    data = Data(min(120_000, bench.options.points), SECOND // 100, bench.begun - 3600 * SECOND, device(1))
    file = bench.file(data, "summary")
    for name in bench.rounds():
        for peer in bench.peers:
            with bench.running(peer) as server:
                server.write(file)
                server.settle()
                found.add("summary", server, *(milliseconds(server.summary, data)[0] for _ in range(5)))
        with bench.mneedled() as server:
            client = server.client()
            # What is older than its session comes by the collectors' socket, and is given to the session afterwards.
            server.collect(file)
            client.reply(
                f"telemetry.attach session=1 from={moment(data.start - SECOND)} to={moment(data.end + SECOND)}")
            asked = [milliseconds(client.reply, "telemetry.summary session=1") for _ in range(100)]
            found.add("summary", server, *(took for took, _ in asked))
            check("summary", server.name, asked[0][1][1]["points"], data.points)
        say(f"summary, {name}: {found.newest('summary')} ms")
    bench.rows.append(
        Row(f"summary of {data.points:,} points".replace(",", " "), "ms", "less", found.medians("summary"),
            {"mneedled": ("<", 1)}))


def milliseconds(ask, *question):
    """How long an answer took, and the answer."""
    start = time.perf_counter()
    answer = ask(*question)
    return (time.perf_counter() - start) * 1000, answer


def moment(nanoseconds):
    return datetime.datetime.fromtimestamp(nanoseconds // SECOND, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


# ---- year ----

def year(bench):
    found = Found()
    data = Data(bench.options.points, YEAR // bench.options.points, bench.begun - 3600 * SECOND, device(1))
    file = bench.file(data, "year")
    for name in bench.rounds():
        for peer in bench.peers:
            with bench.running(peer) as server:
                server.write(file)
                server.settle()
                for mean_only, what in (False, "year"), (True, "mean"):
                    asked = [milliseconds(server.year, data, STEPS, mean_only) for _ in range(9)]
                    found.add(what, server, *(took for took, _ in asked))
                    if not mean_only:
                        check("year", server.name, server.counted(asked[0][1]), data.points)
        with bench.mneedled() as server:
            client = server.client()
            server.collect(file)
            request = (f"telemetry.query device={device(1)} field=depth_mm from={moment(data.start - SECOND)} "
                       f"to={moment(data.end + SECOND)} step={round(data.points * data.step / STEPS / SECOND)}s")
            asked = [milliseconds(client.reply, request) for _ in range(9)]
            for what in "year", "mean":
                found.add(what, server, *(took for took, _ in asked))
            check("year", server.name, sum(json.loads(row)["count"] for row in asked[0][1][0]), data.points)
        say(f"year, {name}: {found.newest('year')} ms; peers' mean only: {found.newest('mean')} ms")
    os.unlink(file)
    bench.rows += [
        Row("year in 1 000 steps", "ms", "less", found.medians("year"), {VM: ("<", 1), INFLUX: ("<", 1)}),
        Row("year, peers' mean only", "ms", "less", found.medians("mean"), {VM: ("<", 1), INFLUX: ("<", 1)}),
    ]


# ---- alarm ----

def alarm(bench):
    found = collections.defaultdict(list)
    # In reach of the session and of now, and so dense that it takes a while to send.
    data = Data(bench.options.points, 90 * SECOND // bench.options.points, time.time_ns() + 40 * SECOND, device(1))
    file = bench.file(data, "alarm")
    knowledge = os.path.join(bench.folder, "knowledge")
    shutil.copytree(bench.knowledge, knowledge)
    rules = pathlib.Path(knowledge, "telemetry.toml")
    # An alarm is over when the value was back for some time; here one follows the other at once.
    rules.write_text(re.sub(r"settle_seconds = .*", "settle_seconds = 0", rules.read_text("utf-8")), "utf-8")
    for name in bench.rounds():
        with bench.mneedled(knowledge=knowledge) as server:
            took, speed = live.alarms(server.socket, file, bench.options.alarms)
        for what, times in took.items():
            if times:
                found[what, 50].append(live.percentile(times, 50) * 1000)
                found[what, 99].append(live.percentile(times, 99) * 1000)
        found["speed"].append(speed * FIELDS / 1e6)
        say(f"alarm, {name}: " + ", ".join(
            f"{what} {found[what, 50][-1]:.2f} / {found[what, 99][-1]:.2f} ms" for what in took if took[what]))
    medians = {key: statistics.median(values) for key, values in found.items()}
    if ("breach", 50) not in medians:
        bench.note("alarm: this mneedled tells of no telemetry.breach; only the alarm that is on disk is measured")
    for what, words in ("ping", "ping meanwhile"), ("breach", "breach to event"), ("alarm", "breach to event on disk"):
        for percent in 50, 99:
            if (what, percent) in medians:
                bench.rows.append(Row(f"{words}, {percent} %", "ms", "less", {"mneedled": medians[what, percent]}))
    if ("breach", 50) in medians:
        bench.rows += [
            Row("99 % of breaches / median ping", "", "less", {
                "mneedled": medians["breach", 99] / medians["ping", 50]}, {"mneedled": ("<", 3)}),
            Row("99 % of breaches / 99 % of pings", "", "less", {
                "mneedled": medians["breach", 99] / medians["ping", 99]}),
        ]
    bench.note(f"alarm: meanwhile {medians['speed']:.2f} M samples/s were ingested")
    os.unlink(file)


# ---- fleet ----

def fleet(bench):
    seconds = bench.options.seconds
    say(f"fleet: {DEVICES} devices for {seconds} s")
    with bench.mneedled() as server:
        totals, took, memory = live.under_fleet(server, server.socket, DEVICES, seconds)
    everything = [time for times in took.values() for time in times]
    lost = totals["sent"] - totals["accepted"]
    bench.rows += [
        Row(f"fleet, {seconds} s: points lost", "", "less", {"mneedled": lost}, {"mneedled": ("=", 0)}),
        Row("fleet: requests, 99 %", "ms", "less", {"mneedled": live.percentile(everything, 99) * 1000},
            {"mneedled": ("<", 5)}),
        *(Row(f"fleet: {kind}, 99 %", "ms", "less", {"mneedled": live.percentile(times, 99) * 1000})
          for kind, times in took.items()),
        Row("fleet: memory, end / begin", "", "less", {"mneedled": live.growth(memory)}, {"mneedled": ("<=", 1.1)}),
    ]
    bench.note(
        f"fleet: {totals['sent']} points sent in {totals['took']:.1f} s, the latest {totals['latest'] * 1000:.0f} ms "
        f"after its time; {len(everything)} requests answered; resident {memory[0] / 1e6:.0f} MB at first, "
        f"{memory[-1] / 1e6:.0f} MB in the end")
    if "error" in totals:
        bench.note(f"fleet: {totals['error']}")


# ---- All of it ----

def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{' '.join(PARTS)}; all by default")
    parser.add_argument("--points", type=int, default=960_000, help="of four fields each (default %(default)s)")
    parser.add_argument("--rate", type=int, default=1000, help="points a second in ingest and size (default 1000)")
    parser.add_argument("--phase-us", type=int, default=0, help="how far those are off whole milliseconds (default 0)")
    parser.add_argument("--connections", type=int, default=1, help="of the peers' client in ingest (default 1)")
    parser.add_argument("--rounds", type=int, default=3, help="of everything but fleet (default %(default)s)")
    parser.add_argument("--alarms", type=int, default=1000, help="breaches a round (default %(default)s)")
    parser.add_argument("--seconds", type=int, default=600, help="that the fleet reports (default %(default)s)")
    parser.add_argument("--build", default=ROOT / ".build/release", help="where mneedled and its modules are")
    parser.add_argument("--knowledge", default=ROOT / "Config/knowledge", help="the clinical knowledge")
    parser.add_argument("--prepared", help="keep the state with its sessions here; if it is here, it is old enough")
    parser.add_argument("--svg", help="where the picture goes")
    options = parser.parse_args()
    for part in options.parts:
        if part not in PARTS:
            parser.error(f"no part '{part}'; there are {' '.join(PARTS)}")
    options.parts = options.parts or PARTS
    return options


def main():
    options = arguments()
    # So that everything is stopped and removed then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="mneedle-telemetry.") as folder:
        try:
            bench = Bench(options, folder)
        except (Missing, RuntimeError) as error:
            sys.exit(str(error))
        for part in summary, year, alarm, fleet:
            if part.__name__ in options.parts:
                attempt(bench, part.__name__, part, bench)
        if {"ingest", "size"} & set(options.parts):
            first = len(bench.rows)
            attempt(bench, "ingest", ingest, bench, options.parts)
            bench.rows = bench.rows[first:] + bench.rows[:first]
    print(report.table(bench.rows))
    for note in bench.notes:
        print(note)
    if options.svg:
        pathlib.Path(options.svg).write_text(report.picture(bench.rows), encoding="utf-8")
    sys.exit(bench.failed)


def attempt(bench, name, part, *given):
    """Runs a part; what it lacks is said in a line, and the others go on."""
    try:
        part(*given)
    except (Missing, Refused) as missing:
        bench.note(f"{name}: not measured: {missing}")
    except (RuntimeError, OSError) as error:
        bench.failed = True
        bench.note(f"{name}: FAILED: {error}")


main()
