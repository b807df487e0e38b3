"""Reads many channels of a file, and says of every pair of them what stands out."""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TextIO

import numpy as np
from msgspec.structs import replace

from streammi.cli.checks import check_writable
from streammi.cli.kernel_cache import warn_uncached
from streammi.cli.options import ChannelOptions, PairOptions
from streammi.config import Span, Unit, bins, span
from streammi.core.bins.binning import Bins, QuantileBins, SpanBins
from streammi.core.channels import ranking
from streammi.core.channels.analysis import matrices_of
from streammi.core.channels.channel_window import ChannelWindow
from streammi.core.channels.cuda import arithmetic_of
from streammi.core.conditional.indirect import explained_by
from streammi.errors import ConfigError
from streammi.ingest.files.file_options import PLAIN, FileOptions
from streammi.ingest.files.json_rows import JsonRows
from streammi.ingest.files.row_file import RowFile, read_rows
from streammi.publish.pair_tables import check_end, write_pairs
from streammi.records import UNIT_PER_BIT, ChannelMatrices, FloatArray
from streammi.system.log import Log

NOTHING: Final = 1  # exit status where there was no pair
LEAST_ROWS: Final = 16  # from which bins are learnt
LITTLE_R: Final = 0.5  # |r|: of pairs of which it is more, that they depend goes without saying
ERRORS: Final = 3.0  # of both, from which on a change is one
MOST_WINDOWS: Final = 10  # of a baseline, the last of them
HEEDED: Final = (
    "file",
    "t",
    "channels",
    "target",
    "top",
    "fdr",
    "export",
    "device",
    "window",
    "bins",
    "unit",
    "estimator",
    "baseline",
    "missing",
    "decimal",
    "time_format",
    "time_unit",
    "skip_rows",
    "columns",
)


def run_file_channels(
    file: str | None,
    t: str | None,
    pair: PairOptions,
    many: ChannelOptions,
    given: set[str],
    options: FileOptions = PLAIN,
    out: TextIO | None = None,
    log: TextIO | None = None,
) -> int:
    """Say what stands out among the pairs of a file's channels; returns the exit status, 1 where there are none.

    It is of the whole file, or of its last ``--window``. ``given`` are the names of the options that were given:
    ConfigError for one that nothing heeds here, and for what cannot work.
    """
    out, said = out or sys.stdout, Log(log or sys.stderr)
    size = _checked(file, pair, many, given)
    assert file is not None
    rows = read_rows(file, many.patterns(), t, options)
    names, target = rows.names, many.target
    if target is not None and target not in names:
        rows.close()
        target_of(target, names)
    window = _window_of(rows, pair, size, many.device, said)
    if window.n < LEAST_ROWS or len(names) < 2:
        said.say(f"no pair: {len(names)} channels and {window.n} rows in {file}")
        return NOTHING
    found = matrices_of(window, pair.unit, pair.estimator)  # type: ignore[arg-type]
    found = replace(found, via=explained_by(window, found, many.fdr))
    before = _baseline(pair, many, found, options, t, said)
    if many.export is not None:
        write_pairs(many.export, found, many.fdr, None if before is None else before.mi, "--export")
    for line in report(file, window, found, before, many):
        print(line, file=out)
    out.flush()
    warn_uncached(said, "seconds")
    return 0


def target_of(target: str, names: Sequence[str]) -> str:
    """The target; ConfigError for one that is none of the channels."""
    if target not in names:
        raise ConfigError("--target", f"one of the channels ({', '.join(names[:10])})", target)
    return target


def _checked(file: str | None, pair: PairOptions, many: ChannelOptions, given: set[str]) -> Span | None:
    """The window's length, None for all; ConfigError for what cannot work, before anything is read."""
    many.patterns()
    for name in sorted(given):
        if name not in HEEDED:
            raise ConfigError("--" + name.replace("_", "-"), "left out with --channels")
    if file is None:
        raise ConfigError("FILE", "given with --channels")
    if many.export is not None:
        check_end(many.export, "--export")
        check_writable(many.export, "--export")
        if Path(many.export).exists() and Path(file).exists() and Path(many.export).samefile(file):
            raise ConfigError("--export", "another file than what is replayed", many.export)
    if many.device is not None:
        arithmetic_of(many.device)
    bins_of_options(pair)
    pair.config("x", "y", "")  # the names of the unit and the estimator
    return span(pair.window, "--window", least_pairs=2) if "window" in given else None


def bins_of_options(pair: PairOptions) -> Bins:
    """The bins of each channel; ConfigError for labels."""
    asked = bins(pair.bins)
    if asked.kind == "categories":
        raise ConfigError("--bins", "auto, N, quantile:N or uniform:N with --channels", pair.bins)
    return (SpanBins if asked.kind == "uniform" else QuantileBins)(asked.count)


def _window_of(
    rows: RowFile | JsonRows, pair: PairOptions, size: Span | None, device: str | None, said: Log
) -> ChannelWindow:
    """The window at the end of a file, after all its rows, or the last of them that it holds."""
    for line in (rows.said, rows.hint):
        if line:
            said.say(line)
    if size is not None and size.seconds is not None and not rows.timed:
        rows.close()
        raise ConfigError("--window", "a number of rows where they have no times", pair.window)
    if size is None:
        values, _ = rows.whole()
        window = ChannelWindow(bins_of_options(pair), max(len(values), 2), rows.names, device=device)
        window.extend(values)
    else:
        window = ChannelWindow(bins_of_options(pair), size, rows.names, device=device)
        for values, times in rows:
            window.extend(values, times)
    if rows.note:
        said.say(rows.note)
    return window


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


