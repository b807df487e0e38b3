"""--baseline of many channels: the pairs in the windows of another file, and which have changed since."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from streammi.cli.options import ChannelOptions, PairOptions
from streammi.config import Unit, bins
from streammi.core.bins.binning import Bins, QuantileBins, SpanBins
from streammi.core.channels import ranking
from streammi.core.channels.analysis import matrices_of
from streammi.core.channels.channel_window import ChannelWindow
from streammi.errors import ConfigError
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.row_file import read_rows
from streammi.records import UNIT_PER_BIT, ChannelMatrices, FloatArray
from streammi.system.log import Log

ERRORS: Final = 3.0  # of both, from which on a change is one
MOST_WINDOWS: Final = 10  # of a baseline, the last of them


def bins_of_options(pair: PairOptions) -> Bins:
    """The bins of each channel; ConfigError for labels."""
    asked = bins(pair.bins)
    if asked.kind == "categories":
        raise ConfigError("--bins", "auto, N, quantile:N or uniform:N with --channels", pair.bins)
    return (SpanBins if asked.kind == "uniform" else QuantileBins)(asked.count)


class Before(NamedTuple):
    """The windows to compare with: their means, (C, C), how much these vary, and the last one."""

    mi: FloatArray
    r: FloatArray
    spread: FloatArray  # 0 of fewer than three windows
    window: ChannelWindow


def baseline_rows(
    pair: PairOptions,
    names: Sequence[str],
    options: FileOptions,
    t: str | None,
    say: Callable[[str], object],
) -> FloatArray | None:
    """The rows of the file that --baseline names, (n, C) of the same channels; None where none is named."""
    if pair.baseline is None or pair.baseline == "off":
        return None
    if not Path(pair.baseline).exists():
        raise ConfigError("--baseline", "a file that is there, with --channels", pair.baseline)
    rows = read_rows(pair.baseline, [_literal(name) for name in names], t, options)
    if tuple(rows.names) != tuple(names):
        rows.close()
        raise ConfigError("--baseline", "a file with the same channels", pair.baseline)
    values, _ = rows.whole()
    if rows.note:
        say(rows.note)
    return values


def before_of(values: FloatArray, pair: PairOptions, now: ChannelMatrices, device: str | None = None) -> Before:
    """Measure a baseline's rows in windows of as many rows as there are now.

    More rows allow finer bins, in which signals that are as good as equal share more.
    """
    found, window = [], None
    for end in range(len(values), now.n - 1, -now.n)[:MOST_WINDOWS]:
        part = ChannelWindow(bins_of_options(pair), max(now.n, 2), now.names, device=device)
        part.extend(values[end - now.n : end])
        found.append(matrices_of(part, pair.unit, pair.estimator, tested=False))  # type: ignore[arg-type]
        window = window or part
    assert window is not None
    mi, r = (np.array([getattr(one, name) for one in found]) for name in ("mi", "r"))
    spread = mi.std(axis=0, ddof=1) if len(found) > 2 else np.zeros(mi.shape[1:])
    return Before(mi.mean(axis=0), r.mean(axis=0), spread, window)


def compared_with(
    pair: PairOptions, many: ChannelOptions, now: ChannelMatrices, options: FileOptions, t: str | None, said: Log
) -> Before | None:
    """The windows of the file that --baseline names, to compare ``now`` with; None where none is named."""
    values = baseline_rows(pair, now.names, options, t, said.say)
    if values is None:
        return None
    if len(values) < now.n:
        rule = f"a file of {now.n:,} rows, as many as it is compared with, or more: or a smaller --window"
        raise ConfigError("--baseline", rule, f"{len(values):,} rows")
    return before_of(values, pair, now, many.device)


def _literal(name: str) -> str:
    """A glob that fits a name alone."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def changed_since(
    window: ChannelWindow, found: ChannelMatrices, before: Before, top: int
) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """The pairs whose MI has fallen, and those whose has risen, by more than three standard errors of both."""
    change = found.mi - before.mi
    for title, fallen in (("weaker than before", -change), ("stronger than before", change)):
        shown = []
        for i, j in ranking.pairs_by(np.where(fallen > 0, fallen, np.nan), 20 * top).tolist():
            now, then = (_error(one, i, j, found.unit) for one in (window, before.window))
            if fallen[i, j] > ERRORS * math.hypot(now, max(then, before.spread.item(i, j))):
                shown.append((i, j))
            if len(shown) == top:
                break
        if shown:
            yield title, shown


def _error(window: ChannelWindow, i: int, j: int, unit: Unit) -> float:
    """The standard error of a pair's MI, for signals with a memory; infinite where there are too few rows for one."""
    bits, _ = window.pair(i, j).batch_errors()
    return math.inf if bits is None else bits * UNIT_PER_BIT[unit]
