"""The table and the picture."""
import html
import math

PEERS = ["VictoriaMetrics", "InfluxDB"]
ALL = [*PEERS, "mneedled"]


class Row:
    """One thing that was measured.

    `values`: of each server, in `unit`. `better`: whether "more" or "less" of it is good.
    `goals`: for a peer's name, the ratio mneedled / peer that is wanted, as ("<=", 0.5); for "mneedled", its own value;
    for any other name, the ratio to the value of that name, which is one of nobody's.
    """

    def __init__(self, what, unit, better, values, goals=()):
        self.what, self.unit, self.better = what, unit, better
        self.values = {name: value for name, value in values.items() if value is not None}
        self.goals = dict(goals)

    def ratio(self, name):
        """mneedled's value against another's."""
        if name not in self.values or "mneedled" not in self.values or not self.values[name]:
            return None
        return self.values["mneedled"] / self.values[name]

    def times_better(self, name):
        ratio = self.ratio(name)
        return ratio and (ratio if self.better == "more" else 1 / ratio)

    def judged(self):
        """Each goal in words, and whether it is met; None where something was not measured."""
        for name, (relation, bound) in self.goals.items():
            value = self.values.get("mneedled") if name == "mneedled" else self.ratio(name)
            words = f"{relation} {figure(bound)}" + ("" if name == "mneedled" else f" x {name}")
            yield words, None if value is None else {
                "<=": value <= bound, "<": value < bound, ">=": value >= bound, "=": value == bound}[relation]


def figure(value):
    """Three digits that matter; whole numbers whole."""
    if value is None:
        return ""
    if value == 0 or abs(value) >= 100 or float(value).is_integer():
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


def table(rows):
    lines = [["", "unit", *ALL, "/ VM", "/ InfluxDB", "goal", "met"]]
    for row in rows:
        judged = list(row.judged())
        met = ["not measured" if is_met is None else "yes" if is_met else "NO" for _, is_met in judged]
        lines.append([
            row.what, row.unit, *(figure(row.values.get(name)) for name in ALL),
            *(figure(row.ratio(name)) for name in PEERS), ", ".join(words for words, _ in judged),
            ", ".join(met) if len(set(met)) > 1 else "".join(met[:1])])
    widths = [max(map(len, column)) for column in zip(*lines)]
    # Words to the left, figures to the right.
    return "\n".join(
        "  ".join(
            cell.rjust(width) if 2 <= place < 7 else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in lines)


# ---- The picture ----

COLOURS = {"VictoriaMetrics": "#4c78a8", "InfluxDB": "#e08a3c"}
LEFT, SCALE, BAR, GAP, TOP = 370, 480, 14, 14, 74
TICKS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]


def picture(rows):
    """Bars of how many times better mneedled is than each peer, on a logarithmic scale; below them the other goals."""
    bars = [row for row in rows if any(row.times_better(name) for name in PEERS)]
    times = [row.times_better(name) for row in bars for name in PEERS if row.times_better(name)]
    ticks = [tick for tick in TICKS if min(times + [1]) / 2 < tick < 2 * max(times + [2])]
    low, high = (math.log10(bound) for bound in (min(times + ticks), max(times + ticks)))

    def x(times):
        return LEFT + (math.log10(times) - low) / (high - low) * SCALE

    said, y = [], TOP
    for row in bars:
        names = [name for name in PEERS if row.times_better(name)]
        label = f"{row.what}: {figure(row.values['mneedled'])} {row.unit}".strip()
        said.append(text(LEFT - 12, y + BAR * len(names) / 2 + 3, label, "end"))
        for name in names:
            left, right = sorted((x(1), x(row.times_better(name))))
            said.append(f"<rect x='{left:.1f}' y='{y}' width='{max(1, right - left):.1f}' height='{BAR - 2}' "
                        f"fill='{COLOURS[name]}'/>")
            if name in row.goals:
                relation, bound = row.goals[name]
                goal = x(1 / bound if relation.startswith("<") else bound)
                said.append(f"<rect x='{goal - 1:.1f}' y='{y - 2}' width='2' height='{BAR + 2}' fill='#111'/>")
                right = max(right, goal)
            said.append(text(right + 6, y + BAR - 4, f"{figure(row.times_better(name))}x", size=11))
            y += BAR
        y += GAP
    lines = []
    for tick in ticks:
        colour = "#111" if tick == 1 else "#ddd"
        lines.append(f"<rect x='{x(tick):.1f}' y='{TOP - 8}' width='1' height='{y - TOP}' fill='{colour}'/>")
        said.append(text(x(tick), y + 8, f"{figure(tick)}x", "middle", 11))
    y += 40
    for row in rows:
        goals = [(words, met) for (name, _), (words, met) in zip(row.goals.items(), row.judged()) if name not in PEERS]
        for words, is_met in goals:
            said.append(text(20, y, f"{row.what}: {figure(row.values.get('mneedled'))} {row.unit}"))
            said.append(text(LEFT, y, f"goal {words}: {'met' if is_met else 'not met'}"))
            y += 19
    width, height = LEFT + SCALE + 80, y
    head = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' viewBox='0 0 {width} {height}' "
        "font-family='DejaVu Sans, Verdana, sans-serif' stroke='none'>",
        f"<rect width='{width}' height='{height}' fill='#fff'/>",
        text(20, 28, "Telemetry in mneedled: how many times better than its peers", size=16),
    ]
    for place, name in enumerate(PEERS):
        head.append(f"<rect x='{20 + 180 * place}' y='42' width='12' height='12' fill='{COLOURS[name]}'/>")
        head.append(text(38 + 180 * place, 53, f"than {name}", size=12))
    head.append("<rect x='380' y='40' width='2' height='16' fill='#111'/>")
    head.append(text(390, 53, "goal", size=12))
    return "\n".join([*head, *lines, *said, "</svg>\n"])


def text(x, y, words, anchor="start", size=13):
    return (f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' text-anchor='{anchor}' fill='#111'>"
            f"{html.escape(words)}</text>")
