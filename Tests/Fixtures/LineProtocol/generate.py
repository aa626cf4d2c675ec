#!/usr/bin/env python3
"""Writes influxdb_client.jsonl: lines as PyPI's influxdb-client writes them, beside what they mean.

    pip install influxdb-client==1.50.0 && python3 generate.py > influxdb_client.jsonl

Committed, so that the tests need no network; each row has the line, the device tag, the fields in their order with kind
and value, and the time."""
import json
import random

from influxdb_client import Point, WritePrecision

random.seed(20261121)
WORDS = ["pen", "pen 1", "a,b", "a=b", "Zürich", "raum 🩹", "back\\slash", "quo\"te", "x"]


def value():
    kind = random.choice(["float", "float", "integer", "boolean", "text"])
    if kind == "float":
        number = random.choice([
            round(random.uniform(-3, 3), random.randrange(1, 6)), random.uniform(-1e9, 1e9), 10.0 ** random.randrange(-30, 300),
            float(random.randrange(-1000, 1000)), random.uniform(-1, 1)])
        return kind, number, repr(number if number else 0.0)
    if kind == "integer":
        number = random.choice([0, 1, -1, random.randrange(-2**63, 2**63), random.randrange(100)])
        return kind, number, str(number)
    if kind == "boolean":
        flag = random.random() < 0.5
        return kind, flag, "true" if flag else "false"
    text = random.choice(WORDS) + random.choice(["", " ", "\\", "\"", ",", "="]) + random.choice(WORDS)
    return kind, text, text


for _ in range(400):
    point = Point(random.choice(WORDS))
    device = random.choice([None, random.choice(WORDS)])
    if device:
        point.tag("device", device)
    for tag in random.sample(["room", "operator name", "k,1", "k=2"], random.randrange(3)):
        point.tag(tag, random.choice(WORDS))
    fields = {}
    for name in random.sample(["depth_mm", "speed hz", "a,b", "c=d", "größe", "note"], random.randrange(1, 5)):
        kind, number, text = value()
        point.field(name, number)
        fields[name] = (kind, text)
    time = random.choice([None, random.randrange(0, 2**62)])
    if time is not None:
        point.time(time, WritePrecision.NS)
    print(json.dumps({
        "line": point.to_line_protocol(), "device": device, "time": time,
        # The client sorts them.
        "fields": [[name, *fields[name]] for name in sorted(fields)]}, ensure_ascii=False))