def _baseline(
    pair: PairOptions, many: ChannelOptions, now: ChannelMatrices, options: FileOptions, t: str | None, said: Log
) -> Before | None:
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


def report(
    file: str,
    window: ChannelWindow,
    found: ChannelMatrices,
    before: Before | None,
    many: ChannelOptions,
) -> Iterator[str]:
    """Say what stands out: pairs by their MI, by what r does not say, by what changed, and what tells of one."""
    channels = len(found.names)
    count = channels * (channels - 1) // 2
    yield f"{file}: {channels} channels, {found.n:,} rows, {count:,} pairs; MI in {found.unit} ({found.estimator})"
    if found.q is None:
        yield found.untested
    else:
        tested = int(np.isfinite(found.q).sum()) // 2
        left = f"; {count - tested:,} not tested: constant, or too slow for so few rows" if tested < count else ""
        yield (
            f"{len(found.edges(many.fdr)):,} of {tested:,} pairs depend by more than chance "
            f"(false discovery rate {many.fdr:g}){left}"
        )
    bits = window.matrix("mi_corrected", estimator=found.estimator)  # type: ignore[arg-type]
    yield from _section("strongest", found, ranking.pairs_by(found.mi, many.top).tolist())
    beyond = np.where(np.abs(found.r) < LITTLE_R, ranking.beyond_r(bits, found.r), np.nan)
    if found.q is not None:  # what was not tested may be chance as well as not: it is said, with a mark
        beyond = np.where((found.q <= many.fdr) | np.isnan(found.q), beyond, np.nan)
    yield from _section("MI high, r low", found, ranking.pairs_by(beyond, many.top).tolist())
    yield from _indirect(found, many.top)
    if before is not None:
        yield from _changes(window, found, before, many.top)
    if many.target is not None:
        yield from _of_target(found, found.names.index(many.target), many.top)


def _section(title: str, found: ChannelMatrices, pairs: list[list[int]]) -> Iterator[str]:
    if not pairs:
        return
    width = max(len(_named(found, i, j)) for i, j in pairs)
    yield ""
    yield f"{title:{width + 2}}  {'MI':>7}  {'r':>6}  {'p':>8}"
    for i, j in pairs:
        p = "untested" if found.p is None or np.isnan(found.p[i, j]) else f"{found.p[i, j]:.2g}"
        yield f"  {_named(found, i, j):{width}}  {found.mi[i, j]:7.3f}  {_number(found.r[i, j])}  {p:>8}"


def _indirect(found: ChannelMatrices, top: int) -> Iterator[str]:
    """The strongest pairs whose dependence a third channel explains."""
    via = found.via
    if via is None or not (via >= 0).any():
        return
    pairs = ranking.pairs_by(np.where(via >= 0, found.mi, np.nan), top).tolist()
    width = max(len(_named(found, i, j)) for i, j in pairs)
    title = "only through a third: explained by it"
    yield ""
    yield f"{title:{width + 2}}  {'MI':>7}  by"
    width = max(width, len(title) - 2)
    for i, j in pairs:
        yield f"  {_named(found, i, j):{width}}  {found.mi[i, j]:7.3f}  {found.names[via[i, j]]}"


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


def _changes(window: ChannelWindow, found: ChannelMatrices, before: Before, top: int) -> Iterator[str]:
    for title, shown in changed_since(window, found, before, top):
        width = max(len(_named(found, i, j)) for i, j in shown)
        yield ""
        yield f"{title:{width + 2}}  {'MI then':>7}  {'now':>7}  {'r then':>6}  {'now':>6}"
        for i, j in shown:
            values = f"{before.mi[i, j]:7.3f}  {found.mi[i, j]:7.3f}"
            yield f"  {_named(found, i, j):{width}}  {values}  {_number(before.r[i, j])}  {_number(found.r[i, j])}"


def _error(window: ChannelWindow, i: int, j: int, unit: Unit) -> float:
    """The standard error of a pair's MI, for signals with a memory; infinite where there are too few rows for one."""
    bits = window.pair(i, j).batch_stderr()
    return math.inf if bits is None else bits * UNIT_PER_BIT[unit]


def _of_target(found: ChannelMatrices, target: int, top: int) -> Iterator[str]:
    chosen = ranking.least_redundant(found.mi, target, top).tolist()
    by_mi = {c: k + 1 for k, c in enumerate(ranking.relevance(found.mi, target).tolist())}
    width = max(len(found.names[c]) for c in chosen)
    title = f"tell most of {found.names[target]}, each beside those above"
    yield ""
    yield f"{title:{width + 2}}  {'MI':>7}  {'by MI alone':>11}"
    width = max(width, len(title) - 2)
    for c in chosen:
        yield f"  {found.names[c]:{width}}  {found.mi[c, target]:7.3f}  {by_mi[c]:>11}"


def _named(found: ChannelMatrices, i: int, j: int) -> str:
    return f"{found.names[i]} ~ {found.names[j]}"


def _number(r: float) -> str:
    return f"{r:6.3f}" if np.isfinite(r) else f"{'-':>6}"
