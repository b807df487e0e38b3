#!/usr/bin/env python3
"""rolling_mi against scikit-learn's mutual_info_score at every sample, and the integer sums against a fresh window.

    .venv/bin/python scripts/exactness.py                   every sample of a million: 10 minutes on two cores
    .venv/bin/python scripts/exactness.py --every 100       every hundredth

Ends with 1 when a difference is above 1e-12 nats, or a sum is not that of a fresh window, bit for bit.
"""

import argparse
import multiprocessing
import sys
from collections.abc import Iterator
from itertools import pairwise
from multiprocessing.pool import Pool

import numpy as np
from arguments import at_least
from sklearn.metrics import mutual_info_score

from streammi import JointWindow, UniformBins, rolling_mi

BINS = 16
BOUND_NATS = 1e-12
FEEDS = ("uniform", "heavy-tailed", "constant", "spikes of 1e9", "NaN among them")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=at_least(2), default=1_000_000)
    parser.add_argument("--window", type=at_least(2), default=1000)
    parser.add_argument("--every", type=at_least(1), default=1, help="ask scikit-learn at each so manyth sample")
    options = parser.parse_args()
    if options.samples < options.window:
        parser.error(f"--samples must be >= --window, got {options.samples} and {options.window}")
    print("| feed | samples compared | largest difference, nats | integer sums of a fresh window |")
    print("|---|---|---|---|")
    good = True
    with Pool() as pool:
        for name in FEEDS:
            x, y = feed(name, options.samples)
            compared, worst = against_scikit_learn(pool, x, y, options.window, options.every)
            same = sums_are_those_of_a_fresh_window(x, y, options.window)
            print(f"| {name} | {compared:,} | {worst:.2g} | {'the same' if same else 'DIFFERENT'} |", flush=True)
            good = good and same and worst <= BOUND_NATS
    return 0 if good else 1


def feed(name: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(FEEDS.index(name))
    x = rng.random(n)
    y = x + rng.normal(0, 0.1, n)
    if name == "heavy-tailed":
        x, y = rng.standard_t(1.2, (2, n))
    elif name == "constant":
        y = np.full(n, 0.5)
    elif name == "spikes of 1e9":
        x[rng.integers(0, n, n // 500)] = 1e9
    elif name == "NaN among them":
        y[rng.integers(0, n, n // 100)] = np.nan
    return x, y


def axis() -> UniformBins:
    return UniformBins(-0.5, 1.5, BINS)


def usable(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    finite = np.isfinite(x) & np.isfinite(y)
    return x[finite], y[finite]


def against_scikit_learn(pool: Pool, x: np.ndarray, y: np.ndarray, size: int, every: int) -> tuple[int, float]:
    """How many values were compared, and the largest difference in nats."""
    ours = rolling_mi(x, y, size, axis(), axis(), unit="nat")[np.isfinite(x) & np.isfinite(y)]
    x, y = usable(x, y)
    i, j = (symbols(v) for v in (x, y))
    cuts = np.linspace(size - 1, x.size, 4 * multiprocessing.cpu_count() + 1).astype(int)
    parts = [(i[a - size + 1 : b], j[a - size + 1 : b], ours[a:b], size, every) for a, b in pairwise(cuts)]
    found = pool.starmap(compare, parts)
    return sum(compared for compared, _ in found), max(worst for _, worst in found)


def symbols(values: np.ndarray) -> np.ndarray:
    """The bins by numpy alone: floor((v - low) * count / (high - low)), the rest in the end bins."""
    return np.clip(np.floor((values + 0.5) * BINS / 2.0), 0, BINS - 1).astype(int)


def compare(i: np.ndarray, j: np.ndarray, ours: np.ndarray, size: int, every: int) -> tuple[int, float]:
    """Counts kept by hand, MI by scikit-learn."""
    compared, worst = 0, 0.0
    for k, joint in enumerate(joint_counts(i, j, size)):
        if k % every == 0:
            compared += 1
            worst = max(worst, abs(ours[k] - mutual_info_score(None, None, contingency=joint)))
    return compared, worst


def joint_counts(i: np.ndarray, j: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """The joint counts of each ``size`` symbols in turn; the array is used again."""
    joint = np.zeros((BINS, BINS), dtype=np.int64)
    for k in range(i.size):
        joint[i[k], j[k]] += 1
        if k >= size:
            joint[i[k - size], j[k - size]] -= 1
        if k >= size - 1:
            yield joint


def sums_are_those_of_a_fresh_window(x: np.ndarray, y: np.ndarray, size: int) -> bool:
    old, fresh = JointWindow(axis(), axis(), size), JointWindow(axis(), axis(), size)
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        old.update(a, b)
    x, y = usable(x, y)
    fresh.extend(x[-size:], y[-size:])
    return old.sums == fresh.sums and np.array_equal(old.counts, fresh.counts)


if __name__ == "__main__":
    sys.exit(main())
