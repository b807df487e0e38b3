#!/usr/bin/env python3
"""Which pairs of many channels are said to depend, how many of them falsely, and what counting takes: tables with bars.

    .venv/bin/pip install -c constraints.txt '.[test]'      scipy
    .venv/bin/python scripts/channels.py [--quick] [--only few,many]

Ends with 1 when a bar is missed. AR(1) channels with a memory of phi, some pairs of which share r = 0.5, 0.7 or 0.9 of
their standard deviation, every fourth as the square of the other; windows of 1,000 rows, 8 equal-frequency bins. The
constants of core.channels.significance were chosen on the seeds below 1,000; here are those from there on. What a GPU
takes is measured where cupy finds one.
"""

import sys
import time
from collections.abc import Iterator

import numpy as np
from arguments import sections_parser
from scipy.signal import lfilter
from sections import MISSED, met, print_sections

from streammi import ChannelWindow, QuantileBins, UniformBins
from streammi.core.channels.cuda import arithmetic_of
from streammi.core.channels.pair_tiles import PairTiles
from streammi.core.information.estimators import scale_bits, table as table_of
from streammi.errors import StreammiError

ROWS = 1000
NOMINAL, MOST = 0.05, 0.07
FIRST_SEED = 1000


def main() -> int:
    sections = {"few": few, "many": many, "none": none, "gpu": gpu}
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


def gpu(quick: bool) -> Iterator[str]:
    """10,000 channels of 8 bins on a GPU: a matrix of integers, and all of ``matrix("mi")``; some pairs anew."""
    channels, repeats = (2000, 3) if quick else (10_000, 5)
    try:
        arithmetic = arithmetic_of("cuda")
    except StreammiError as error:
        yield f"gpu: not measured ({error})"
        return
    yield f"| {channels:,} channels, 8 bins, {ROWS:,} rows | ms | <= 30 | 200 pairs counted anew | `matrix('mi')`, ms |"
    yield "|---|---|---|---|---|"
    rng = np.random.default_rng(0)
    rows = 0.7 * rng.random((ROWS, channels)) + 0.3 * rng.random((ROWS, 1))
    window = ChannelWindow(UniformBins(0, 1, 8), ROWS, device="cuda")
    window.extend(rows)
    symbols = window.ring.symbols_between(0, ROWS)
    f = table_of("plugin", ROWS, scale_bits(ROWS)).f
    whole = np.zeros(channels, dtype=np.bool_)
    sums = np.zeros((channels, channels), dtype=np.int64)
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        tiles = list(PairTiles(arithmetic, 8).of(symbols, symbols, 255, f, whole))
        arithmetic.xp.cuda.runtime.deviceSynchronize()
        taken.append((time.perf_counter() - began) * 1e3)
    for tile in tiles:
        found = arithmetic.fetched(tile.sums)[0]
        sums[tile.row : tile.row + len(found), tile.column : tile.column + found.shape[1]] = found
    pairs = np.sort(rng.integers(0, channels, (200, 2)), axis=1)
    exact = all(f[np.bincount(symbols[i] * 8 + symbols[j], minlength=64)].sum() == sums[i, j] for i, j in pairs)
    began = time.perf_counter()
    window.matrix("mi")
    whole_ms = (time.perf_counter() - began) * 1e3
    good = met(min(taken) <= 30)
    yield f"| the fastest of {repeats} | {min(taken):.1f} | {good} | {'equal' if exact else MISSED} | {whole_ms:.0f} |"


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
