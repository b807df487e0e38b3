"""The page: what was found in words, the pictures, and what it takes to make them again; one file, without scripts."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

import msgspec

from streammi.records.link_totals import lost, tally_words, total
from streammi.records.readings import DIRECTIONS
from streammi.records.verdict import SIGNIFICANT
from streammi.report.axes import moment
from streammi.report.collect import Findings
from streammi.report.svg import Picture

POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"  # whatever a name may try
CSS: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #59636e; --paper: #fff; --line: #d1d9e0; --box: #f3f5f7 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --dim: #9aa4af; --paper: #14171b; --line: #3a424b; --box: #1d2227 }
}
@media print { :root { --ink: #000; --dim: #444; --paper: #fff; --line: #bbb; --box: #fff } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem; font: 16px/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--paper) }
h1 { margin: 0; font-size: 1.7rem; overflow-wrap: anywhere }
h2 { margin: 2.5rem 0 .5rem; font-size: 1.2rem; border-bottom: 1px solid var(--line) }
p, figcaption { max-width: 48rem } .dim, figcaption { color: var(--dim) } figcaption { font-size: .9rem }
figure { margin: 1rem 0; color: var(--ink) } figure svg { width: 100%; height: auto; display: block }
.verdict { margin: 1rem 0; padding: .8rem 1rem; background: var(--box); border-left: 4px solid #12a37f;
  font-size: 1.2rem }
.half { display: flex; flex-wrap: wrap; gap: 1rem } .half figure { flex: 1 1 24rem; min-width: 0; max-width: 38rem }
.wide { overflow-x: auto } table { border-collapse: collapse; font-size: .92rem }
th, td { text-align: left; vertical-align: top; padding: .2rem 1.2rem .2rem 0; border-bottom: 1px solid var(--line) }
th { font-weight: 600; white-space: nowrap } td { overflow-wrap: break-word }
pre { padding: .6rem .8rem; background: var(--box); overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere }
"""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """The source of a report, and how it was made: to be made again."""

    source: str  # the files or the recording, and how large
    command: str
    sections: Mapping[str, Mapping[str, Any]]  # settings and versions, by section
    notes: Sequence[str]  # what was said while it ran
    table: str  # the file with the readings; empty where there is none


def page(found: Findings, pictures: Mapping[str, Picture], origin: Origin) -> str:
    """The whole page as HTML."""
    title = " and ".join(found.names)
    sections = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="dim">{escape(origin.source)}</p>',
        *_verdict(found),
        _facts(found),
        _pictured("The signals", pictures, "series"),
        _section("Mutual information over time", *_drawn(pictures, "mi", "past"), _events(found)),
        *_joint(pictures),
        _pictured("Delays", pictures, "delays"),
        _pictured("Entropies", pictures, "entropies", _entropies(found)),
        _section("Can it be trusted?", *_health(found, origin)),
        _section("To make it again", *_again(origin)),
    ]
    body = "\n".join(filter(None, sections))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>{escape(title)}: streammi report</title>\n<style>{CSS}</style></head>\n"
        f"<body>\n{body}\n</body></html>\n"
    )


def _section(title: str, *content: str) -> str:
    return "\n".join((f"<section><h2>{escape(title)}</h2>", *filter(None, content), "</section>"))


def _drawn(pictures: Mapping[str, Picture], *names: str) -> list[str]:
    """The pictures of these names, as far as there are any."""
    return [_figure(pictures[name]) for name in names if name in pictures]


def _pictured(title: str, pictures: Mapping[str, Picture], name: str, *more: str) -> str:
    """A section around a picture; empty where there is none."""
    return _section(title, _figure(pictures[name]), *more) if name in pictures else ""


def _figure(picture: Picture) -> str:
    caption = f"<figcaption>{escape(picture.caption)}</figcaption>" if picture.caption else ""
    return f"<figure>{picture.svg}{caption}</figure>"


def _table(rows: Iterable[tuple[str, ...]], head: tuple[str, ...] = ()) -> str:
    """Rows whose first cell names them; empty for none."""
    lines = [
        f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
        for name, *cells in rows
    ]
    heading = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    top = f"<thead><tr>{heading}</tr></thead>" if head else ""
    return f'<div class="wide"><table>{top}<tbody>{"".join(lines)}</tbody></table></div>' if lines else ""


def _verdict(found: Findings) -> Iterable[str]:
    verdict = found.snapshot.verdict or "no verdict: no pairs"
    yield f'<div class="verdict">In the last window: {escape(verdict)}.</div>'
    summary = found.summary
    if summary.tested:
        yield (
            f"<p>Of {summary.tested:,} readings with a p, {summary.found:,} ({summary.found / summary.tested:.0%}) "
            f"are findings, with a p of {SIGNIFICANT:g} at most: that is the chance to see as much MI between signals "
            f"like these that have nothing to do with each other. Of such signals {SIGNIFICANT:.0%} would be.</p>"
        )
    elif found.null and (found.snapshot.reading is None or found.snapshot.reading.p is None):
        yield "<p>No reading has a p yet: that takes about four windows. A shorter --window has it sooner.</p>"
    if summary.readings and not summary.full:
        yield f"<p>The window ({escape(found.snapshot.window)}) was never full: --window takes a shorter one.</p>"


