#!/usr/bin/env python3
"""scheduling.remind beside a C program on SQLite, Redis and PostgreSQL that do the same work, in turn on one disk.

    run.py [--rounds 5] [--minutes 9] [--seconds 2] [--depths 1 16 256] [--build DIR]

A round measures each for some seconds on an empty store, with so many requests outstanding, and the latency of fdatasync
before and after. Where the latencies around mneedled and around a peer differ by more than half, the disk was another
one: the round is discarded for that peer, and another one made while there is time. Prints, for each peer, the medians
of the rates in the rounds that count, and the median of their ratios. Benchmarks/run builds what it needs."""
import argparse
import collections
import os
import pathlib
import shutil
import signal
import statistics
import sys
import tempfile
import time

# The sources stay as they are.
sys.dont_write_bytecode = True
BENCHMARKS = pathlib.Path(__file__).resolve().parents[1]
sys.path.append(str(BENCHMARKS))
import disk
import peers
from server import Missing

ROOT = BENCHMARKS.parent
# The ratio that is wanted, by peer and by how many requests are outstanding.
GOALS = {
    "C on SQLite": {16: 0.9, 256: 0.9},
    "Redis": {1: 1, 16: 1.3, 256: 2.5},
    "PostgreSQL": {1: 1, 16: 15},
}
OURS = peers.Daemon.name
# A rate, and the latency of fdatasync before and after.
Measured = collections.namedtuple("Measured", "rate before after")


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder, self.started = options, folder, 0
        build, knowledge = os.path.abspath(options.build), str(ROOT / "Config/knowledge")
        prepared = peers.prepare(os.path.join(folder, "prepared"), build, knowledge)
        peers.prove(os.path.join(folder, "proof"), build, knowledge, prepared)
        self.starts = {
            OURS: lambda folder: peers.Daemon(folder, build, knowledge, prepared),
            peers.SQLite.name: lambda folder: peers.SQLite(folder, prepared),
            peers.Redis.name: peers.Redis,
            peers.PostgreSQL.name: peers.PostgreSQL,
            peers.PostgreSQLTogether.name: peers.PostgreSQLTogether,
        }
        # By depth: what each round measured, by name.
        self.rounds = collections.defaultdict(list)

    def measure(self, name, depth, before):
        self.started += 1
        folder = os.path.join(self.folder, str(self.started))
        try:
            with self.starts[name](folder) as server:
                rate = server.rate(depth, f"{self.options.seconds}s")
        finally:
            # Many rounds would fill a small disk, and what is left to be written is nobody else's to wait for.
            shutil.rmtree(folder, ignore_errors=True)
            os.sync()
        return Measured(rate, before, disk.sync_latency(self.folder))

    def round(self, depth, number):
        # With one outstanding a group is a transaction of one anyway.
        names = [name for name in self.starts if depth > 1 or name != peers.PostgreSQLTogether.name]
        # Nobody is always the first.
        turn = number % len(names)
        found, latency = {}, disk.sync_latency(self.folder)
        for name in names[turn:] + names[:turn]:
            try:
                found[name] = self.measure(name, depth, latency)
                latency = found[name].after
            except Missing as missing:
                say(f"{name}: not measured: {missing}")
                del self.starts[name]
        self.rounds[depth].append(found)
        say(f"{depth:3} outstanding: " + ", ".join(
            f"{name} {one.rate} ({one.before * 1000:.2f}-{one.after * 1000:.2f} ms)" for name, one in found.items()))

    def run(self):
        deadline = time.monotonic() + 60 * self.options.minutes
        for number in range(1000):
            wanting = [depth for depth in self.options.depths if self.wants_more(depth)]
            if not wanting:
                return
            for depth in wanting:
                if time.monotonic() > deadline:
                    return
                self.round(depth, number)

    def wants_more(self, depth):
        return not self.rounds[depth] or any(
            len(pairs) < self.options.rounds for _, pairs in self.pairs(depth))

    def pairs(self, depth):
        """For each peer: what was measured of mneedled and of it, in the rounds whose disk stayed the same for both."""
        for name in self.starts:
            both = [(found[OURS], found[name]) for found in self.rounds[depth] if name in found and name != OURS]
            if both:
                yield name, [pair for pair in both if disk.is_steady(
                    [latency for one in pair for latency in (one.before, one.after)])]

    def table(self):
        """Lines of text."""
        yield (f"{'outstanding':>11}  {'peer':35} {'peer/s':>8} {'mneedled/s':>10} {'ratio':>6}  {'goal':5} {'met':3}"
               f" {'fdatasync':>10}  rounds")
        for depth in self.options.depths:
            if not self.rounds[depth]:
                yield f"{depth:11}  not measured: no time was left"
            for name, pairs in self.pairs(depth):
                goal = GOALS.get(name, {}).get(depth)
                kept = f"{len(pairs)}, {len(self.rounds[depth]) - len(pairs)} discarded"
                if not pairs:
                    yield f"{depth:11}  {name:35} not measured: the disk did not stay the same: {kept}"
                    continue
                ratio = statistics.median(ours.rate / peer.rate for ours, peer in pairs)
                met = "" if goal is None else "yes" if ratio >= goal else "NO"
                latency = statistics.median(one.before / 2 + one.after / 2 for pair in pairs for one in pair)
                yield (f"{depth:11}  {name:35} {statistics.median(peer.rate for _, peer in pairs):8.0f}"
                       f" {statistics.median(ours.rate for ours, _ in pairs):10.0f} {ratio:6.2f}"
                       f"  {f'≥ {goal}' if goal else '':5} {met:3} {latency * 1000:7.2f} ms  {kept}")


def say(words):
    print(words, file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="that count, for each peer and depth (default %(default)s)")
    parser.add_argument("--minutes", type=float, default=9, help="begin no round after that (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=2, help="that each is measured (default %(default)s)")
    parser.add_argument("--depths", type=int, nargs="+", default=[1, 16, 256], help="outstanding requests")
    parser.add_argument("--build", default=ROOT / ".build/release", help="where mneedled and its modules are")
    options = parser.parse_args()
    # So that everything is stopped and removed then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="mneedle-remind.") as folder:
        # PostgreSQL runs as another user in a folder in it.
        os.chmod(folder, 0o711)
        try:
            bench = Bench(options, folder)
            bench.run()
        except (Missing, RuntimeError) as error:
            sys.exit(str(error))
    print("\n".join(bench.table()))


main()
