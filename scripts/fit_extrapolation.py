#!/usr/bin/env python3
"""The constants of what is added beyond the bins, chosen anew by 302 distributions, beside those that are built in.

    .venv/bin/pip install -c constraints.txt '.[test]'      scipy
    .venv/bin/python scripts/fit_extrapolation.py           two minutes of a core
    .venv/bin/python scripts/fit_extrapolation.py --quick   one minute: a seventh of the windows, up to 1,000 pairs

What is added is w times the step from coarse to fine bins (streammi.core.information.extrapolation); the four constants
of w come out of least absolute errors, each in proportion to the pairs to the power of -0.45, as errors are. Each
window counts in three numbers of bins, as a window has sometimes fewer or more than it wants. A second table has the
mean absolute errors: of the constants that are built in, of those found, and of those found without the family that
they are judged by, a sixth of the families at a time. Seeds are fixed: the same versions print the same figures.
"""

import argparse
from typing import NamedTuple

import drawn_truths
import numpy as np
from fresh_truths import Known

from streammi import JointWindow, QuantileBins
from streammi.core.information import estimators
from streammi.core.information.lags import mi_of
from streammi.core.kernels import nested

WINDOWS = {100: 10, 200: 16, 500: 8, 1000: 8, 3000: 4, 10_000: 3}  # pairs: windows of each distribution
QUICK = {100: 1, 200: 2, 500: 1, 1000: 1}
BINS = {0.9: 0.4, 1.0: 1.0, 1.1: 0.4}  # times the bins that a window has: how much that counts
POWER = 0.45
FOLDS = 6
BUILT_IN = np.array([nested.FIRST, nested.BY_PAIRS, nested.BY_SPREAD, nested.BY_SQUARE])
NAMES = ("FIRST", "BY_PAIRS", "BY_SPREAD", "BY_SQUARE")
NATS = float(np.log(2))  # in a bit


class Windows(NamedTuple):
    """All windows: ``known`` + ``terms`` @ constants is their MI in nats; all (R,), the terms (R, 4)."""

    truth: np.ndarray
    known: np.ndarray
    terms: np.ndarray
    weight: np.ndarray
    pairs: np.ndarray
    fold: np.ndarray
    as_had: np.ndarray  # True in the bins that the window has


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer windows: the figures are rougher")
    print(*tables(QUICK if parser.parse_args().quick else WINDOWS), sep="\n")


def tables(counts: dict[int, int], pairs: tuple[Known, ...] = ()) -> list[str]:
    """The lines of both tables, by windows of these ``pairs`` of signals, all of them by default."""
    seen = windows(pairs or (*drawn_truths.first(), *drawn_truths.second()), counts)
    found, without = fitted(seen), np.empty(seen.truth.size)
    for fold in range(FOLDS):
        out = seen.fold == fold
        without[out] = seen.terms[out] @ fitted(Windows(*(values[~out] for values in seen)))
    lines = ["| constant | built in | found |", "|---|---|---|"]
    lines += [f"| {name} | {a:g} | {b:.3f} |" for name, a, b in zip(NAMES, BUILT_IN, found, strict=True)]
    lines += ["", "| pairs | built in | found | found without these families |", "|---|---|---|---|"]
    for n in counts:
        here = seen.as_had & (seen.pairs == n)
        errors = [added - (seen.truth - seen.known) for added in (seen.terms @ BUILT_IN, seen.terms @ found, without)]
        lines.append(f"| {n:,} | {' | '.join(f'{np.abs(error[here]).mean():.4f}' for error in errors)} |")
    return lines


