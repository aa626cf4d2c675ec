#!/usr/bin/env python3
"""Checks a receipt of mneedle's ledger (c2sp.org/tlog-proof) offline; it needs python3-cryptography.

    verify_receipt.py KEY RECEIPT [FACTS]     exit code 0: holds, 1: does not hold
"""
import base64
import hashlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def require(holds, otherwise):  # No option of Python leaves it out, as it does assertions.
    if not holds:
        raise ValueError(otherwise)


def sha256(data):
    return hashlib.sha256(data).digest()


def check(key_text, receipt, facts):
    name, _, key = key_text.split("+", 2)
    key = base64.b64decode(key)[1:]
    head, note = receipt.split("\n\n", 1)
    text, signatures = note.rsplit("\n\n", 1)
    heading, extra, index, *hashes = head.split("\n")
    require(heading == "c2sp.org/tlog-proof@v1" and extra[:6] == "extra " and index[:6] == "index ", "it is no receipt")
    origin, size, root = (text + "\n").split("\n")[:3]
    prefix = f"\u2014 {name} "
    signature = next(base64.b64decode(line[len(prefix):]) for line in signatures.split("\n") if line.startswith(prefix))
    require(signature[:4] == sha256(name.encode() + b"\n\1" + key)[:4] and origin == name, "another key signed it")
    Ed25519PublicKey.from_public_bytes(key).verify(signature[4:], (text + "\n").encode())
    record = base64.b64decode(extra[6:])
    node, last, found = int(index[6:]), int(size) - 1, sha256(b"\0" + record)
    require(0 <= node <= last, "there is no such entry")
    for sibling in map(base64.b64decode, hashes):
        if node % 2 or node == last:
            found = sha256(b"\1" + sibling + found)
            while node and not node % 2:
                node, last = node // 2, last // 2
        else:
            found = sha256(b"\1" + found + sibling)
        node, last = node // 2, last // 2
    require(last == 0 and found == base64.b64decode(root), "the entry is not in the ledger")
    require(facts is None or hashlib.sha256(facts).hexdigest() == record.decode().split("\n")[8], "these are not its facts")
    return record.decode().split("\n")[:7], size


if __name__ == "__main__":
    if not 3 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    try:
        given = [open(path, "rb").read() for path in sys.argv[2:]]
        entry, size = check(sys.argv[1], given[0].decode(), given[1] if len(given) > 1 else None)
        print(f"one of {size} entries: {', '.join(filter(None, entry))}")
    except OSError as error:
        sys.exit(f"cannot be read: {error}")
    except (StopIteration, InvalidSignature, ValueError, IndexError) as error:
        sys.exit(f"does not hold: {error or 'nobody with this key has signed it'}")
