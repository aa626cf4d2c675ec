"""Reads documents of TOML, each in base64 on a line of a file, with Python's own reader. Prints for each, on a line:
'-' when it is no TOML; '?' when it is, but holds what mneedle refuses on purpose (numbers that are infinite or take
more than 64 bits); else the document as JSON, members in order, dates and times as true."""
import base64
import datetime
import json
import math
import sys
import tomllib


class Unusable(Exception):
    pass


def plain(value):
    if isinstance(value, dict):
        return {key: plain(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [plain(element) for element in value]
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return {"time": True}
    if isinstance(value, float) and not math.isfinite(value):
        raise Unusable
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise Unusable
    return value


for line in open(sys.argv[1]):
    try:
        document = tomllib.loads(base64.b64decode(line).decode())
        print(json.dumps(plain(document), ensure_ascii=False))
    except Unusable:
        print("?")
    except (ValueError, RecursionError):
        print("-")
