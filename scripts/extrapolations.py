#!/usr/bin/env python3
"""Other ways to go beyond the bins, beside the one that is built in: a markdown table of their mean absolute errors.

    .venv/bin/pip install -c constraints.txt '.[test]'      scipy
    .venv/bin/python scripts/extrapolations.py [--quick]

The weights of each are chosen anew for each number of pairs on one half of 48 distributions, which is more than a
fixed formula could do, and judged on the other half and on the ten of scripts/accuracy.py. One that were better there
at every number of pairs would be worth to be built in. Ends with 1 if there is one.
"""

import argparse
import sys
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import further_truths
import numpy as np
import truths
from fresh_truths import Known
from scipy.optimize import minimize

from streammi import JointWindow, QuantileBins
from streammi.core.information import estimators, ksg
from streammi.core.information.lags import mi_of

NATS = float(np.log(2))  # in a bit
WINDOWS = {200: 80, 1000: 40, 10_000: 10}
QUICK = {200: 20, 1000: 10}
FINER = 1.2  # times as many bins as are chosen, for those that want more


class Seen(NamedTuple):
    """The MI that windows of one distribution say, nats, (R,) each: by bins, by half and by a quarter as many."""

    truth: float
    bins: np.ndarray
    fine: np.ndarray
    half: np.ndarray
    quarter: np.ndarray
    published: np.ndarray
    neighbours: np.ndarray

    @property
    def step(self) -> np.ndarray:
        return self.fine - self.half

    @property
    def step_before(self) -> np.ndarray:
        return self.half - self.quarter


Weights = np.ndarray
Rule = Callable[[Weights, Seen], np.ndarray]  # what is to be added to MI of the fine bins


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer windows: the figures are rougher")
    lines, better = compared(QUICK if parser.parse_args().quick else WINDOWS)
    print(*lines, sep="\n")
    print(f"better at every number of pairs: {', '.join(better) or 'none'}")
    return 1 if better else 0


def of_the_step(w: Weights, seen: Seen) -> np.ndarray:
    return np.asarray(w[0] * seen.step)


def of_two_steps(w: Weights, seen: Seen) -> np.ndarray:
    return np.asarray(w[0] * seen.step + w[1] * seen.step_before)


def of_both(w: Weights, seen: Seen) -> np.ndarray:
    return np.asarray(w[0] * (seen.step + seen.step_before))


def by_order(w: Weights, seen: Seen) -> np.ndarray:
    """The steps go on as a geometric series, as they shrank from the one before."""
    ratio = np.clip(w[0] * seen.step / np.maximum(seen.step_before, 1e-4), 0.2, 0.6)
    return np.asarray(seen.step * ratio / (1 - ratio))


def beside_a_gaussian(w: Weights, seen: Seen) -> np.ndarray:
    """The loss of a Gaussian pair with as much MI, and of the step what it has more of than that one's."""
    loss, step = np.array([gaussian_loss(int(b), m) for b, m in zip(seen.bins, seen.fine, strict=True)]).T
    return np.asarray(loss + w[0] * (seen.step - step))


BUILT_IN, NEIGHBOURS = "built in", "4 nearest neighbours"
RULES: dict[str, tuple[Rule, list[float], float]] = {
    "`w (fine - half)`": (of_the_step, [0.8], 1.0),
    "`w (fine - half)`, finer bins": (of_the_step, [0.6], FINER),
    "a Gaussian's loss, and `w` of what is beyond; finer bins": (beside_a_gaussian, [0.5], FINER),
    "three levels: `v (fine - half) + w (half - quarter)`": (of_two_steps, [0.8, 0.0], 1.0),
    "three levels, finer bins": (of_two_steps, [0.6, 0.0], FINER),
    "`w (fine - quarter)`": (of_both, [0.3], 1.0),
    "the order by three levels": (by_order, [1.0], 1.0),
}


