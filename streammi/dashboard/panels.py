"""What each panel shows: every function draws one part of a snapshot on the canvas that it is given."""

import numpy as np

from streammi.dashboard import charts, history
from streammi.dashboard.canvas import Canvas
from streammi.dashboard.heatmap import draw_heatmap
from streammi.dashboard.state import State
from streammi.dashboard.text import clock, count, duration, fit, number, short, signed, unit_factor
from streammi.dashboard.theme import Theme
from streammi.records import Event, LinkHealth, Reading, Snapshot, Unit

LARGE_FROM = 60  # columns: with fewer, large digits take the place of words
EVENT_MARKS = {"gained": "up", "lost": "down_arrow", "shifted": "moved", "moved": "moved", "recovered": "recovered"}


class Drawing:
    """One snapshot, one state and one theme: what all panels draw from. Numbers are in the unit that was chosen."""

    def __init__(self, snapshot: Snapshot, state: State, theme: Theme) -> None:
        self.snapshot, self.state, self.theme = snapshot, state, theme
        own: Unit = snapshot.reading.unit if snapshot.reading else "bit"
        self.unit: Unit = state.unit or own
        self.factor = unit_factor(own, self.unit)

    def value(self, information: float | None) -> float | None:
        """Information of the snapshot in the unit that is shown."""
        return None if information is None else information * self.factor

    @property
    def link(self) -> LinkHealth | None:
        """The feed's link, where there is one."""
        return self.snapshot.links[0] if self.snapshot.links else None


def title(canvas: Canvas, text: str, theme: Theme, note: str = "") -> Canvas:
    """Head a panel with its name; returns the rest of the canvas."""
    end = canvas.text(0, 0, fit(text, canvas.width), theme.title)
    if note:
        canvas.text(end + 1, 0, fit(note, canvas.width - end - 1), theme.dim)
    return canvas.part(0, 1, canvas.width, canvas.height - 1)


