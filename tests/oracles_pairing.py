"""The joins by comparing every sample with every other: slow, and plain to see that it is right."""

import math
from collections import Counter
from typing import NamedTuple


class Sample(NamedTuple):
    t: float
    value: float
    occurrence: int  # how many of its side and time came before it


class Joined(NamedTuple):
    pairs: list[tuple[float, float, float]]  # t, x, y in the order of t
    x: Counter[str]
    y: Counter[str]


def admitted(samples: list[tuple[float, float]], lateness: float) -> tuple[list[Sample], Counter[str]]:
    """Those that came in time, sorted, and how many did not."""
    newest, kept, lots = -math.inf, list[tuple[float, float]](), Counter[str]()
    for t, value in samples:
        if math.isnan(t):
            lots["dropped"] += 1
        elif t < newest - lateness:
            lots["late"] += 1
        else:
            kept.append((t, value))
            newest = max(newest, t)
    kept.sort(key=lambda sample: sample[0])
    return [Sample(t, v, sum(other[0] == t for other in kept[:k])) for k, (t, v) in enumerate(kept)], lots


def distance(a: Sample, b: Sample) -> tuple[float, float, int]:
    """Nearer in time, then earlier, then of the same occurrence (or the last one there is)."""
    return abs(a.t - b.t), b.t, abs(a.occurrence - b.occurrence)


def symmetric(xs: list[Sample], ys: list[Sample], tolerance: float) -> list[tuple[Sample, Sample]]:
    """Each other's nearest."""
    if not (xs and ys):
        return []
    nearest_y = {x: min(ys, key=lambda y: distance(x, y)) for x in xs}
    nearest_x = {y: min(xs, key=lambda x: distance(y, x)) for y in ys}
    return [(x, y) for x, y in nearest_y.items() if nearest_x[y] is x and abs(x.t - y.t) <= tolerance]


def join(
    mode: str, xs: list[tuple[float, float]], ys: list[tuple[float, float]], tolerance: float, lateness: float
) -> Joined:
    """All pairs, and what became of every sample."""
    x_in, x_lots = admitted(xs, lateness)
    y_in, y_lots = admitted(ys, lateness)
    first = [y for y in y_in if not y.occurrence]
    pairs: list[tuple[float, float, float]] = []
    x_used: set[Sample] = set()
    y_used: set[Sample] = set()
    if mode in ("exact", "nearest"):
        for x, y in symmetric(x_in, y_in, 0.0 if mode == "exact" else tolerance):
            pairs.append((x.t, x.value, y.value))
            x_used.add(x)
            y_used.add(y)
    else:
        for x in x_in:
            before = [y for y in first if y.t <= x.t and x.t - y.t <= tolerance]
            after = [y for y in first if y.t >= x.t and y.t - x.t <= tolerance]
            if mode == "previous" and before:
                pairs.append((x.t, x.value, before[-1].value))
                y_used.add(before[-1])
            elif mode == "interpolate" and before and after:
                low, high = before[-1], after[0]
                share = (x.t - low.t) / (high.t - low.t) if high is not low else 0.0
                pairs.append((x.t, x.value, low.value + share * (high.value - low.value)))
                y_used |= {low, high}
            else:
                continue
            x_used.add(x)
    for samples, used, lots in ((x_in, x_used, x_lots), (y_in, y_used, y_lots)):
        for sample in samples:
            lots["paired" if sample in used else "duplicate" if sample.occurrence else "unmatched"] += 1
    return Joined(pairs, x_lots, y_lots)
