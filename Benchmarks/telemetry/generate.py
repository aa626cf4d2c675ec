"""The measurements that every server is given, and how few bytes they could be kept in.

A pen reports four fields that rest at a value and are noisy, with the short decimals of a real sensor, about 108 bytes
a line:

    pen,device=pen-0001 depth_mm=0.425,speed_hz=118.42,current_ma=251.37,temperature_c=31.42 1795176000000123000

The time stamps lie on a regular grid with a jitter of some microseconds, and are whole microseconds written as
nanoseconds. The grid lies on whole milliseconds, so a server that keeps milliseconds only has to keep that half of the
points fell into the one before; with `phase_us=500` it would not. All of it follows from a seed: the same arguments
give the same bytes.

The entropy is what no lossless store of independent values can go below:

- of each field: the empirical entropy of its values, -sum p log2 p over the frequencies p of the distinct values. Its
  conditional entropy given the value before counts instead if it is lower by over 1 % and there are at least 100
  values for each distinct pair; on less data it is low for want of data. For this noise it never is.
- of the time stamps: the empirical entropy of their distance from the regular grid, as sent (microseconds);
- bytes a sample = (the sum over the fields + the time stamps) / number of fields / 8.
"""
import array
import collections
import math
import random
import statistics

# Name, the value at rest, its noise (one sigma) and its decimals. The noise gives 5.12 bits of entropy on average.
FIELDS = [
    ("depth_mm", 0.425, 0.012, 3),
    ("speed_hz", 118.40, 0.06, 2),
    ("current_ma", 251.40, 0.10, 2),
    ("temperature_c", 31.40, 0.07, 2),
]
JITTER_US = 3
SECOND = 1_000_000_000


def normal_table():
    """A normal distribution as equally likely values: drawing two random bytes draws one of them."""
    inverse = statistics.NormalDist().inv_cdf
    half = [inverse((place + 0.5) / 65536) for place in range(32768)]
    return half + [-value for value in reversed(half)]


def draws(count, seed):
    return array.array("H", random.Random(seed).randbytes(2 * count))


class Data:
    """`points` points on a grid of `step` nanoseconds, of which the last is at `end` or up to a second before."""

    def __init__(self, points, step, end, device="pen-0001", phase_us=0, seed=1):
        self.points, self.step, self.device = points, step, device
        self.start = (end - (points - 1) * step) // SECOND * SECOND + 1000 * phase_us
        self.end = self.start + (points - 1) * step
        table = normal_table()
        self.columns = []
        for place, (_, rest, noise, decimals) in enumerate(FIELDS):
            values = [f"{rest + noise * value:.{decimals}f}" for value in table]
            self.columns.append([values[draw] for draw in draws(points, f"{seed} {place}")])
        jitter = [round(JITTER_US * value) for value in table]
        self.jitter = [jitter[draw] for draw in draws(points, f"{seed} time")]

    def bodies(self):
        """The lines without their time stamps."""
        heads = [f"{' ' if not place else ','}{field[0]}=" for place, field in enumerate(FIELDS)]
        series = f"pen,device={self.device}"
        return [
            f"{series}{heads[0]}{a}{heads[1]}{b}{heads[2]}{c}{heads[3]}{d} " for a, b, c, d in zip(*self.columns)]

    def write(self, path):
        """The lines as a file; how many bytes."""
        stamps = range(self.start, self.end + 1, self.step)
        with open(path, "w", encoding="ascii", newline="\n", buffering=1 << 20) as file:
            file.writelines(
                f"{body}{stamp + 1000 * jitter}\n" for body, stamp, jitter in zip(self.bodies(), stamps, self.jitter))
            return file.tell()

    def entropy(self):
        """For each field and the time stamps: bits and how they were counted; and bytes a sample in all."""
        kinds = {field[0]: value_entropy(column) for field, column in zip(FIELDS, self.columns)}
        kinds["time"] = (entropy(collections.Counter(self.jitter)), "distance from the grid")
        return kinds, sum(bits for bits, _ in kinds.values()) / len(FIELDS) / 8


def entropy(counts):
    total = sum(counts.values())
    return -sum(count / total * math.log2(count / total) for count in counts.values())


def value_entropy(values):
    plain = entropy(collections.Counter(values))
    pairs = collections.Counter(zip(values, values[1:]))
    conditional = entropy(pairs) - plain
    if conditional < 0.99 * plain and len(values) >= 100 * len(pairs):
        return conditional, "given the value before"
    return plain, "by itself"
