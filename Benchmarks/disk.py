"""How long the disk takes to sync, measured beside what waits for it: on machines that others use too, and on disks with
two regimes (0.1 ms and some milliseconds), a ratio means nothing when the disk was another one in between."""
import os
import statistics
import time

# Latencies of one round that differ by more than this are of different regimes.
MOST = 1.5


def sync_latency(folder, times=100):
    """The median of so many seconds that a fdatasync takes after a page was appended to a file."""
    path = os.path.join(folder, "probe")
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    took = []
    try:
        for _ in range(times):
            os.write(file, bytes(4096))
            begun = time.perf_counter()
            os.fdatasync(file)
            took.append(time.perf_counter() - begun)
    finally:
        os.close(file)
        os.unlink(path)
    return statistics.median(took)


def is_steady(latencies):
    return max(latencies) <= MOST * min(latencies)
