"""The page: what was found in words, the pictures, and what it takes to make them again; one file, without scripts."""

from collections.abc import Iterable, Mapping
from html import escape

from streammi.records.readings import DIRECTIONS
from streammi.records.verdict import SIGNIFICANT
from streammi.report.axes import moment
from streammi.report.collect import Findings
from streammi.report.html import document, figure, section, table
from streammi.report.origin import Origin, again, said, trouble
from streammi.report.svg import Picture


def page(found: Findings, pictures: Mapping[str, Picture], origin: Origin) -> str:
    """The whole page as HTML."""
    title = " and ".join(found.names)
    sections = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="dim">{escape(origin.source)}</p>',
        *_verdict(found),
        _facts(found),
        _pictured("The signals", pictures, "series"),
        section("Mutual information over time", *_drawn(pictures, "mi", "past"), _events(found)),
        *_joint(pictures),
        _pictured("Delays", pictures, "delays"),
        _pictured("Entropies", pictures, "entropies", _entropies(found)),
        section("Can it be trusted?", *_health(found, origin)),
        section("To make it again", *again(origin)),
    ]
    return document(title, sections)


def _drawn(pictures: Mapping[str, Picture], *names: str) -> list[str]:
    """The pictures of these names, as far as there are any."""
    return [figure(pictures[name]) for name in names if name in pictures]


def _pictured(title: str, pictures: Mapping[str, Picture], name: str, *more: str) -> str:
    """A section around a picture; empty where there is none."""
    return section(title, figure(pictures[name]), *more) if name in pictures else ""


def _verdict(found: Findings) -> Iterable[str]:
    verdict = found.snapshot.verdict or "no verdict: no pairs"
    yield f'<div class="verdict">In the last window: {escape(verdict)}.</div>'
    summary = found.summary
    if summary.tested:
        yield (
            f"<p>{summary.found:,} of {summary.tested:,} readings with a p ({summary.found / summary.tested:.0%}) "
            f"found a dependence: their p is {SIGNIFICANT:g} or less. p is the chance that signals like these show as "
            "much MI although they have nothing to do with each other. Of the readings of such signals, "
            f"{SIGNIFICANT:.0%} have such a p.</p>"
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
    return table(rows)


def _events(found: Findings) -> str:
    if not found.events:
        nothing = "No events: nothing was found to change" if found.detecting else "Changes were not looked for"
        return f"<p>{'No events' if found.detecting is None else nothing}.</p>"
    rows = [
        (
            moment(event.timestamp, found.axis),
            f"{event.kind} {event.rule}".strip(),
            "" if event.signal == "both" else event.signal,
            event.evidence,
        )
        for event in found.events
    ]
    more = f"<p>{found.events_omitted:,} more events are not listed.</p>" if found.events_omitted else ""
    return table(rows, ("when", "event", "signal", "evidence")) + more


def _joint(pictures: Mapping[str, Picture]) -> Iterable[str]:
    joint = [picture for name, picture in pictures.items() if name.startswith("portrait")]
    pointwise = [picture for name, picture in pictures.items() if name.startswith("pointwise")]
    if joint:
        yield section(
            "The pairs",
            "<p>Each pair as a point, and how many are in each cell. MI is how far this is from two signals that are "
            "unrelated, whatever the shape; r is how close the points are to a straight line.</p>",
            *map(figure, joint),
        )
    if pointwise:
        yield section(
            "Where the MI comes from",
            "<p>Red cells have more pairs than they would if the signals were unrelated, blue ones fewer; empty ones "
            "have none. The mean of it over all pairs is the MI as counted, not yet corrected.</p>",
            f'<div class="half">{"".join(map(figure, pointwise))}</div>',
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
    return table(rows)


def _health(found: Findings, origin: Origin) -> Iterable[str]:
    reading, links = found.snapshot.reading, found.snapshot.links
    yield from trouble(links, 0 if reading is None else reading.dropped)
    if reading is not None:
        counters = (
            ("Late", reading.late),
            ("Dropped as too late", reading.dropped),
            ("Outside the bins", reading.clipped),
        )
        yield table((name, f"{count:,}") for name, count in counters if count)
    yield said(origin)
