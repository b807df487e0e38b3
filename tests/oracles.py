"""Slow, independent and obviously right: what the fast code is held against."""

import math
from collections import Counter, deque
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import mutual_info_score

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


def mi_nats_of_counts(joint: NDArray[np.integer]) -> float:
    """MI of a joint histogram by scikit-learn."""
    return float(mutual_info_score(None, None, contingency=joint))
