"""VictoriaMetrics and InfluxDB, as Debian packages them, each on a port of the loopback interface and with its usual
settings, but for where its files are and that nothing is thrown away for its age.

Both take line protocol by POST /write over one connection that stays open, 10 000 points a request, the next one when
the last is answered."""
import http.client
import json
import mmap
import os
import shutil
import socket
import time
import urllib.parse

from server import Missing, Server, size

POINTS_A_REQUEST = 10_000


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def requests(data):
    """The file's content, cut into requests."""
    start = 0
    while start < len(data):
        end = start
        for _ in range(POINTS_A_REQUEST):
            end = data.find(b"\n", end) + 1
            if not end or end == len(data):
                end = len(data)
                break
        yield start, end
        start = end


class Peer(Server):
    """What both have in common: HTTP."""
    name = ""

    def __init__(self, folder, command, port, health):
        self.port = port
        super().__init__(folder, command)
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        self.wait_until(lambda: self.ask("GET", health) is not None)

    def ask(self, method, path, body=None, **arguments):
        """The answer's bytes. Every body is already encoded, and goes as it is."""
        if arguments:
            path += "?" + urllib.parse.urlencode(arguments)
        try:
            self.http.request(method, path, body)
            response = self.http.getresponse()
            answer = response.read()
        except OSError:
            self.http.close()
            raise
        if response.status >= 300:
            raise RuntimeError(f"{self.name}: {method} {path}: {response.status} {answer[:300]!r}")
        return answer

    def write(self, path):
        """Seconds from the file's first byte to the last request's answer."""
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            pieces = list(requests(data))
            begun = time.perf_counter()
            for start, end in pieces:
                self.ask("POST", self.write_path, data[start:end])
            return time.perf_counter() - begun


class VictoriaMetrics(Peer):
    name = "VictoriaMetrics"
    write_path = "/write"

    def __init__(self, folder):
        port = free_port()
        self.data = os.path.join(folder, "data")
        super().__init__(folder, [
            "victoria-metrics", f"-storageDataPath={self.data}", f"-httpListenAddr=127.0.0.1:{port}",
            "-retentionPeriod=10y"], port, "/health")

    def settle(self):
        """Makes what was written visible to queries; it would be by itself, after seconds."""
        self.ask("GET", "/internal/force_flush")

    def sizes(self):
        """Bytes of the samples and of the index once all parts are merged; stops it."""
        self.settle()
        self.ask("GET", "/internal/force_merge")
        self.stop()
        samples, index = (size(os.path.join(self.data, name)) for name in ("data", "indexdb"))
        return {"bytes": samples, "index": index}

    def summary(self, data):
        """Seconds for the figures that telemetry.summary tells, of all fields."""
        what = '{__name__=~"pen_.*"}' + f"[{(data.points * data.step) // 1_000_000 + 1}ms]"
        names = ",".join(f'"{name}_over_time"' for name in ("count", "min", "avg", "max", "last"))
        query = f'union(aggr_over_time(({names}), {what}), quantiles_over_time("q", 0.5, 0.95, {what}))'
        return self.seconds("/api/v1/query", query=query, time=f"{data.end // 1_000_000 / 1000 + 0.001:.3f}", nocache=1)

    def year(self, data, steps, mean_only):
        """Seconds for a thousand steps over all of one field, and how many points were counted."""
        step = data.points * data.step / 1e9 / steps
        field = f"pen_depth_mm[{step:.3f}s]"
        names = ",".join(f'"{name}_over_time"' for name in ("count", "min", "avg", "max"))
        query = f"avg_over_time({field})" if mean_only else f"aggr_over_time(({names}), {field})"
        # A step's value is that of the time up to it.
        seconds, answer = self.seconds("/api/v1/query_range", query=query, start=f"{data.start / 1e9 + step:.3f}",
                                       end=f"{data.start / 1e9 + steps * step:.3f}", step=f"{step:.3f}s", nocache=1)
        rows = json.loads(answer)["data"]["result"]
        counts = [row for row in rows if row["metric"].get("rollup") == "count_over_time"]
        return seconds, sum(int(value) for row in counts for _, value in row["values"])

    def seconds(self, path, **arguments):
        # Not from the cache of results: it would measure the second time that somebody asks the same.
        begun = time.perf_counter()
        answer = self.ask("GET", path, **arguments)
        return time.perf_counter() - begun, answer


class InfluxDB(Peer):
    name = "InfluxDB"
    write_path = "/write?db=bench&precision=ns"

    def __init__(self, folder, extra=""):
        if not shutil.which("influxd"):
            raise Missing("influxd is not installed")
        os.makedirs(folder, exist_ok=True)
        port = free_port()
        self.data, self.wal = os.path.join(folder, "data", "bench"), os.path.join(folder, "wal", "bench")
        path = os.path.join(folder, "influxdb.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"""
reporting-enabled = false
bind-address = "127.0.0.1:{free_port()}"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
{extra}
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
""")
        super().__init__(folder, ["influxd", "-config", path], port, "/ping")
        self.ask("POST", "/query", q="CREATE DATABASE bench")

    def settle(self):
        """What was written is visible at once."""

    def sizes(self):
        """Bytes as they lie when it stops, and when all is compacted, which it would do by itself after hours."""
        self.stop()
        as_is = size(self.data, self.wal)
        with InfluxDB(self.folder, '  cache-snapshot-write-cold-duration = "1s"\n'
                                   '  compact-full-write-cold-duration = "1s"\n') as again:
            again.wait_until(again.is_compact, 120)
        return {"bytes": size(self.data, self.wal), "as it lies": as_is}

    def is_compact(self):
        """One TSM file a shard, and nothing in the write-ahead log that is not in it."""
        shards = [(folder, files) for folder, _, files in os.walk(self.data) if any(name.endswith(".tsm") for name in files)]
        return bool(shards) and all(len(files) == 1 for _, files in shards) and size(self.wal) == 0

    def summary(self, data):
        fields = ", ".join(f"{name}(*)" for name in ("count", "min", "mean", "max", "last"))
        return self.seconds(f"SELECT {fields}, percentile(*, 50), percentile(*, 95) FROM pen WHERE time <= {data.end + 1_000_000}")

    def year(self, data, steps, mean_only):
        step = data.points * data.step // steps
        figures = ["mean"] if mean_only else ["count", "min", "mean", "max"]
        seconds, answer = self.seconds(
            f"SELECT {', '.join(f'{name}(depth_mm)' for name in figures)} FROM pen WHERE time >= {data.start - 1_000_000} AND "
            f"time <= {data.end + 1_000_000} GROUP BY time({step}ns)")
        rows = json.loads(answer)["results"][0]["series"][0]["values"]
        return seconds, 0 if mean_only else sum(row[1] for row in rows)

    def seconds(self, query):
        begun = time.perf_counter()
        answer = self.ask("GET", "/query", db="bench", q=query)
        return time.perf_counter() - begun, answer


ALL = [VictoriaMetrics, InfluxDB]
