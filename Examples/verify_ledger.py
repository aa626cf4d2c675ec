#!/usr/bin/env python3
"""Checks mneedle's ledger by its documentation alone (Documentation/ledger.md), without any of its code.

    verify_ledger.py STORE [EXPECTED-HEAD]     exit code 0: whole, 1: altered, 2: cannot tell
"""
import hashlib
import sqlite3
import sys

FIELDS = "seq, at, actor, module, kind, subject, person, body, hash"


def verify(path):
    """Returns how many entries there are, the newest hash, and the first entry that does not fit."""
    store = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    previous, number, entries = bytes(32), None, 0
    for *fields, stored in store.execute(f"SELECT {FIELDS} FROM mneedle_ledger ORDER BY seq"):
        text = "".join(("" if field is None else str(field)) + "\n" for field in fields)
        fits = hashlib.sha256(previous + text.encode()).digest() == stored
        # An entry about nobody has no person; an empty one would have the same hash.
        if not fits or "" in fields or text.count("\n") != 8 or (number is not None and fields[0] != number + 1):
            return entries, previous.hex(), fields[0]
        previous, number, entries = stored, fields[0], entries + 1
    return entries, previous.hex(), None


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
