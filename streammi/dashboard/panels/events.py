"""The event log, newest first."""

from collections.abc import Sequence

from streammi.dashboard.drawing.canvas import Canvas
from streammi.dashboard.drawing.cells import columns, fit, wrap
from streammi.dashboard.drawing.theme import Theme
from streammi.dashboard.drawing.wording import clock, count, duration, number, signed
from streammi.dashboard.panels.title import titled
from streammi.dashboard.scene import Scene
from streammi.records import Event
from streammi.records.events import kind_of

LEAST_SIZE = (30, 2)

LEAST_WORDS = 20  # columns in which a sentence can be broken into lines


def says(scene: Scene) -> bool:
    """True if something happened."""
    return bool(scene.events)


def draw(canvas: Canvas, scene: Scene) -> None:
    """Draw one event a line: when, what, how much, and the evidence."""
    theme = scene.theme
    events = scene.events[::-1]
    kept = f"{count(len(events))} kept" if events else ""
    scrolls = scene.state.enlarged == "events" and len(events) > 1 and not scene.state.readonly
    body = titled(canvas, theme, "EVENTS", f"{kept}, ↑ ↓ scroll" if scrolls else kept)
    if not events:
        body.text(0, 0, "none since the start", theme.dim)
    y = 0
    whole = scene.state.enlarged == "events" or _rows(events, body.width, scene) <= body.height
    for event in events[scene.state.scrolled :]:
        if y >= body.height:
            break
        glyph, pen = glyph_of(event, theme)
        x = body.spans(0, y, [(f"{clock(event.timestamp, scene.zone)} ", theme.dim), (f"{glyph} ", pen)])
        x = body.text(x, y, fit(event_words(event), body.width - x, theme.glyphs.ellipsis), theme.strong) + 1
        room = body.width - x
        broken = whole and room > LEAST_WORDS
        for line in wrap(event.evidence, room) if broken else [fit(event.evidence, room, theme.glyphs.ellipsis)]:
            body.text(x, y, line, theme.dim)
            y += 1
        y += not event.evidence


def _rows(events: Sequence[Event], width: int, scene: Scene) -> int:
    """How many rows all events take, their evidence in whole."""
    room = [width - columns(f"{clock(event.timestamp, scene.zone)}   {event_words(event)} ") for event in events]
    return sum(max(len(wrap(event.evidence, max(r, 1))), 1) for event, r in zip(events, room, strict=True))


def glyph_of(event: Event, theme: Theme) -> tuple[str, int]:
    """The mark of an event of this kind, in the log and in the chart."""
    kind = kind_of(event)
    return getattr(theme.glyphs, kind.mark), getattr(theme, kind.tone)


def event_words(event: Event) -> str:
    """The event in words: what happened, to which signal, and how much, with its unit."""
    signal = "" if event.signal == "both" else f" {event.signal}"
    if event.rule:  # the number is in its evidence
        return f"{event.kind}{signal} {event.rule}"
    if event.size is None:
        return f"{event.kind}{signal}"
    if event.unit == "share":
        return f"{event.kind}{signal} {event.size:.1%}"
    if event.unit == "s":
        return f"{event.kind}{signal} {duration(event.size)}"
    change = signed if kind_of(event).signed else number
    unit = "sample" if event.unit == "samples" and abs(event.size) == 1 else event.unit
    return f"{event.kind}{signal} {change(event.size, 2 if unit in ('bit', 'nat', 'ban') else 0)} {unit}"
