#!/usr/bin/env python3
"""Tests/Fuzz/corpus.py unpack FILE FOLDER | pack FOLDER FILE: the inputs of a fuzzer, a line of base64 each, as files or back."""
import base64, hashlib, pathlib, sys

way, source, target = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
if way == "unpack":
    target.mkdir(parents=True, exist_ok=True)
    for line in source.read_text().split():
        data = base64.b64decode(line)
        (target / hashlib.sha1(data).hexdigest()).write_bytes(data)
else:
    lines = sorted(base64.b64encode(path.read_bytes()).decode() for path in source.iterdir())
    target.write_text("".join(line + "\n" for line in lines if line))
