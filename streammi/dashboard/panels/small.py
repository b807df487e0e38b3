"""What is left where there is little room: one column, a few lines, one line."""

import numpy as np

from streammi.dashboard import charts
from streammi.dashboard import history_columns as past
from streammi.dashboard.canvas import Canvas
from streammi.dashboard.history_columns import SPANS, shown_span
from streammi.dashboard.panels import entropy, help, history
from streammi.dashboard.panels.now import pen_of_now, stale, trend, waiting
from streammi.dashboard.panels.title import Spans, span_columns
from streammi.dashboard.scene import Scene, linear_equivalent
from streammi.dashboard.wording import columns, duration, fit, number, signed, wrap
from streammi.records import Reading, Snapshot
from streammi.records.verdict import at_peak, lag_unit, strength


def draw(canvas: Canvas, scene: Scene) -> None:
    """Draw MI, the verdict, the line over time and the entropies below each other."""
    theme, reading = scene.theme, scene.reading
    if reading is None:
        draw_waiting(canvas, scene)
        return
    assert scene.snapshot is not None
    _at_both_ends(canvas, 0, _value(scene, reading), [_compared(reading, scene), _linear(reading, scene)])
    words = fit(scene.snapshot.verdict, canvas.width, theme.glyphs.ellipsis)
    beside = stale(scene) if scene.stale else trend(scene, reading)
    _at_both_ends(canvas, 1, [(words, pen_of_now(scene, theme.strong))], [beside[:2], beside[:1]])
    bar = int(entropy.says(scene) and canvas.height >= 7)
    if bar:
        entropy.draw_labelled_bar(canvas.part(0, canvas.height - 1, canvas.width, 1), scene)
    if history.says(scene):
        history.draw_chart(canvas.part(0, 2, canvas.width, canvas.height - 2 - bar), scene, scene.unit)


def _at_both_ends(canvas: Canvas, y: int, left: Spans, rights: list[Spans]) -> None:
    """Write a line, and at its end the first of what belongs there for which there is room."""
    x = canvas.spans(0, y, left) + 1
    fitting = next((spans for spans in rights if x + span_columns(spans) <= canvas.width), [])
    canvas.spans(canvas.width - span_columns(fitting), y, fitting)


def draw_lines(canvas: Canvas, scene: Scene) -> None:
    """Draw up to five lines: state and pair, MI, the verdict, the past, correlation; all in one where there is one."""
    theme, reading = scene.theme, scene.reading
    if scene.state.help:
        help.draw(canvas, scene, "line")
        return
    if reading is None:
        draw_waiting(canvas, scene)
        return
    snapshot = scene.snapshot
    assert snapshot is not None
    head, value = _head(scene), _value(scene, reading)
    if canvas.height == 1:
        _draw_one_line(canvas, scene, snapshot, reading)
        return
    words, rows = wrap(snapshot.verdict, canvas.width) or [""], max(canvas.height - 3, 1)
    if len(words) > rows:
        words[rows - 1 :] = [fit(" ".join(words[rows - 1 :]), canvas.width, theme.glyphs.ellipsis)]
    last = canvas.height - 3 - len(words)
    canvas.spans(0, 0, [*head, (snapshot.pair, theme.title)])
    canvas.spans(0, 1, value)
    canvas.text(0, 2, _spark(scene, canvas.width), theme.mi)
    for y, line in enumerate(words, 3):
        canvas.text(0, y, line, theme.text)
    if last > 0:
        _at_both_ends(canvas, canvas.height - 1, _linear(reading, scene), [trend(scene, reading)[:1]])


def _draw_one_line(canvas: Canvas, scene: Scene, snapshot: Snapshot, reading: Reading) -> None:
    """The state, MI, what it means, whose it is, and the past, as far as there is room: what matters most first."""
    theme, head = scene.theme, _head(scene)
    x, verdict = canvas.spans(0, 0, head), snapshot.verdict
    value = [] if scene.delayed else _value(scene, reading)
    room = canvas.width - x
    if scene.delayed:  # the words have the number in them
        short = next((words for words in in_short(reading) if columns(words) <= room), "")
        verdict = verdict if columns(verdict) <= room else short
    elif span_columns(value) + 2 + columns(verdict) > room:
        value = value[: -1 if reading.stderr is not None else None]
    x = canvas.spans(x, 0, value) + bool(value)
    pen = pen_of_now(scene, theme.strong)
    x = canvas.text(x, 0, fit(verdict, canvas.width - x, theme.glyphs.ellipsis), pen) + 2
    x = canvas.text(x, 0, fit(snapshot.pair, max(canvas.width - x, 0), theme.glyphs.ellipsis), theme.dim) + 2
    canvas.text(x, 0, _spark(scene, min(16, canvas.width - x)), theme.mi)


