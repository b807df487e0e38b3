"""The panels where there is little room: one column, a few lines, one line."""

import numpy as np

from streammi.dashboard.drawing import charts, history_columns as past
from streammi.dashboard.drawing.canvas import Canvas
from streammi.dashboard.drawing.cells import columns, fit, wrap
from streammi.dashboard.drawing.history_columns import SPANS, shown_span
from streammi.dashboard.drawing.wording import duration, number, signed
from streammi.dashboard.layout import LayoutName
from streammi.dashboard.panels import bars, entropy, help, history
from streammi.dashboard.panels.now import filling, lasting, stale, trend, waiting, waiting_lines
from streammi.dashboard.panels.title import Spans, span_columns, verdict_lines
from streammi.dashboard.scene import Scene, linear_equivalent
from streammi.records import Reading, Snapshot
from streammi.records.verdict import at_peak, lag_unit, strength

TWO_LINES_FROM = 9  # rows: a verdict may have two of them, and the chart has enough
STARTS_IN = 3.0  # s, once it is compiled


def draw(canvas: Canvas, scene: Scene) -> None:
    """Draw MI, the verdict, the line over time and the entropies below each other."""
    theme, reading = scene.theme, scene.reading
    if reading is None:
        draw_waiting(canvas, scene, "small")
        return
    assert scene.snapshot is not None
    value = _first_fitting(_values(scene, reading), canvas.width)
    _at_both_ends(canvas, 0, value, [_compared(reading, scene), _linear(reading, scene)])
    beside = stale(scene) if scene.stale else filling(scene, reading) if reading.fill < 1 else trend(scene, reading)
    most = 1 + (canvas.height >= TWO_LINES_FROM)
    words = verdict_lines(scene.snapshot.verdict, canvas.width, most, theme.glyphs.ellipsis)
    for y, line in enumerate(words, 1):
        rights = [beside[:2], beside[:1]] if y == len(words) else []
        _at_both_ends(canvas, y, [(line, theme.strong)], rights)
    top = 1 + len(words)
    bar = int(entropy.says(scene) and canvas.height >= 7)
    if bar:
        entropy.draw_labelled_bar(canvas.part(0, canvas.height - 1, canvas.width, 1), scene)
    if history.says(scene):
        history.draw_chart(canvas.part(0, top, canvas.width, canvas.height - top - bar), scene, scene.unit)


def _at_both_ends(canvas: Canvas, y: int, left: Spans, rights: list[Spans]) -> None:
    """Write a line, and at its end the first of what belongs there for which there is room."""
    x = canvas.spans(0, y, left) + 1
    right = _first_fitting(rights, canvas.width - x)
    canvas.spans(canvas.width - span_columns(right), y, right)


def _first_fitting(choices: list[Spans], width: int) -> Spans:
    return next((spans for spans in choices if span_columns(spans) <= width), [])


def draw_lines(canvas: Canvas, scene: Scene) -> None:
    """Draw up to five lines: state and pair, MI, the verdict, the past, correlation; all in one where there is one."""
    theme, reading = scene.theme, scene.reading
    if scene.state.help:
        help.draw(canvas, scene, "line")
        return
    if reading is None:
        draw_waiting(canvas, scene, "line")
        return
    snapshot = scene.snapshot
    assert snapshot is not None
    if canvas.height == 1:
        _draw_one_line(canvas, scene, snapshot, reading)
        return
    words = verdict_lines(snapshot.verdict, canvas.width, max(canvas.height - 3, 1), theme.glyphs.ellipsis)
    last = canvas.height - 3 - len(words)
    head = _first_fitting(_heads(scene), canvas.width)
    x = canvas.spans(0, 0, head)
    canvas.text(x, 0, fit(snapshot.pair, canvas.width - x, theme.glyphs.ellipsis), scene.live.title)
    canvas.spans(0, 1, _first_fitting(_values(scene, reading), canvas.width))
    canvas.text(0, 2, _spark(scene, canvas.width), theme.mi)
    for y, line in enumerate(words, 3):
        canvas.text(0, y, line, theme.text)
    if last > 0:
        _at_both_ends(canvas, canvas.height - 1, _linear(reading, scene), [trend(scene, reading)[:1]])


def _draw_one_line(canvas: Canvas, scene: Scene, snapshot: Snapshot, reading: Reading) -> None:
    """The state, MI, what it means, whose it is, and the past, as far as there is room: what matters most first."""
    theme, verdict = scene.theme, snapshot.verdict
    heads, values = _heads(scene), _values(scene, reading)
    if scene.delayed:  # the words have the number in them
        values = [[(words, theme.strong)] for words in (verdict, *in_short(reading))]
        lines = [[*head, *value] for head in heads for value in values]
    else:
        whole = [[*value, (f" {verdict}", theme.strong)] for value in values]
        lines = [[*heads[0], *value] for value in whole] + [[*head, *value] for head in heads for value in values]
    line = _first_fitting(lines, canvas.width)
    x = canvas.spans(0, 0, line)
    if line and verdict not in line[-1][0] and not scene.delayed:
        x = canvas.text(x + 1, 0, fit(verdict, max(canvas.width - x - 1, 0), theme.glyphs.ellipsis), theme.strong)
    x = canvas.text(x + 2, 0, fit(snapshot.pair, max(canvas.width - x - 2, 0), theme.glyphs.ellipsis), theme.dim) + 2
    canvas.text(x, 0, _spark(scene, min(16, canvas.width - x)), theme.mi)


