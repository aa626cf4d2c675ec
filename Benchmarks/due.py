#!/usr/bin/env python3
"""What is due now, among many: mneedled's list of due reminders against Debian's remind on a file of the same ones.

    due.py SOCKET FOLDER COUNT…      (people 'anna' must be on record; the counts rise)

For each count it prints: remind's milliseconds, mneedled's, their ratio, and how many milliseconds after its time a
reminder is delivered while so many others wait."""
import datetime
import json
import os
import socket
import statistics
import subprocess
import sys
import time


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lines = self.socket.makefile("rb")
        self.lines.readline()

    def send(self, text):
        self.socket.sendall(text.encode())

    def reply(self, request):
        """The rows and the last line."""
        self.send(request + "\n")
        rows = []
        while True:
            line = self.lines.readline()
            if not line.startswith(b"ROW "):
                assert line.startswith(b"OK "), line
                return rows
            rows.append(line)


def fill(client, first, last):
    """Reminders of a far day, by the thousand."""
    for start in range(first, last, 1000):
        count = min(1000, last - start)
        client.send("".join(
            f"scheduling.remind person=anna at=2099-01-{1 + (start + i) % 28:02}T10:00:00Z title=t{start + i}\n"
            for i in range(count)))
        for _ in range(count):
            assert client.lines.readline().startswith(b"OK ")


def peer(folder, count, due):
    """Seconds that remind takes to say what is due today."""
    path = os.path.join(folder, "reminders.rem")
    today = datetime.date.today()
    with open(path, "w") as file:
        for i in range(count):
            file.write(f"REM 2099-01-{1 + i % 28:02} AT 10:00 MSG t{i}\n")
        for i in range(due):
            file.write(f"REM {today.isoformat()} MSG due{i}\n")
    start = time.perf_counter()
    said = subprocess.run(["remind", "-h", "-q", "-a", path], capture_output=True, text=True, check=True).stdout
    seconds = time.perf_counter() - start
    assert said.count("due") == due, said
    return seconds


def delivery(client, events):
    """Seconds from a reminder's time to its event."""
    at = time.time() + 0.3
    text = datetime.datetime.fromtimestamp(at, datetime.timezone.utc).isoformat(timespec="milliseconds")
    client.reply(f"scheduling.remind person=anna at={text.replace('+00:00', 'Z')} title=now")
    line = events.lines.readline()
    late = time.time() - at
    client.reply(f"scheduling.done reminder={json.loads(line.split(b' ', 3)[3])['reminder']}")
    return late


def main():
    path, folder, counts = sys.argv[1], sys.argv[2], [int(count) for count in sys.argv[3:]]
    client, events = Client(path), Client(path)
    due, filled = 10, 0
    events.reply("subscribe topics=reminder.due")
    for i in range(due):
        at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
        text = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        client.reply(f"scheduling.remind person=anna at={text} title=due{i}")
    for _ in range(due):
        events.lines.readline()
    print(f"{'waiting':>10} {'remind ms':>10} {'mneedled ms':>12} {'ratio':>8} {'delivered after ms':>20}")
    for count in counts:
        fill(client, filled, count)
        filled = count
        ours, theirs = [], []
        for _ in range(3):
            theirs.append(peer(folder, count, due))
            start = time.perf_counter()
            rows = client.reply("scheduling.list-reminders state=due")
            ours.append(time.perf_counter() - start)
            assert len(rows) == due
        late = statistics.median(delivery(client, events) for _ in range(5))
        a, b = statistics.median(theirs) * 1000, statistics.median(ours) * 1000
        print(f"{count:>10} {a:>10.2f} {b:>12.3f} {a / b:>7.0f}x {late * 1000:>20.2f}", flush=True)


main()