def header(canvas: Canvas, d: Drawing, frozen_for: float | None) -> None:
    """One row: the pair, where it comes from, how its link is, how fast, how full; the clock at the right."""
    theme, snapshot, link = d.theme, d.snapshot, d.link
    canvas.fill(" ", theme.bar)
    end = canvas.text(1, 0, fit(snapshot.pair, canvas.width // 3), theme.bar_strong)
    if link is not None:
        glyph, pen = theme.state(link.state, bar=True)
        end = canvas.spans(end + 2, 0, [(f"{glyph} {link.state}", pen)])
    parts = []
    if link is not None and link.rate is not None:
        parts.append(f"{short(link.rate)} pairs/s")
    if snapshot.reading is not None:
        fill = snapshot.reading.fill
        parts.append(f"window {snapshot.window}" + (f", {fill:.0%} full" if fill < 1 else ""))
    if link is not None and link.endpoint:
        parts.append(link.endpoint)
    right = clock(snapshot.timestamp, None)
    if frozen_for is not None:
        right = f"frozen, {duration(frozen_for)} behind"
    for part in parts:
        if end + 2 + len(part) < canvas.width - len(right) - 3:
            end = canvas.text(end + 2, 0, part, theme.bar_dim)
    canvas.right(0, right, theme.bar_warn if frozen_for is not None else theme.bar_dim, margin=1)


def footer(canvas: Canvas, d: Drawing, keys: str) -> None:
    """One row: the keys, or what the person should know now."""
    canvas.fill(" ", d.theme.bar)
    note = d.state.message or (d.link.note if d.link is not None else "")
    if note:
        canvas.text(1, 0, fit(note, canvas.width - 2), d.theme.bar_warn)
    else:
        canvas.text(1, 0, fit(keys, canvas.width - 2), d.theme.bar_dim)


def now(canvas: Canvas, d: Drawing) -> None:
    """MI now, large, with its error, the plug-in value, the verdict, the correlation beside it."""
    reading, theme = d.snapshot.reading, d.theme
    if reading is None:
        canvas.text(0, 0, "waiting for the first pairs", theme.dim)
        return
    shown = max(reading.mi_corrected, 0.0) * d.factor
    x = 0
    if canvas.height >= 4 and canvas.width >= LARGE_FROM and theme.glyphs.half_blocks:
        digits = charts.large(number(shown, 3 if shown < 10 else 2))
        part = canvas.part(0, 1, digits.shape[1], 3)
        part.glyphs[...] = digits[: part.height, : part.width]
        part.pens[...] = theme.mi_strong
        x = digits.shape[1] + 2
    sign = theme.glyphs.below_zero if reading.mi_corrected < 0 else ""
    rows = _now_rows(d, reading)
    head = [("MI ", theme.title), (f"{number(shown)}{sign}", theme.mi_strong), (f" {d.unit}", theme.text)]
    if reading.stderr is not None:
        head.append((f" {theme.glyphs.plus_minus} {number(d.value(reading.stderr))}", theme.dim))
    canvas.spans(x, 0, head)
    for k, (text, pen) in enumerate(rows[: canvas.height - 1]):
        canvas.text(x, 1 + k, fit(text, canvas.width - x), pen)


def _now_rows(d: Drawing, reading: Reading) -> list[tuple[str, int]]:
    theme, rows = d.theme, []
    if d.snapshot.verdict:
        dependent = d.snapshot.verdict.startswith(("dependent", "linearly"))
        rows.append((d.snapshot.verdict, theme.good if dependent else theme.warn))
    facts = f"plug-in {number(d.value(reading.mi))} {d.unit}"
    if reading.pearson_r is not None:
        facts += f"   Pearson r {signed(reading.pearson_r, 2)}"
    if reading.spearman_r is not None:
        facts += f"   Spearman {signed(reading.spearman_r, 2)}"
    rows.append((facts, theme.text))
    more = []
    if reading.p is not None:
        more.append(f"p {reading.p:.2g}")
    if reading.z is not None:
        more.append(f"z {signed(reading.z, 1)}")
    if reading.nmi is not None:
        more.append(f"NMI {reading.nmi:.0%}")
    if reading.peak_lag is not None and reading.peak_mi is not None:
        more.append(f"peak {number(d.value(reading.peak_mi))} {d.unit} {_lag_words(reading.peak_lag)}")
    extremes = d.state.extremes.get(d.snapshot.pair)
    if extremes is not None:
        more.append(f"seen {number(d.value(extremes.low))} to {number(d.value(extremes.high))} {d.unit}")
    rows.append(("   ".join(more), theme.dim))
    return rows


def _lag_words(lag: float) -> str:
    if lag == 0:
        return "at no delay"
    return f"with y {lag:g} samples after x" if lag > 0 else f"with x {-lag:g} samples after y"


def chart(canvas: Canvas, d: Drawing) -> None:
    """MI over time: the line with its spread, the null's 95 % level dotted, events marked, axes with units."""
    theme, snapshot, state = d.theme, d.snapshot, d.state
    past = history.join(snapshot.history)
    zoom = history.usual_span(past) if state.zoom is None else state.zoom
    span = float(history.SPANS[zoom])
    scrolled = f", ends {duration(state.back)} ago" if state.back > 0 else ""
    body = title(canvas, f"MI over time, {d.unit}", theme, f"last {duration(span)}{scrolled}")
    plot = body.part(6, 0, body.width - 6, body.height - 1)
    if len(past.t) < 2 or plot.width < 4 or plot.height < 2:
        body.text(0, 0, "the line begins with the second reading", theme.dim)
        return
    dots = charts.DOTS[theme.glyphs.name]
    columns = history.columns(past, plot.width * dots[0], span, state.back)
    with np.errstate(invalid="ignore"):
        highest = np.nanmax(np.concatenate(([0.0], columns.high, columns.null))) * d.factor
    top = charts.nice_ceiling(highest)
    _line(plot, columns, d.factor / top, theme)
    _time_events(plot, columns, snapshot.events, theme)
    for row, value in (
        (0, top),
        (plot.height // 2, top * (1 - (plot.height // 2) / max(plot.height - 1, 1))),
        (plot.height - 1, 0.0),
    ):
        body.text(0, row, f"{value:.3g}".rjust(5), theme.dim)
    body.text(6, body.height - 1, clock(columns.start, None), theme.dim)
    body.right(body.height - 1, clock(columns.stop, None), theme.dim)


def _line(plot: Canvas, columns: history.Columns, scale: float, theme: Theme) -> None:
    _, up = charts.DOTS[theme.glyphs.name]
    if theme.glyphs.name == "braille":
        rows = plot.height * up
        null = charts.connected(columns.null * scale, rows)
        null[:, 1::2] = False  # dotted
        _stamp(plot, charts.braille(null), theme.null)
        spread = charts.spans(columns.low * scale, columns.high * scale, rows)
        mask = charts.connected(columns.mi * scale, rows) | spread
        _stamp(plot, charts.braille(mask), theme.mi)
    else:
        _stamp(plot, charts.bars(columns.mi * scale, plot.height, theme.glyphs.levels), theme.mi)
        for x, value in enumerate(columns.null[: plot.width]):
            if np.isfinite(value):
                row = int(charts.rows_of(np.array([value * scale]), plot.height)[0])
                plot.text(x, row, theme.glyphs.dotted, theme.null)


def _stamp(plot: Canvas, cells: charts.Cells, pen: int) -> None:
    drawn = cells != ord(" ")
    plot.glyphs[drawn] = cells[drawn]
    plot.pens[drawn] = pen


def _time_events(plot: Canvas, columns: history.Columns, events: tuple[Event, ...], theme: Theme) -> None:
    for event in events:
        if columns.start <= event.timestamp < columns.stop:
            x = int((event.timestamp - columns.start) / (columns.stop - columns.start) * plot.width)
            plot.text(x, 0, getattr(theme.glyphs, EVENT_MARKS.get(event.kind, "warning")), theme.warn)


def heatmap(canvas: Canvas, d: Drawing) -> None:
    """The joint histogram with both marginals and the axes' values."""
    snapshot, theme = d.snapshot, d.theme
    if snapshot.counts is None or not snapshot.counts.size:
        title(canvas, "joint histogram", theme).text(0, 0, "the bins are not known yet", theme.dim)
        return
    words = {"counts": "joint histogram", "p(y|x)": "p(y|x)", "pointwise": "pointwise MI"}[d.state.mode]
    notes = {
        "counts": f"{snapshot.counts.shape[0]} {theme.glyphs.times} {snapshot.counts.shape[1]} bins",
        "p(y|x)": "each column sums to 1",
        "pointwise": "bright: together more often than by chance; dark: less",
    }
    draw_heatmap(title(canvas, words, theme, notes[d.state.mode]), snapshot, d.state.mode, theme)


def entropies(canvas: Canvas, d: Drawing) -> None:
    """One stacked bar: what x has alone, what is shared, what y has alone; the numbers above it."""
    reading, theme = d.snapshot.reading, d.theme
    if reading is None:
        return
    g, total = theme.glyphs, reading.h_xy
    if canvas.height > 1:
        canvas.spans(
            0,
            0,
            [
                (f"H(X) {number(d.value(reading.h_x))}  ", theme.x),
                (f"H(Y) {number(d.value(reading.h_y))}  ", theme.y),
                (f"H(X,Y) {number(d.value(total))} {d.unit}", theme.text),
            ],
        )
    bar = canvas.part(0, canvas.height - 1, canvas.width, 1)
    if not total > 0:
        bar.text(0, 0, "both signals are constant: no entropy to share", theme.dim)
        return
    shares = np.array([reading.h_x_given_y, reading.mi, reading.h_y_given_x]) / total
    edges = np.rint(np.concatenate(([0.0], np.cumsum(shares))) / shares.sum() * bar.width).astype(int)
    names = ("H(X|Y)", "I(X;Y)", "H(Y|X)")
    values = (reading.h_x_given_y, reading.mi, reading.h_y_given_x)
    for k, (glyph, pen) in enumerate(((g.x_only, theme.x), (g.shared, theme.mi), (g.y_only, theme.y))):
        part = bar.part(edges[k], 0, edges[k + 1] - edges[k], 1)
        part.fill(glyph, pen)
        label = f" {names[k]} {number(d.value(values[k]), 2)} "
        if len(label) + 2 <= part.width:
            part.text((part.width - len(label)) // 2, 0, label, theme.strong)


def delays(canvas: Canvas, d: Drawing) -> None:
    """MI at each delay, the peak marked; the sign in words."""
    profile, theme = d.snapshot.profile, d.theme
    if profile is None or not np.isfinite(profile.mi).any():
        return
    mi = np.maximum(profile.mi, 0.0) * d.factor
    peak = int(np.nanargmax(mi))
    body = title(
        canvas,
        f"MI by delay, {d.unit}",
        theme,
        f"peak {number(float(mi[peak]))} at {profile.lags[peak]:+g} {profile.lag_unit}",
    )
    width, n = body.width, mi.size
    at = np.minimum(np.arange(width) * n // width, n - 1) if n < width else np.arange(n)
    values = mi[at] if n < width else np.array([np.nanmax(part) for part in np.array_split(mi, width)])
    plot = body.part(0, 0, width, body.height - 1)
    _stamp(
        plot,
        charts.bars(values / charts.nice_ceiling(float(np.nanmax(mi))), plot.height, theme.glyphs.levels),
        theme.mi,
    )
    row = body.height - 1
    body.text(0, row, f"{profile.lags[0]:+g} x follows y", theme.dim)
    body.right(row, f"y follows x {profile.lags[-1]:+g}", theme.dim)


def events(canvas: Canvas, d: Drawing) -> None:
    """The newest events first: time, what, the evidence."""
    theme = d.theme
    body = title(canvas, "events", theme)
    if not d.snapshot.events:
        body.text(0, 0, "none so far", theme.dim)
    for row, event in enumerate(d.snapshot.events[::-1][: body.height]):
        glyph = getattr(theme.glyphs, EVENT_MARKS.get(event.kind, "warning"))
        words = f"{clock(event.timestamp, None)} {glyph} {event.kind}: {event.evidence}"
        body.text(0, row, fit(words, body.width), theme.good if event.kind in ("gained", "recovered") else theme.warn)


def feed(canvas: Canvas, d: Drawing) -> None:
    """What came, and what was wrong with it: only what is not zero."""
    link, reading, theme = d.link, d.snapshot.reading, d.theme
    if link is None:
        return
    parts = [(f"{count(link.messages)} messages", theme.text), (f"{count(link.pairs)} pairs", theme.text)]
    troubles = {f"malformed ({reason})": n for reason, n in link.malformed.items()}
    troubles |= {"missing": link.gaps, "reconnects": link.reconnects}
    if reading is not None:
        troubles |= {
            "not finite": reading.nonfinite,
            "late": reading.late,
            "dropped": reading.dropped,
            "clipped": reading.clipped,
        }
    parts += [(f"{count(n)} {name}", theme.warn) for name, n in troubles.items() if n]
    if link.lag is not None:
        parts.append((f"lag {duration(link.lag)}", theme.text))
    x, row = canvas.text(0, 0, "feed  ", theme.title), 0
    for text, pen in parts:
        if x + len(text) > canvas.width:
            x, row = 6, row + 1
        x = canvas.text(x, row, text, pen) + 2