def windows(pairs: tuple[Known, ...], counts: dict[int, int]) -> Windows:
    """The windows of ``pairs``, so many of each length, each in all numbers of ``BINS``."""
    families = sorted({drawn_truths.family_of(pair) for pair in pairs})
    fold_of = dict(zip(families, np.random.default_rng(0).permutation(len(families)) % FOLDS, strict=True))
    rows = []
    for k, pair in enumerate(pairs):
        for n, many in counts.items():
            for repeat in range(many):
                x, y = pair.sample(np.random.default_rng((k, n, repeat)), n)
                window = JointWindow(QuantileBins(), QuantileBins(), n)
                window.extend(x, y)
                for times, counted in BINS.items():
                    bins = max(2 * round(times * window.x_counts.size / 2), 2)
                    known, *terms = parts(x, y, bins)
                    fold = fold_of[drawn_truths.family_of(pair)]
                    rows.append((pair.nats, known, *terms, counted * n**POWER, n, fold, times == 1))
    table = np.array(rows).T
    return Windows(table[0], table[1], table[2:6].T, *table[6:9], table[9].astype(bool))


def parts(x: np.ndarray, y: np.ndarray, bins: int) -> tuple[float, ...]:
    """MI in nats of a window in so many bins as it is without the four constants, and what each of them adds to it.

    That is ``nested.extrapolated``, taken apart.
    """
    n, fine, coarse, entropies, held = counted(x, y, bins)
    spread = min(max(float(np.log(held / 2)) - entropies + fine, 0.0), nested.MOST_SPREAD)
    positive = max(fine, 0.0)
    over = entropies / 2 / NATS - nested.base_bits(n) - nested.FINER * min(max(coarse / NATS, 0.0), nested.MOST_BITS)
    resolved = min(max((over - nested.COARSEST) / (nested.COARSE - nested.COARSEST), 0.0), 1.0)
    trust = min(max((nested.NOT_AT_ALL - over) / (nested.NOT_AT_ALL - nested.IN_FULL), 0.0), 1.0)
    step = fine - coarse
    known = fine + ((1 + (1 - resolved) * nested.FROM_COARSE) * trust - 1) * step
    each = resolved * trust * step * positive / (positive + nested.NOISE / n**0.5)
    many = float(np.log(min(max(n, nested.FEWEST), nested.MOST) / 1000))
    return known, each, each * many, each * spread, each * spread * spread


def counted(x: np.ndarray, y: np.ndarray, bins: int) -> tuple[int, float, float, float, int]:
    """How many pairs there are, MI of so many bins and of half as many, H(x) + H(y), all in nats, and the cells held.

    As ``nested.HELD`` counts these: 2 for each, 3 for one that holds one pair alone.
    """
    window = JointWindow(QuantileBins(bins), QuantileBins(bins), x.size)
    window.extend(x, y)
    n, which, joint = x.size, np.arange(bins, dtype=np.int64) // 2, window.counts.astype(np.uint32)[None]
    rough = np.zeros((1, which[-1] + 1, which[-1] + 1), dtype=np.uint32)
    nested.coarsen(joint, which, which, rough)
    table = estimators.table(estimators.OF_CELLS, n, estimators.scale_bits(n))
    fine, coarse = (mi_of(counts, table)[0].item() for counts in (joint, rough))
    sums = sum(int(table.f[joint.sum(axis=axis, dtype=np.int64)].sum()) for axis in (1, 2))
    entropies = (2 * int(table.whole[n]) - sums) * table.unit_bits / n
    held = 2 * np.count_nonzero(joint) + np.count_nonzero(joint == 1)
    return n, fine * NATS, coarse * NATS, entropies * NATS, held


def fitted(seen: Windows) -> np.ndarray:
    """The constants of least absolute errors, by least squares that are weighted by the errors of the last ones."""
    wanted, scale = seen.truth - seen.known, np.sqrt((seen.terms**2 * seen.weight[:, None] ** 2).mean(axis=0))
    terms, even = seen.terms / scale, np.ones(wanted.size)
    for _ in range(40):
        weight = (seen.weight**2 * even)[:, None]
        found = np.linalg.solve((terms * weight).T @ terms, (terms * weight).T @ wanted)
        errors = np.abs(wanted - terms @ found) * seen.weight
        even = 1 / np.maximum(errors, 0.1 * np.median(errors))
    return np.asarray(found / scale)


if __name__ == "__main__":
    main()
