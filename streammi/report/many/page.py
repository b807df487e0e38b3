"""The page of many channels: what stands out in words and pictures, and what it takes to make it again."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streammi.core.channels import ranking
from streammi.dashboard.many.pairs import number_of
from streammi.records import UNIT_PER_BIT, IntArray, MatrixSnapshot
from streammi.records.link_totals import lost, total
from streammi.records.pair_words import pair_words
from streammi.report.axes import moment
from streammi.report.html import document, figure, section, table
from streammi.report.many.channel_table import channel_section
from streammi.report.many.collect import ManyFindings, PairList
from streammi.report.many.figures import NAMED, order_of
from streammi.report.origin import Origin, again, said
from streammi.report.svg import Picture

LITTLE_R: Final = 0.5  # |r|: of pairs of which it is more, that they depend goes without saying
CHANGED_LISTED: Final = 30
WORDS: Final = {
    "strongest": "The most MI. r is 1 or -1 for points on a straight line, and may be near 0 though one signal gives "
    "the other away.",
    "not linear": "r accounts for less than half of what one signal of each pair tells about the other: a correlation "
    "does not find them. First those of which it finds least.",
    "indirect": "Each of these depends by more than chance, but no more than chance is left once a third channel is "
    "known.",
}


def lists_of(found: ManyFindings, top: int) -> tuple[PairList, ...]:
    """The pairs that stand out, by kind; a kind without any is left out."""
    matrix, of = found.matrix, found.found
    mi = np.where(np.triu(np.ones(of.mi.shape, np.bool_), 1), of.mi, np.nan)
    words = _word_square(matrix)
    bits = of.mi / UNIT_PER_BIT[of.unit]
    hidden = (words == "not linear") & (np.abs(of.r) < LITTLE_R)
    kinds = (
        ("strongest", mi),
        ("not linear", np.where(hidden, ranking.beyond_r(bits, of.r), np.nan)),
        ("indirect", np.where(words == "indirect", mi, np.nan)),
    )
    lists = [PairList(title, tuple(map(tuple, ranking.pairs_by(by, top).tolist()))) for title, by in kinds]
    return tuple(one for one in lists if one.pairs)


def drawn_pairs(found: ManyFindings, top: int) -> list[tuple[int, int]]:
    """The pairs that are drawn as points, one kind after the other."""
    return [pair for one in lists_of(found, top) for pair in one.drawn]


def page(found: ManyFindings, lists: Sequence[PairList], pictures: Mapping[str, Picture], origin: Origin) -> str:
    """The whole page as HTML."""
    title = f"{len(found.matrix.names):,} channels"
    named = {one.title: k for k, one in enumerate(lists)}
    sections = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="dim">{escape(origin.source)}</p>',
        *_verdict(found),
        _facts(found),
        section("All pairs", *_drawn(pictures, "matrix"), _order(found)),
        *(_listed(found, lists[named[kind]], pictures, named[kind], heading) for kind, heading in (
            ("strongest", "The strongest pairs"), ("not linear", "Dependent, and not linear"),
            ("indirect", "Only through a third"),
        ) if kind in named),
        _tells(found),
        *(_compared(found, one) for one in found.compared),
        _over_time(found, pictures),
        channel_section(found),
        section("Can it be trusted?", *_health(found, origin)),
        section("To make it again", *again(origin)),
    ]  # fmt: skip
    return document(title, sections)


def _verdict(found: ManyFindings) -> Iterable[str]:
    matrix, last = found.matrix, found.last
    count = matrix.mi.size
    if matrix.q is None:
        words = f"{count:,} pair{'s' * (count != 1)}; {matrix.untested or 'not tested'}"
    else:
        with np.errstate(invalid="ignore"):
            depend = int(np.count_nonzero(matrix.q <= matrix.fdr))
        hidden = sum(word == "not linear" for word, _ in pair_words(matrix, np.arange(count)))
        words = f"{depend:,} of {count:,} pairs depend by more than chance" + (
            f", {hidden:,} of them in a way that is no line" if depend else ""
        )
    yield f'<div class="verdict">{escape(words)}.</div>'
    if matrix.q is not None:
        untested = int(np.count_nonzero(np.isnan(matrix.q)))
        left = (
            f" {untested:,} pairs could not be tested: a channel of each is constant, or too slow for so few rows."
            if untested
            else ""
        )
        yield (
            f"<p>Of the pairs that are said to depend, {matrix.fdr:.0%} at most do so by chance.{left} This is of "
            f"{escape(found.of)}.</p>"
        )
    if last is not None and last.changed is not None and last.usual_windows >= LEAST_USUAL:
        now = last.changed.size
        ever = 0 if found.changes is None else int(np.count_nonzero(found.changes.times))
        yield (
            f"<p>In the last window {_pairs(now)} changed beside the windows before; "
            f"{f'{ever:,}' if ever else 'none'} did so at some time.</p>"
        )
    elif last is not None:
        yield (
            f"<p>What changes is known from the fifth full window on ({escape(last.window)}): a shorter --window has "
            "it sooner.</p>"
        )


LEAST_USUAL: Final = 4  # windows, as of detect.changed_pairs


def _facts(found: ManyFindings) -> str:
    matrix, last = found.matrix, found.last
    rows = [("Channels", f"{len(matrix.names):,}"), ("Rows", f"{found.rows:,}")]
    if found.start == found.start:
        rows.append(("From", moment(found.start, found.axis)))
        if last is not None:
            rows.append(("To", moment(last.timestamp, found.axis)))
    rows += [("Shown", found.of), ("Unit of MI", f"{found.unit}, corrected ({matrix.estimator})")]
    if last is not None:
        rows.append(("Window", last.window))
    return table(rows)


def _order(found: ManyFindings) -> str:
    """The names of the channels in their order, where they are too many for the picture."""
    names = found.matrix.names
    if len(names) <= NAMED:
        return ""
    listed = "".join(f"<li>{escape(names[k])}</li>" for k in order_of(found.matrix).tolist())
    return f"<details><summary>The channels in this order</summary><ol>{listed}</ol></details>"


def _listed(found: ManyFindings, one: PairList, pictures: Mapping[str, Picture], number: int, heading: str) -> str:
    of, matrix = found.found, found.matrix
    numbers = _numbers(one.pairs, len(of.names))
    words = [word for word, _ in pair_words(matrix, numbers)]
    rows = []
    for (i, j), word in zip(one.pairs, words, strict=True):
        via = -1 if of.via is None else of.via.item(i, j)
        through = f" through {of.names[via]}" if word == "indirect" and via >= 0 else ""
        p = "not tested" if of.p is None or np.isnan(of.p[i, j]) else f"{of.p[i, j]:.2g}"
        rows.append((f"{of.names[i]} ~ {of.names[j]}", _n(of.mi[i, j]), _n(of.r[i, j], 2), p, word + through))
    head = ("pair", f"MI, {found.unit}", "r", "p", "")
    return section(heading, f"<p>{WORDS[one.title]}</p>", table(rows, head), *_drawn(pictures, f"pairs-{number}"))


def _tells(found: ManyFindings) -> str:
    if not found.tells:
        return ""
    target = found.found.names.index(found.target)
    rows = [(found.found.names[k], _n(found.found.mi[k, target])) for k in found.tells]
    words = "<p>Each tells most beside those above it: of two that say the same only one comes first.</p>"
    return section(f"What tells most of {found.target}", words, table(rows, ("channel", f"MI, {found.unit}")))


def _compared(found: ManyFindings, one: PairList) -> str:
    beside, names = one.beside, found.found.names
    assert beside is not None
    now = beside.now
    rows = [
        (f"{names[i]} ~ {names[j]}", _n(beside.mi_before[i, j]), _n(now.mi[i, j]), _n(beside.r_before[i, j], 2),
         _n(now.r[i, j], 2))
        for i, j in one.pairs
    ]  # fmt: skip
    head = ("pair", f"MI then, {found.unit}", "now", "r then", "now")
    words = f"<p>Beside the baseline, of {now.n:,} rows each, by more than three standard errors.</p>"
    return section(one.title.capitalize(), words, table(rows, head))


def _over_time(found: ManyFindings, pictures: Mapping[str, Picture]) -> str:
    shown = _drawn(pictures, "past", "change")
    return section("What changed", *shown, _changes(found), _events(found)) if found.last is not None else ""


def _changes(found: ManyFindings) -> str:
    changes, past = found.changes, found.past
    if changes is None or past is None:
        return ""
    names = found.matrix.names
    sides = np.triu_indices(len(names), 1)
    rows = []
    for number in changes.most(CHANGED_LISTED):
        pair = " ~ ".join(names[side.item(number)] for side in sides)
        mi, change = changes.mi.item(number), changes.farthest.item(number)
        at = moment(changes.at.item(number), found.axis)
        rows.append((pair, _n(mi - change), _n(mi), at, f"{changes.times.item(number):,}"))
    count = int(np.count_nonzero(changes.times))
    more = f"<p>{count - CHANGED_LISTED:,} more pairs changed.</p>" if count > CHANGED_LISTED else ""
    return table(rows, ("pair", f"usually, {found.unit}", "farthest from it", "when", "readings")) + more


def _pairs(count: int) -> str:
    return f"{count:,} pairs have" if count > 1 else "1 pair has" if count else "no pair has"


def _events(found: ManyFindings) -> str:
    if not found.events:
        return "<p>No events: nothing was found to change.</p>"
    rows = [(moment(event.timestamp, found.axis), event.kind, event.evidence) for event in found.events]
    more = f"<p>{found.events_omitted:,} more events are not listed.</p>" if found.events_omitted else ""
    return table(rows, ("when", "event", "evidence")) + more


def _health(found: ManyFindings, origin: Origin) -> Iterable[str]:
    live = [link for link in found.links if link.messages]
    losses = lost(total(live)) if live else ""
    for link in live:
        rows = [("Source", link.endpoint), ("State", link.state), ("Messages", f"{link.messages:,}")]
        rows += [("Format", link.format)] if link.format else []
        rows += [(f"Skipped: {why}", f"{count:,}") for why, count in link.malformed.items()]
        rows += [("Note", link.note)] if link.note else []
        yield table(rows)
    silent = [one.name for one in found.channels if not one.present]
    if losses or live:
        yield f"<p>{escape(f'Lost: {losses}.' if losses else 'Nothing was lost, as far as is known.')}</p>"
    if silent:
        yield f"<p>Without any value: {escape(', '.join(silent))}.</p>"
    if found.last is not None and found.last.missing:
        yield f"<p>{found.last.missing:,} values are missing.</p>"
    yield said(origin)
    if not (live or silent or origin.notes):
        yield "<p>Nothing was left out, as far as is known.</p>"


def _drawn(pictures: Mapping[str, Picture], *names: str) -> list[str]:
    return [figure(pictures[name]) for name in names if name in pictures]


def _word_square(matrix: MatrixSnapshot) -> NDArray[np.object_]:
    """The word on each pair, (C, C), in the upper triangle."""
    channels = len(matrix.names)
    square = np.full((channels, channels), "", dtype=object)
    words = pair_words(matrix, np.arange(matrix.mi.size))
    square[np.triu_indices(channels, 1)] = np.array([word for word, _ in words] or [""], dtype=object)[: len(words)]
    return square


def _numbers(pairs: Sequence[tuple[int, int]], channels: int) -> IntArray:
    first, second = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return number_of(first, second, channels)


def _n(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "—"
