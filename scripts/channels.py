#!/usr/bin/env python3
"""Which pairs of many channels are said to depend, and how many of them falsely: markdown tables, each with its bar.

    .venv/bin/pip install -c constraints.txt '.[test]'      scipy
    .venv/bin/python scripts/channels.py [--quick] [--only few,many]

Ends with 1 when a bar is missed. AR(1) channels with a memory of phi, some pairs of which share r = 0.5, 0.7 or 0.9 of
their standard deviation, every fourth as the square of the other; windows of 1,000 rows, 8 equal-frequency bins. The
constants of core.channels.significance were chosen on the seeds below 1,000; here are those from there on.
"""

import sys
from collections.abc import Iterator

import numpy as np
from arguments import sections_parser
from scipy.signal import lfilter
from sections import MISSED, print_sections

from streammi import ChannelWindow, QuantileBins

ROWS = 1000
NOMINAL, MOST = 0.05, 0.07
FIRST_SEED = 1000


def main() -> int:
    sections = {"few": few, "many": many, "none": none}
    options = sections_parser(__doc__, sections, quick="fewer repeats: the figures are rougher").parse_args()
    return int(print_sections(sections, options.only, options.quick) > 0)


def few(quick: bool) -> Iterator[str]:
    """64 channels, 10 edges."""
    yield from table(64, 10, 10 if quick else 100)


def many(quick: bool) -> Iterator[str]:
    """1,000 channels, 50 edges."""
    yield from table(1000, 50, 1 if quick else 10)


def none(quick: bool) -> Iterator[str]:
    """64 channels and no edge: in how many windows any is found."""
    yield from table(64, 0, 20 if quick else 200)


def table(channels: int, edges: int, repeats: int) -> Iterator[str]:
    yield (
        f"| {channels:,} channels, {edges} edges, {repeats} windows | false discovery rate at 0.05 | +- | <= 0.07 | "
        "power | r 0.5 | 0.7 | 0.9 | p < 0.05 of the rest | not tested |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for name, phi in (("phi 0", [0.0]), ("phi 0.9", [0.9]), ("phi 0.98", [0.98]), ("mixed", [0, 0.5, 0.9, 0.98])):
        found = np.array([one_window(np.resize(phi, channels), edges, FIRST_SEED + k) for k in range(repeats)])
        false, power, weak, middle, strong, alarms, untested = np.nanmean(found, axis=0) if edges else (
            *np.nanmean(found[:, :1], axis=0), *[np.nan] * 4, *np.nanmean(found[:, 5:], axis=0)
        )  # fmt: skip
        error = found[:, 0].std() / np.sqrt(repeats)
        good = "met" if false <= MOST else "within its error" if false <= MOST + 2 * error else MISSED
        cells = " | ".join(f"{value:.2f}" if np.isfinite(value) else "" for value in (power, weak, middle, strong))
        yield f"| {name} | {false:.3f} | {error:.3f} | {good} | {cells} | {alarms:.3f} | {untested:.3f} |"


def one_window(phi: np.ndarray, edges: int, seed: int) -> list[float]:
    """The share of false edges among those found, of true ones found, and of each r; p below 0.05; not tested."""
    rng = np.random.default_rng(seed)
    channels = phi.size
    rows = related(phi, rng)
    true, strength = np.zeros((channels, channels), dtype=bool), np.zeros((channels, channels))
    order = rng.permutation(channels)
    for k in range(edges):
        i, j = order[2 * k : 2 * k + 2]
        r = (0.5, 0.7, 0.9)[k % 3]
        other = rows[:, i] if k % 4 < 3 else (rows[:, i] ** 2 - 1) / np.sqrt(2)
        rows[:, j] = np.sqrt(1 - r * r) * rows[:, j] + r * other
        true[min(i, j), max(i, j)], strength[min(i, j), max(i, j)] = True, r
    window = ChannelWindow(QuantileBins(8), ROWS)
    window.extend(rows)
    tested = window.significance()
    upper = np.triu_indices(channels, 1)
    p, q, is_true, r = tested.p[upper], tested.q[upper], true[upper], strength[upper]
    found = q <= NOMINAL
    false = float(np.sum(found & ~is_true)) / max(int(found.sum()), 1)
    power = [float(found[r == one].mean()) if (r == one).any() else np.nan for one in (0.5, 0.7, 0.9)]
    all_of_them = float(found[is_true].mean()) if edges else np.nan
    return [false, all_of_them, *power, float(np.mean(p[~is_true] < 0.05)), float(np.mean(np.isnan(p)))]


def related(phi: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """AR(1) channels of unit variance, rows (n, C)."""
    noise = rng.normal(size=(phi.size, ROWS + 500))
    made = [lfilter([np.sqrt(1 - p * p)], [1.0, -p], one) for p, one in zip(phi, noise, strict=True)]
    return np.ascontiguousarray(np.array(made)[:, 500:].T)


if __name__ == "__main__":
    sys.exit(main())
