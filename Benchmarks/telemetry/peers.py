"""VictoriaMetrics and InfluxDB, as Debian packages them, each on a port of the loopback interface and with its usual
settings, but for where its files are and that nothing is thrown away for its age.

Both take line protocol by POST /write over one connection that stays open, 10 000 points a request, the next one when
the last is answered."""
import concurrent.futures
import http.client
import json
import mmap
import os
import socket
import time
import urllib.parse

from generate import SECOND
from server import Server, size

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


def ask(client, method, path, body, **arguments):
    """The answer's bytes."""
    if arguments:
        path += "?" + urllib.parse.urlencode(arguments)
    try:
        client.request(method, path, body)
        response = client.getresponse()
        answer = response.read()
    except OSError:
        client.close()
        raise
    if response.status >= 300:
        raise RuntimeError(f"{method} {path}: {response.status} {answer[:300]!r}")
    return answer


class Peer(Server):
    """What both have in common: HTTP.

    `write` takes a file in, `settle` makes it visible, `sizes` says what it takes on disk, `summary` and `year` ask the
    questions that mneedled is asked and give the answer as it came; `counted` says how many points a year's counts."""
    name = command = ""

    def __init__(self, folder, command, port, health):
        self.port = port
        super().__init__(folder, command)
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        self.wait_until(lambda: self.ask("GET", health) is not None)

    def ask(self, method, path, **arguments):
        return ask(self.http, method, path, None, **arguments)

    def write(self, path, connections=1):
        """Seconds from the file's first byte to the last request's answer."""
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            pieces = list(requests(data))
            clients = [http.client.HTTPConnection("127.0.0.1", self.port, timeout=300) for _ in range(connections)]
            begun = time.perf_counter()
            with concurrent.futures.ThreadPoolExecutor(connections) as pool:
                # Every so many-th piece is one connection's.
                for done in [pool.submit(self.post, client, data, pieces[place::connections])
                             for place, client in enumerate(clients)]:
                    done.result()
            return time.perf_counter() - begun

    def post(self, client, data, pieces):
        for start, end in pieces:
            ask(client, "POST", self.write_path, data[start:end])
        client.close()


class VictoriaMetrics(Peer):
    name, command = "VictoriaMetrics", "victoria-metrics"
    write_path = "/write"

    def __init__(self, folder):
        port = free_port()
        self.data = os.path.join(folder, "data")
        super().__init__(folder, [
            self.command, f"-storageDataPath={self.data}", f"-httpListenAddr=127.0.0.1:{port}",
            "-retentionPeriod=10y"], port, "/health")

    def settle(self):
        """Makes what was written visible to queries; it would be by itself, after seconds."""
        self.ask("GET", "/internal/force_flush")

    def sizes(self):
        """Bytes of the samples and of the index once all parts are merged; stops it."""
        self.settle()
        self.ask("GET", "/internal/force_merge")
        # It merges behind its answer, and stopped meanwhile it would have to begin anew.
        self.wait_until(self.is_merged)
        self.stop()
        samples, index = (size(os.path.join(self.data, name)) for name in ("data", "indexdb"))
        return {"bytes": samples, "index": index}

    def is_merged(self):
        time.sleep(1)
        metrics = self.ask("GET", "/metrics").decode().splitlines()
        return all(line.endswith(" 0") for line in metrics if line.startswith("vm_active_merges{"))

    def summary(self, data):
        what = '{__name__=~"pen_.*"}' + f"[{data.points * data.step // SECOND + 2}s]"
        names = ",".join(f'"{name}_over_time"' for name in ("count", "min", "avg", "max", "last"))
        query = f'union(aggr_over_time(({names}), {what}), quantiles_over_time("q", 0.5, 0.95, {what}))'
        return self.query("/api/v1/query", query=query, time=data.end // SECOND + 1)

    def year(self, data, steps, mean_only):
        step = data.points * data.step / 1e9 / steps
        field = f"pen_depth_mm[{step:.3f}s]"
        names = ",".join(f'"{name}_over_time"' for name in ("count", "min", "avg", "max"))
        query = f"avg_over_time({field})" if mean_only else f"aggr_over_time(({names}), {field})"
        # A step's value is that of the time up to it, its begin not included.
        begin = data.start // SECOND - 1
        return self.query(
            "/api/v1/query_range", query=query, start=f"{begin + step:.3f}", end=f"{begin + steps * step:.3f}",
            step=f"{step:.3f}s")

    def counted(self, answer):
        rows = json.loads(answer)["data"]["result"]
        counts = [row for row in rows if row["metric"].get("rollup") == "count_over_time"]
        return sum(int(value) for row in counts for _, value in row["values"])

    def query(self, path, **arguments):
        # Not from its cache of results, which only helps whoever asks the very same again.
        return self.ask("GET", path, nocache=1, **arguments)


class InfluxDB(Peer):
    name, command = "InfluxDB", "influxd"
    write_path = "/write?db=bench&precision=ns"

    def __init__(self, folder, extra=""):
        os.makedirs(folder, exist_ok=True)
        port = free_port()
        self.data, self.wal = os.path.join(folder, "data", "bench", "autogen"), os.path.join(folder, "wal", "bench")
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
        super().__init__(folder, [self.command, "-config", path], port, "/ping")
        self.ask("POST", "/query", q="CREATE DATABASE bench")

    def settle(self):
        """What was written is visible at once."""

    def sizes(self):
        """Bytes as they lie when it stops, and when all is compacted, which it would do by itself after hours."""
        self.stop()
        as_is = size(self.data, self.wal)
        with InfluxDB(self.folder, '  cache-snapshot-write-cold-duration = "1s"\n'
                                   '  compact-full-write-cold-duration = "1s"\n') as again:
            again.wait_until(again.is_settled, 120)
        # What is left of the write-ahead log is in these files by now.
        return {"bytes": size(self.data), "as it lies": as_is}

    def is_settled(self):
        """Ten seconds have passed without a change to the files."""
        before = size(self.data)
        time.sleep(10)
        return size(self.data) == before

    def summary(self, data):
        figures = ", ".join(f"{name}(*)" for name in ("count", "min", "mean", "max", "last"))
        return self.query(
            f"SELECT {figures}, percentile(*, 50), percentile(*, 95) FROM pen WHERE time <= {data.end + SECOND}")

    def year(self, data, steps, mean_only):
        figures = ["mean"] if mean_only else ["count", "min", "mean", "max"]
        return self.query(
            f"SELECT {', '.join(f'{name}(depth_mm)' for name in figures)} FROM pen "
            f"WHERE time >= {data.start - SECOND} AND time <= {data.end + SECOND} "
            f"GROUP BY time({data.points * data.step // steps}ns)")

    def counted(self, answer):
        return sum(row[1] for row in json.loads(answer)["results"][0]["series"][0]["values"])

    def query(self, query):
        return self.ask("GET", "/query", db="bench", q=query)


ALL = [VictoriaMetrics, InfluxDB]