def in_short(reading: Reading) -> tuple[str, ...]:
    """The MI at the best delay, in longer and shorter words, none without its unit."""
    most = f"{number(reading.peak_mi)} {reading.unit}"
    lag = "" if reading.peak_lag is None else f" at {reading.peak_lag:+g} {lag_unit(reading)}".replace("-", "−")
    return (at_peak(reading), f"peak MI {most}{lag}", f"{most}{lag}", f"{most} delayed", most)


def _head(scene: Scene) -> Spans:
    """How far the picture can be trusted: frozen, or the state of the link, in words unless all is well."""
    theme, state = scene.theme, scene.worst_link
    if scene.state.message:
        return [(f"{scene.state.message} ", theme.strong)]
    if scene.behind is not None:
        return [(f"FROZEN {duration(scene.behind[0])} ago ", theme.warn)]
    glyph, pen = theme.state(state)
    return [(f"{glyph} " if state == "connected" else f"{glyph} {state} ", pen)]


def draw_waiting(canvas: Canvas, scene: Scene) -> None:
    """Say what is waited for."""
    theme = scene.theme
    # That nothing can be shown is not well, however the connection is.
    glyph, pen = theme.state("connecting" if scene.worst_link == "connected" else scene.worst_link)
    canvas.spans(0, 0, [(f"{glyph} ", pen)])
    room = canvas.width - 2
    if canvas.height == 1:
        canvas.text(2, 0, fit(_waiting(scene), room, theme.glyphs.ellipsis), theme.text)
        return
    note = scene.link_note if scene.snapshot is None else ""
    lines = [(line, theme.text) for line in wrap(_waiting(scene), room)]
    lines += [(line, theme.warn) for line in wrap(note, room)]
    for y, (line, line_pen) in enumerate(lines[: canvas.height]):
        canvas.text(2, y, line, line_pen)


def _waiting(scene: Scene) -> str:
    if scene.snapshot is not None:
        return waiting(scene)
    if not scene.endpoint:
        return "the monitor is starting"
    if scene.link not in ("connected", "stalled"):
        return f"waiting for a monitor at {scene.endpoint}"
    return f"connected to {scene.endpoint}; waiting for its first picture"


def _value(scene: Scene, reading: Reading) -> Spans:
    theme = scene.theme
    below = theme.glyphs.below_zero if strength(reading) < 0 else ""
    text = f"{number(max(strength(reading), 0.0))}{below}"
    what = "peak MI " if scene.delayed else "MI "
    spans = [(what, theme.dim), (text, pen_of_now(scene, theme.mi_strong))]
    spans.append((f" {reading.unit}", pen_of_now(scene, theme.mi)))
    if scene.warnings:
        spans.append((f" {theme.glyphs.warning}{scene.warnings[0]}", theme.warn))
    if reading.stderr is not None and not scene.delayed:  # it is of MI without delay
        spans.append((f" {theme.glyphs.plus_minus}{number(reading.stderr)}", theme.dim))
    return spans


def _linear(reading: Reading, scene: Scene) -> Spans:
    return [] if reading.pearson_r is None else [(f"r {signed(reading.pearson_r, 2)}", scene.theme.text)]


def _compared(reading: Reading, scene: Scene) -> Spans:
    """How strong that is, on the scale of r, beside r."""
    as_r = f"as |r| {number(linear_equivalent(reading), 2)}"
    return [(as_r, scene.theme.mi), ("  ", scene.theme.text), *_linear(reading, scene)]


def _spark(scene: Scene, width: int) -> str:
    if width < 1 or len(scene.past.t) < 2:
        return ""
    span = float(SPANS[shown_span(scene.past, scene.state.span)])
    return charts.sparkline(np.maximum(past.columns(scene.past, width, span).mi, 0.0), scene.theme.glyphs)