def in_short(reading: Reading) -> tuple[str, ...]:
    """The MI at the best delay, in longer and shorter words, none without its unit."""
    most = f"{number(reading.peak_mi)} {reading.unit}"
    lag = "" if reading.peak_lag is None else f" at {reading.peak_lag:+g} {lag_unit(reading)}".replace("-", "−")
    return (at_peak(reading), f"peak MI {most}{lag}", f"{most}{lag}", f"{most} delayed", most)


def _heads(scene: Scene) -> list[Spans]:
    """How far the picture can be trusted: frozen, or the state of the link, in longer and shorter words.

    Of several pairs also which one it is, and what the others' trouble is.
    """
    theme, state = scene.live, scene.worst_link
    if scene.state.message:
        return [[(f"{scene.state.message} ", theme.strong)], []]
    beside = _others(scene)
    if scene.behind is not None:
        since = duration(scene.behind[0])
        return [[(words, theme.warn), *beside] for words in (f"FROZEN {since} ago ", f"FROZEN {since} ", "FROZEN ")]
    glyph, pen = theme.state(state)
    if state == "connected":
        return [[(f"{glyph} ", pen), *beside], [(f"{glyph} ", pen), *beside[1:]]]
    lasted = lasting(scene)
    words = dict.fromkeys((lasted, lasted.removeprefix(" for"), ""))
    heads = [[(f"{glyph} {state}{word} ", pen), *beside] for word in words] + [[(f"{glyph} ", pen), *beside]]
    return [*heads, [(f"{glyph} ", pen), *beside[1:]]]


def _others(scene: Scene) -> Spans:
    number = next((f"{k} " for k, tab in enumerate(scene.tabs, 1) if tab.key == scene.shown), "")
    trouble = bars.others(scene)
    alarm = f"{scene.theme.glyphs.alarm} {scene.alarms[0][1].rule} " if scene.alarms else ""
    return [
        (number, scene.live.dim),
        (f"({trouble[-1]}) " if trouble else "", scene.live.bad),
        (alarm, scene.live.bad),
    ]


def draw_waiting(canvas: Canvas, scene: Scene, layout: LayoutName) -> None:
    """Say what is waited for."""
    theme = scene.live
    # That nothing can be shown is not well, however the connection is.
    glyph, pen = theme.state("connecting" if scene.worst_link == "connected" else scene.worst_link)
    x = canvas.spans(0, 0, [(f"{glyph} ", pen), *(_others(scene) if layout == "line" else [])])
    room = canvas.width - x
    if canvas.height == 1:
        words = _waiting(scene)
        text = next((one for one in words if columns(one) <= room), words[-1])
        canvas.text(x, 0, fit(text, room, theme.glyphs.ellipsis), theme.text)
        return
    note = scene.link_note if scene.snapshot is None else ""
    words_of = waiting_lines(_waiting(scene), room, canvas.height, theme.glyphs.ellipsis)
    lines = [(line, theme.text) for line in words_of]
    lines += [(line, theme.warn) for line in wrap(note, room)]
    for y, (line, line_pen) in enumerate(lines[: canvas.height]):
        canvas.text(x, y, line, line_pen)


def _waiting(scene: Scene) -> tuple[str, ...]:
    if scene.snapshot is not None:
        return waiting(scene)
    if not scene.endpoint:
        late = (scene.link_seconds or 0.0) >= STARTS_IN
        return ("the monitor is starting" + (": its very first start compiles it, some 20 s" if late else ""),)
    if scene.link not in ("connected", "stalled"):
        return (f"waiting for a monitor at {scene.endpoint}",)
    return (f"connected to {scene.endpoint}; waiting for its first picture",)


def _values(scene: Scene, reading: Reading) -> list[Spans]:
    """MI with its unit and what to know of it; and shorter, but never without its unit."""
    theme = scene.theme
    below = theme.glyphs.below_zero if strength(reading) < 0 else ""
    bare = [(f"{number(max(strength(reading), 0.0))}{below}", theme.mi_strong), (f" {reading.unit}", theme.mi)]
    named = [("peak MI " if scene.delayed else "MI ", theme.dim), *bare]
    values = [bare, named]
    mark = theme.glyphs.warning
    warning = f"{reading.fill:.0%} full" if reading.fill < 1 else scene.warnings[0] if scene.warnings else ""
    if warning:
        values += [[*spans, (f" {mark}{warning}", theme.warn)] for spans in (bare, named)]
    if reading.stderr is not None and not scene.delayed:  # it is of MI without delay
        values.append([*values[-1], (f" {theme.glyphs.plus_minus}{number(reading.stderr)}", theme.dim)])
    return values[::-1]


def _linear(reading: Reading, scene: Scene) -> Spans:
    return [] if reading.pearson_r is None else [(f"r {signed(reading.pearson_r, 2)}", scene.theme.text)]


def _compared(reading: Reading, scene: Scene) -> Spans:
    """How strong that is, on the scale of r, beside r."""
    as_r = f"as |r| {number(linear_equivalent(strength(reading), reading.unit), 2)}"
    return [(as_r, scene.theme.mi), ("  ", scene.theme.text), *_linear(reading, scene)]


def _spark(scene: Scene, width: int) -> str:
    if width < 1 or len(scene.past.t) < 2:
        return ""
    span = float(SPANS[shown_span(scene.past, scene.state.span)])
    return charts.sparkline(np.maximum(past.columns(scene.past, width, span).mi, 0.0), scene.theme.glyphs)
