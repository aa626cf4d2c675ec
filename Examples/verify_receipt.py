#!/usr/bin/env python3
"""Checks a receipt of mneedle's ledger (c2sp.org/tlog-proof) offline, with nothing but this file.

    verify_receipt.py KEY RECEIPT [FACTS]     exit code 0: holds, 1: does not hold
"""
import base64
import hashlib
import sys

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


class DoesNotHold(Exception):
    pass


def require(holds, otherwise):
    """An assertion that no option of Python leaves out."""
    if not holds:
        raise DoesNotHold(otherwise)


def sha256(data):
    return hashlib.sha256(data).digest()


def add(a, b):
    (x, y), (u, v), product = a, b, D * a[0] * b[0] * a[1] * b[1]
    return (x * v + u * y) * pow(1 + product, P - 2, P) % P, (y * v + x * u) * pow(1 - product, P - 2, P) % P


def times(point, number):
    result = (0, 1)
    for bit in bin(number)[2:]:
        result = add(result, result)
        result = add(result, point) if bit == "1" else result
    return result


def point(data):
    """The point of the curve that 32 bytes write (RFC 8032, 5.1.3)."""
    y, odd = int.from_bytes(data, "little") & (1 << 255) - 1, data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    require(x * x % P == square and y < P, "the key or the signature is no point")
    return (P - x if x % 2 != odd else x), y


def is_signed(text, signature, key):
    s, base = int.from_bytes(signature[32:], "little"), point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    hashed = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % ORDER
    return s < ORDER and times(base, s) == add(point(signature[:32]), times(point(key), hashed))


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
    require(is_signed((text + "\n").encode(), signature[4:], key), "the signature does not hold")
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
    except (DoesNotHold, StopIteration, ValueError, IndexError) as error:
        sys.exit(f"does not hold: {error or 'nobody with this key has signed it'}")
