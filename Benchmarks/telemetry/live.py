"""What happens while devices report: how soon others hear of an alarm, and how a fleet of devices is borne."""
import json
import multiprocessing
import random
import statistics
import time
from socket import MSG_DONTWAIT

from generate import Data
from mneedle import END, Client, device

MILLISECOND = 1_000_000


def percentile(values, percent):
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


# ---- Alarms ----

def flood(path, session, file, points):
    """Streams a file into a session again and again, as fast as it is taken."""
    client = Client(path)
    while True:
        _, reply = client.stream(session, file)
        points.value += reply["accepted"]


def alarms(path, file, count):
    """While session 1 is flooded, breaks session 2's limit `count` times and tells how long it took, in seconds, until
    another connection heard of it at once (`breach`) and for good (`alarm`), and how long a ping took meanwhile."""
    device_stream, subscriber, pinger = Client(path), Client(path), Client(path)
    device_stream.begin_stream(2)
    subscriber.reply("subscribe topics=telemetry.breach,telemetry.alarm")
    points = multiprocessing.Value("q")
    flooding = multiprocessing.Process(target=flood, args=(path, 1, file, points), daemon=True)
    flooding.start()
    chance = random.Random(1)
    found = {"ping": [], "breach": [], "alarm": []}
    try:
        while not points.value:
            time.sleep(0.05)
        begun, before = time.perf_counter(), points.value
        for _ in range(count):
            # Not in step with anything that the daemon does.
            time.sleep(chance.uniform(0, 0.01))
            start = time.perf_counter()
            pinger.reply("ping")
            found["ping"].append(time.perf_counter() - start)
            time.sleep(chance.uniform(0, 0.01))
            start = time.perf_counter()
            report(device_stream, 0.612)
            while True:
                line = subscriber.line()
                seconds = time.perf_counter() - start
                _, _, topic, body = line.split(b" ", 3)
                if json.loads(body)["session"] == 2:
                    found[topic.decode().removeprefix("telemetry.")].append(seconds)
                    if topic == b"telemetry.alarm":
                        break
            report(device_stream, 0.425)
        speed = (points.value - before) / (time.perf_counter() - begun)
        if not flooding.is_alive():
            raise RuntimeError("the ingest has broken off")
    finally:
        flooding.terminate()
        flooding.join()
    return found, speed


def report(stream, depth):
    """One point, of now."""
    stream.send(f"pen,device={device(2)} depth_mm={depth},speed_hz=118.42,current_ma=251.37,temperature_c=31.42 "
                f"{time.time_ns()}\n")
    take_acknowledgements(stream)


def take_acknowledgements(stream):
    try:
        stream.socket.recv(1 << 16, MSG_DONTWAIT)
    except BlockingIOError:
        pass


# ---- A fleet ----

# A device sends what it has measured every ten milliseconds; not all of them at the same moment.
BATCH, PHASES = 10, 8


def fleet(path, devices, seconds, news):
    """Reports a point a millisecond of each device, in a process of its own."""
    streams = [Client(path) for _ in range(devices)]
    lines = [Data(1000, MILLISECOND, 0, device(number), seed=number).bodies() for number in range(1, devices + 1)]
    jitter = Data(1000, MILLISECOND, 0).jitter
    for number, stream in enumerate(streams, 1):
        stream.begin_stream(number)
    news.send("begun")
    begun, wall, latest = time.perf_counter(), time.time_ns(), 0
    for tick in range(seconds * 1000 // BATCH * PHASES):
        pause = begun + tick * BATCH / 1000 / PHASES - time.perf_counter()
        if pause > 0:
            time.sleep(pause)
        latest = max(latest, -pause)
        batch, phase = divmod(tick, PHASES)
        first = batch * BATCH % 1000
        stamps = [wall + (batch * BATCH + place) * MILLISECOND + jitter[first + place] * 1000 for place in range(BATCH)]
        for number in range(phase, devices, PHASES):
            bodies = lines[number][first:first + BATCH]
            streams[number].send("".join([f"{body}{stamp}\n" for body, stamp in zip(bodies, stamps)]))
            take_acknowledgements(streams[number])
    took = time.perf_counter() - begun
    totals = {"sent": seconds * 1000 // BATCH * BATCH * devices, "accepted": 0, "rejected": 0}
    for stream in streams:
        stream.socket.sendall(END)
    for stream in streams:
        while not (line := stream.line()).startswith((b"OK ", b"ERR ")):
            pass
        reply = json.loads(line[3:]) if line.startswith(b"OK ") else {"accepted": 0, "rejected": 0, "error": line}
        totals["accepted"] += reply["accepted"]
        totals["rejected"] += reply["rejected"]
        if "error" in reply or reply.get("first_errors"):
            totals["error"] = str(reply)
    news.send({**totals, "took": took, "latest": latest})


def under_fleet(daemon, path, devices, seconds):
    """What became of the fleet's points, how long requests took meanwhile by kind, and the memory second by second."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=fleet, args=(path, devices, seconds, sender), daemon=True)
    process.start()
    sender.close()
    try:
        receiver.recv()
        client = daemon.client()
        took = {"ping": [], "status": [], "scheduling.remind": []}
        memory, second, number = [], time.perf_counter(), 0
        while not receiver.poll():
            for kind, times in took.items():
                number += 1
                more = f" person=p1 at=2099-01-01T10:00:00Z title=t{number}" if kind == "scheduling.remind" else ""
                start = time.perf_counter()
                client.reply(kind + more)
                times.append(time.perf_counter() - start)
                time.sleep(0.01)
            if time.perf_counter() >= second:
                second += 1
                memory.append(daemon.memory()[0])
        return receiver.recv(), took, memory
    except EOFError:
        raise RuntimeError("the fleet has broken off") from None
    finally:
        process.terminate()
        process.join()


def growth(memory):
    """Resident memory of the last tenth against that of the second, when everything was warm."""
    tenth = max(1, len(memory) // 10)
    return statistics.median(memory[-tenth:]) / statistics.median(memory[tenth:2 * tenth] or memory)