def compared(windows: dict[int, int]) -> tuple[list[str], list[str]]:
    """The lines of the table, and the names of the rules that are better than what is built in."""
    sets = {
        "chosen": further_truths.tuning(),
        "judged": further_truths.judging(),
        "ten": tuple(map(further_truths.known, truths.judged())),
    }
    cells: dict[str, list[str]] = {name: [] for name in (BUILT_IN, NEIGHBOURS, *RULES)}
    better = set(RULES)
    for n, repeats in windows.items():
        seen: dict[float, dict[str, list[Seen]]] = {1.0: {}, FINER: {}}
        for name, pairs in sets.items():
            looks = [look(pair, n, repeats, k) for k, pair in enumerate(pairs)]
            seen[1.0][name], seen[FINER][name] = map(list, zip(*looks, strict=True))
        now = errors(seen[1.0], lambda one: one.published)
        cells[BUILT_IN].append(in_cells(now))
        cells[NEIGHBOURS].append(in_cells(errors(seen[1.0], lambda one: one.neighbours)))
        for name, (rule, start, times) in RULES.items():
            weights = minimize(error, start, (seen[times]["chosen"], rule), method="Nelder-Mead").x
            found = errors(seen[times], lambda one, r=rule, w=weights: one.fine + r(w, one))
            cells[name].append(in_cells(found))
            if found["judged"] >= now["judged"] or found["ten"] >= now["ten"]:
                better.discard(name)
    heads = f"| nats, chosen by / judged by / the ten | {' | '.join(f'{n:,} pairs' for n in windows)} |"
    rows = [f"| {name} | {' | '.join(row)} |" for name, row in cells.items()]
    return [heads, "|---|" + "---|" * len(windows), *rows], sorted(better)


def errors(group: dict[str, list[Seen]], said: Callable[[Seen], np.ndarray]) -> dict[str, float]:
    """The mean absolute error of what is said, of each set."""
    return {
        name: float(np.mean([np.abs(said(one) - one.truth).mean() for one in ones])) for name, ones in group.items()
    }


def error(weights: Weights, group: list[Seen], rule: Rule) -> float:
    return float(np.mean([np.abs(one.fine + rule(weights, one) - one.truth).mean() for one in group]))


def in_cells(found: dict[str, float]) -> str:
    return " / ".join(f"{value:.4f}" for value in found.values())


def look(pair: Known, n: int, repeats: int, seed: int) -> tuple[Seen, Seen]:
    """Windows of n pairs, by as many bins as are chosen, and by finer ones."""
    rng = np.random.default_rng((seed, n))
    rows: tuple[list[tuple[float, ...]], list[tuple[float, ...]]] = [], []
    table = estimators.table(estimators.OF_CELLS, n, estimators.scale_bits(n))
    for _ in range(repeats):
        x, y = pair.sample(rng, n)
        window = JointWindow(QuantileBins(), QuantileBins(), n)
        window.extend(x, y)
        said = window.reading("nat").mi_corrected, ksg.mi_nats(x, y, 4)
        ranks = [np.argsort(np.argsort(v)) for v in (x, y)]
        for times, found in zip((1.0, FINER), rows, strict=True):
            bins = min(max(2 * round(times * window.x_counts.size / 2), 4), 64)
            i, j = (v * bins // n for v in ranks)
            levels = [float(mi_of(counted(i >> k, j >> k), table)[0][0]) * NATS for k in range(3)]
            found.append((bins, *levels, *said))
    chosen, finer = (Seen(pair.nats, *np.array(found).T) for found in rows)
    return chosen, finer


def counted(i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """The joint histogram of symbols, (1, Bx, By)."""
    joint = np.zeros((1, int(i.max()) + 1, int(j.max()) + 1), dtype=np.uint32)
    np.add.at(joint[0], (i, j), 1)
    return joint


@cache
def gaussian_levels(bins: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """MI of Gaussian pairs, that of so many bins of equal frequency, and that of half as many."""
    nats = np.array([0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 1.9, 2.4, 3.0])
    pairs = [truths.gaussian(float(r)) for r in np.sqrt(1 - np.exp(-2 * nats))]
    fine, half = ([truths.mi_nats(pair.cells(b)) for pair in pairs] for b in (bins, bins // 2))
    return nats, np.array(fine), np.array(half)


def gaussian_loss(bins: int, fine: float) -> tuple[float, float]:
    """The MI that bins lose of a Gaussian pair of which they say ``fine``, and how much less half as many bins say."""
    nats, of_fine, of_half = gaussian_levels(bins)
    whole = float(np.interp(fine, of_fine, nats))
    at = min(max(fine, 0.0), float(of_fine[-1]))
    return whole - at, at - float(np.interp(whole, nats, of_half))


if __name__ == "__main__":
    sys.exit(main())
