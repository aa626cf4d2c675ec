#!/usr/bin/env python3
"""How long one hostile line of 64 KB keeps another connection waiting: hostile.py CONTROL_SOCKET [TELEMETRY_SOCKET]

Behind each line another connection sends one ping after the other until the line is answered. The longest wait of these is
printed, the median and the worst of some rounds, in milliseconds. The service should be a release build that nobody else uses.
"""
import select
import socket
import statistics
import sys
import time

ROOM = 65_000


def repeated(piece, separator):
    parts, size, index = [], 0, 0
    while size < ROOM - 100:
        parts.append(piece(index))
        size += len(parts[-1].encode()) + len(separator)
        index += 1
    return separator.join(parts)


MARKS = "\u0301\u0316" * (ROOM // 4)
HALF = "\u0301\u0316" * (ROOM // 9)
LINES = [
    ("plain text", "records.show-person person=" + "x" * ROOM),
    ("members in words", "status " + repeated(lambda i: f"a.{i}=1", " ")),
    ("words", "status " + repeated(lambda i: f"a{i}=1", " ")),
    ("answers in words", "screening.assess person=a " + repeated(lambda i: f"answers.{i}=1", " ")),
    ("members", "status {" + repeated(lambda i: f'"{i}":1', ",") + "}"),
    ("answers", 'screening.assess {"answers":{' + repeated(lambda i: f'"{i}":1', ",") + "}}"),
    ("an array", 'subscribe {"topics":[' + repeated(lambda i: "1", ",") + "]}"),
    ("a list in words", "subscribe topics=" + repeated(lambda i: "a", ",")),
    ("prefixes", "subscribe topics=" + repeated(lambda i: f"{'abcdefghij'[i % 10]}{'abcdefghij'[i // 10 % 10]}.*", ",")),
    ("escapes", 'status {"a":"' + "\\u0041" * (ROOM // 6) + '"}'),
    ("digits", "status {\"a\":0." + "1" * ROOM + "}"),
    ("combining marks as a value", "records.show-person person=" + MARKS),
    ("combining marks as a name", f"status {MARKS}=1"),
    ("combining marks as members", f'status {{"{HALF}":1,"{HALF}a":1}}'),
    ("a verb", "a" * ROOM),
]
POINTS = [
    ("fields of a point", "pen,device=a " + repeated(lambda i: f"f{i}=1", ",")),
    ("tags of a point", "pen," + repeated(lambda i: f"t{i}=1", ",") + " a=1"),
    ("combining marks of a point", f"pen,device=a {HALF}=1,{HALF[2:]}=1"),
]


class Client:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")


def delay(other, hostile, line, waits):
    worst = []
    for _ in range(5):
        hostile.socket.sendall(line.encode() + b"\n")
        longest, pings = 0.0, 0
        # One ping after the other until the line is dealt with; a collector's socket does not say when that is.
        while pings < (1 if waits else 50) or (waits and not select.select([hostile.socket], [], [], 0)[0]):
            began = time.perf_counter()
            other.socket.sendall(b"ping\n")
            other.file.readline()
            longest = max(longest, (time.perf_counter() - began) * 1000)
            pings += 1
        worst.append(longest)
        if waits:
            while not hostile.file.readline().startswith((b"OK", b"ERR")):
                pass
    return statistics.median(worst), max(worst)


def main():
    control = sys.argv[1]
    other = Client(control)
    other.file.readline()
    for name, line in LINES:
        hostile = Client(control)
        hostile.file.readline()
        print(f"{name:32} %8.1f %8.1f" % delay(other, hostile, line, True), flush=True)
    for name, line in POINTS if len(sys.argv) > 2 else []:
        print(f"{name:32} %8.1f %8.1f" % delay(other, Client(sys.argv[2]), line, False), flush=True)


if __name__ == "__main__":
    main()