def _facts(found: Findings) -> str:
    reading, summary, unit = found.snapshot.reading, found.summary, found.unit
    rows: list[tuple[str, str]] = []
    times = found.readings.t if found.live else found.series.t
    if times.size and times[0] == times[0]:
        rows.append(("From", moment(float(times[0]), found.axis)))
    if found.live or rows:
        rows.append(("To" if rows else "As of", moment(float(found.snapshot.timestamp), found.axis)))
    since = ", since its start" if found.live else ""
    rows += [("Pairs", f"{found.pairs:,}{since}"), ("Window", found.snapshot.window)]
    if summary.readings:
        rows.append(("Readings", f"{summary.readings:,}, of which {summary.full:,} are of a full window"))
    for name, extreme in (("Most MI", summary.most), ("Least MI", summary.least)):
        if extreme is not None:
            rows.append((name, f"{extreme.mi:.3f} {unit}, {moment(extreme.t, found.axis)}"))
    if reading is not None:
        error = reading.stderr_batch or reading.stderr
        rows.append(
            ("MI, last window", f"{reading.mi_corrected:.3f} {unit}{'' if error is None else f' ± {error:.3f}'}")
        )
        rows += [("p", f"{reading.p:.3g}")] if reading.p is not None else []
        rows += [("r (Pearson)", f"{reading.pearson_r:.3f}")] if reading.pearson_r is not None else []
        if reading.cmi is not None:
            p = "" if reading.cmi_p is None else f", p {reading.cmi_p:.3g}"
            rows.append((f"MI given {found.snapshot.given}", f"{reading.cmi:.3f} {unit}{p}"))
        for name, te, p_of, lag in (
            ("Transfer, x to y", reading.te_xy, reading.te_xy_p, reading.te_xy_lag),
            ("Transfer, y to x", reading.te_yx, reading.te_yx_p, reading.te_yx_lag),
        ):
            if te is not None:
                rows.append((name, f"{te:.3f} {unit} at {lag} samples" + ("" if p_of is None else f", p {p_of:.3g}")))
        if reading.direction is not None:
            rows.append(("Direction", {number: words for words, number in DIRECTIONS.items()}[reading.direction]))
    return _table(rows)


def _events(found: Findings) -> str:
    if not found.events:
        nothing = "No events: nothing was found to change" if found.detecting else "Changes were not looked for"
        return f"<p>{'No events' if found.detecting is None else nothing}.</p>"
    rows = [
        (
            moment(event.timestamp, found.axis),
            event.kind,
            "" if event.signal == "both" else event.signal,
            event.evidence,
        )
        for event in found.events
    ]
    more = f"<p>{found.events_omitted:,} more events are not listed.</p>" if found.events_omitted else ""
    return _table(rows, ("when", "event", "signal", "evidence")) + more


def _joint(pictures: Mapping[str, Picture]) -> Iterable[str]:
    joint = [picture for name, picture in pictures.items() if name.startswith("portrait")]
    pointwise = [picture for name, picture in pictures.items() if name.startswith("pointwise")]
    if joint:
        yield _section(
            "The pairs",
            "<p>Each pair as a point, and how many are in each cell. MI is how far this is from two signals that are "
            "unrelated, whatever the shape; r is how close the points are to a straight line.</p>",
            *map(_figure, joint),
        )
    if pointwise:
        yield _section(
            "Where the MI comes from",
            "<p>Red cells have more pairs than they would if the signals were unrelated, blue ones fewer; empty ones "
            "have none. The mean of it over all pairs is the MI as counted, not yet corrected.</p>",
            f'<div class="half">{"".join(map(_figure, pointwise))}</div>',
        )


def _entropies(found: Findings) -> str:
    reading = found.snapshot.reading
    if reading is None:
        return ""
    rows = [
        (name, f"{value:.3f} {reading.unit}")
        for name, value in (
            ("H(X)", reading.h_x), ("H(Y)", reading.h_y), ("H(X,Y)", reading.h_xy), ("H(X|Y)", reading.h_x_given_y),
            ("H(Y|X)", reading.h_y_given_x), ("MI, as counted", reading.mi), ("MI, corrected", reading.mi_corrected),
        )
    ]  # fmt: skip
    return _table(rows)


def _health(found: Findings, origin: Origin) -> Iterable[str]:
    reading, links = found.snapshot.reading, found.snapshot.links
    losses = lost(total(links), 0 if reading is None else reading.dropped)
    if not any(link.messages for link in links):  # of a file
        losses = losses.replace("messages malformed", "rows").replace("message malformed", "row")
    yield f"<p>{escape(f'Lost: {losses}.' if losses else 'Nothing was lost, as far as is known.')}</p>"
    for link in links:
        rows = [("Source", link.endpoint), ("State", link.state), ("Pairs taken", f"{link.pairs:,}")]
        rows += [("Format", link.format)] if link.format else []
        rows += [("Messages", f"{link.messages:,}")] if link.messages else []
        rows += [("Not finite", f"{link.nonfinite:,}")] if link.nonfinite else []
        rows += [(f"Skipped: {why}", f"{count:,}") for why, count in link.malformed.items()]
        rows += [("Samples", tally_words(link.tally))] if link.tally is not None else []
        rows += [("Note", link.note)] if link.note else []
        yield _table(rows)
    if reading is not None:
        counters = (
            ("Late", reading.late),
            ("Dropped as too late", reading.dropped),
            ("Outside the bins", reading.clipped),
        )
        yield _table((name, f"{count:,}") for name, count in counters if count)
    if origin.notes:
        yield f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in origin.notes)}</ul>"


def _again(origin: Origin) -> Iterable[str]:
    yield f"<pre>{escape(origin.command)}</pre>"
    yield f"<p>The readings, one a row: {escape(origin.table)}</p>" if origin.table else ""
    for name, values in origin.sections.items():
        yield f"<h3>{escape(name.capitalize())}</h3>"
        yield _table((key, str(value)) for key, value in values.items())
