"""Slow, independent and obviously right: what the fast code is held against."""

import decimal
import math
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.special import digamma
from sklearn.metrics import mutual_info_score

from streammi.config import Span

Pairs = list[tuple[int, int]]


def entropy_bits(counts: Iterable[int]) -> float:
    """Plug-in entropy of counts, summed exactly."""
    filled = [c for c in counts if c]
    n = sum(filled)
    return math.fsum(-c / n * math.log2(c / n) for c in filled)


def mi_bits(pairs: Pairs) -> float:
    """Plug-in MI of symbol pairs, from three counters."""
    x, y = Counter(i for i, _ in pairs), Counter(j for _, j in pairs)
    return entropy_bits(x.values()) + entropy_bits(y.values()) - entropy_bits(Counter(pairs).values())


def sklearn_mi_nats(pairs: Pairs) -> float:
    """The same by scikit-learn."""
    x, y = zip(*pairs, strict=True)
    return float(mutual_info_score(x, y))


def mi_nats_of_counts(joint: NDArray[np.integer]) -> float:
    """MI of a joint histogram by scikit-learn."""
    return float(mutual_info_score(None, None, contingency=joint))


def plugin(counts: list[int]) -> float:
    """Plug-in entropy in nats."""
    return entropy_bits(counts) * math.log(2)


def jackknife(counts: list[int]) -> float:
    """By leaving each sample out in turn, n >= 2; in 40 digits, as most of them cancel."""
    n = sum(counts)
    with decimal.localcontext(prec=40):
        left_out = [c * _exact_plugin([d - (k == j) for k, d in enumerate(counts)]) for j, c in enumerate(counts)]
        return float(n * _exact_plugin(counts) - Decimal(n - 1) / n * sum(left_out))


def _exact_plugin(counts: list[int]) -> Decimal:
    filled = [Decimal(c) for c in counts if c]
    n = sum(filled)
    return sum((-c / n * (c / n).ln() for c in filled), Decimal(0))


def zhang(counts: list[int]) -> float:
    """The digamma form of Zhang's estimator."""
    n = sum(counts)
    return float(digamma(n) - sum(c * digamma(c) for c in counts) / n)


def grassberger(counts: list[int]) -> float:
    """Grassberger's estimator of 2003."""
    g = [digamma(c) + (-1) ** c / 2 * (digamma((c + 1) / 2) - digamma(c / 2)) for c in counts]
    return math.log(sum(counts)) - float(np.dot(counts, g)) / sum(counts)


def schuermann(counts: list[int]) -> float:
    """Schuermann's estimator of 2004 with xi = 1/1.9, its integral by quadrature."""
    g = [digamma(c) + (-1) ** c * quad(lambda t, c=c: t ** (c - 1) / (1 + t), 0, 0.9)[0] for c in counts]
    return math.log(sum(counts)) - float(np.dot(counts, g)) / sum(counts)


# Entropy in nats of the counts of occupied cells.
ENTROPIES = {
    "plugin": plugin,
    "miller_madow": lambda counts: plugin(counts) + (len(counts) - 1) / (2 * sum(counts)),
    "zhang": zhang,
    "grassberger": grassberger,
    "jackknife": jackknife,
    "schuermann": lambda counts: schuermann(counts) - schuermann([sum(counts)]),
}


def mi_nats_by(estimator: str, joint: NDArray[np.integer]) -> float:
    """MI of a joint histogram by one of ENTROPIES."""
    h_x, h_y, h_xy = (
        ENTROPIES[estimator]([int(c) for c in counts.ravel() if c]) for counts in (joint.sum(1), joint.sum(0), joint)
    )
    return h_x + h_y - h_xy


def uniform_symbol(v: float, low: float, high: float, count: int) -> int:
    """floor((v - low) * count / (high - low)), what is outside in the end bins; in Python's own arithmetic."""
    if v <= low:
        return 0
    if v >= high:
        return count - 1
    return min(math.floor((v - low) * count / (high - low)), count - 1)


def edge_symbol(v: float, edges: list[float]) -> int:
    """k where edges[k] <= v < edges[k + 1], what is outside in the end bins."""
    return max(0, min(sum(v >= edge for edge in edges) - 1, len(edges) - 2))


def time_windows(t: list[float], seconds: float) -> Iterator[list[int]]:
    """The places of the pairs inside after each pair, by the rules for late ones."""
    inside: deque[tuple[int, float]] = deque()
    newest = -math.inf
    for k, moment in enumerate(t):
        if not (moment < newest and moment <= newest - seconds):
            newest = max(newest, moment)
            inside.append((k, newest))
        while inside and inside[0][1] <= newest - seconds:
            inside.popleft()
        yield [place for place, _ in inside]


def timed_count_windows(t: list[float], size: int) -> Iterator[list[int]]:
    """The same for a window of ``size`` pairs with times: dropped is what is older than all of a full window."""
    inside: deque[tuple[int, float]] = deque(maxlen=size)
    newest = -math.inf
    for k, moment in enumerate(t):
        if not (moment < newest and len(inside) == size and moment < inside[0][1]):
            newest = max(newest, moment)
            inside.append((k, newest))
        yield [place for place, _ in inside]


def set_back_behind(t: list[float], size: Span) -> list[int]:
    """Behind how many samples their clock is set back: each hundredth in a row that is older than the window."""
    found: list[int] = []
    held: list[float] = []  # times of all that were ever in the window
    old = 0  # so many in a row, so far
    for k, time in enumerate(t):
        if not math.isfinite(time):
            continue
        newest = held[-1] if held else -math.inf
        if size.seconds is None:
            outside = time < newest and len(held) >= size.pairs and time < held[-size.pairs]
        else:
            outside = time < newest and time <= newest - size.seconds
        old = old + 1 if outside else 0
        if old == 100:
            held = [earlier + (time - newest) for earlier in held]
            newest, old, outside = time, 0, False
            found.append(k + 1)
        if not outside:
            held.append(max(time, newest))
    return found
