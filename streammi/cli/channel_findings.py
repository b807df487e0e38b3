"""The findings on many channels of a file, in lines: which pairs stand out, and how."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from streammi.cli.channel_baseline import Before, changed_since
from streammi.cli.options import ChannelOptions
from streammi.core.channels import ranking
from streammi.core.channels.channel_window import ChannelWindow
from streammi.records import ChannelMatrices

LITTLE_R: Final = 0.5  # |r|: of pairs of which it is more, that they depend goes without saying


def lines_of(
    file: str,
    window: ChannelWindow,
    found: ChannelMatrices,
    before: Before | None,
    many: ChannelOptions,
) -> Iterator[str]:
    """The pairs that stand out: by their MI, by what r does not say, by what changed, and what tells of one."""
    channels = len(found.names)
    count = channels * (channels - 1) // 2
    pairs = f"{count:,} pair{'s' if count != 1 else ''}"
    yield f"{file}: {channels} channels, {found.n:,} rows, {pairs}; MI in {found.unit} ({found.estimator})"
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
        untested = "constant" if np.isnan(found.r[i, j]) and not found.mi[i, j] > 0 else "untested"
        p = untested if found.p is None or np.isnan(found.p[i, j]) else f"{found.p[i, j]:.2g}"
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


def _changes(window: ChannelWindow, found: ChannelMatrices, before: Before, top: int) -> Iterator[str]:
    for title, shown in changed_since(window, found, before, top):
        width = max(len(_named(found, i, j)) for i, j in shown)
        yield ""
        yield f"{title:{width + 2}}  {'MI then':>7}  {'now':>7}  {'r then':>6}  {'now':>6}"
        for i, j in shown:
            values = f"{before.mi[i, j]:7.3f}  {found.mi[i, j]:7.3f}"
            yield f"  {_named(found, i, j):{width}}  {values}  {_number(before.r[i, j])}  {_number(found.r[i, j])}"


def _of_target(found: ChannelMatrices, target: int, top: int) -> Iterator[str]:
    mi = ranking.of_moving(found.mi, found.r)
    chosen = ranking.least_redundant(mi, target, top).tolist()
    if not chosen:
        yield ""
        yield f"nothing tells of {found.names[target]}: it is constant, or in no row with a channel that is not"
        return
    by_mi = {c: k + 1 for k, c in enumerate(ranking.relevance(mi, target).tolist())}
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
