#!/usr/bin/env python3
"""Checks mneedle's ledger by its documentation alone (Documentation/ledger.md), without any of its code.

    verify_ledger.py STORE [EXPECTED-HEAD]     exit code 0: whole, 1: altered, 2: cannot tell
"""
import hashlib
import sqlite3
import sys

FIELDS = "seq, at, actor, module, kind, subject, person, body, hash"


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def root(peaks):
    """The root over complete subtrees, the largest first."""
    whole = peaks[-1] if peaks else sha256()
    for peak in reversed(peaks[:-1]):
        whole = sha256(b"\1", peak, whole)
    return whole.hex()


def verify(path):
    """Returns how many entries there are, the root over them, and the first entry that does not fit."""
    store = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    peaks, size = [], 0
    for *fields, person, body, stored in store.execute(f"SELECT {FIELDS} FROM mneedle_ledger ORDER BY seq"):
        # A person's id is 16 bytes after four that say what they are. The sealed facts have their commitment after an id.
        fits = person is None or isinstance(person, bytes) and len(person) == 20
        fits = fits and isinstance(body, bytes) and body[:4] == b"\x9dmn\4"
        person, body = (person or b"", body) if fits else (b"", b"")
        lines = [str(field) for field in fields] + [person[4:].hex(), hashlib.sha256(body).hexdigest(), body[20:52].hex()]
        leaf = sha256(b"\0", *((line + "\n").encode() for line in lines))
        if not fits or leaf != stored or fields[0] != size + 1 or any("\n" in line for line in lines):
            return size, root(peaks), fields[0]
        size += 1
        peaks.append(leaf)
        # Two subtrees of one height are one of the next: as many are left as the size has bits that are set.
        while len(peaks) > bin(size).count("1"):
            right = peaks.pop()
            peaks[-1] = sha256(b"\1", peaks[-1], right)
    return size, root(peaks), None


if __name__ == "__main__":
    try:
        count, head, bad = verify(sys.argv[1])
    except (IndexError, sqlite3.Error) as error:
        sys.exit(f"cannot read the ledger: {error}") if len(sys.argv) > 1 else sys.exit(__doc__)
    if bad is None and len(sys.argv) > 2 and sys.argv[2] != head:
        print(f"whole, but the head is {head}: entries are missing at the end or were made anew")
        sys.exit(1)
    print(f"{count} entries, head {head}" if bad is None else f"entry {bad} does not fit")
    sys.exit(0 if bad is None else 1)
