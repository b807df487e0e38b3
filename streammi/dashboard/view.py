"""Snapshot to picture: which panels are shown at which size. Pure: the same inputs give the same cells."""

from streammi.dashboard import panels
from streammi.dashboard.canvas import Canvas
from streammi.dashboard.heatmap import LABEL_COLUMNS, MARGINAL_COLUMNS
from streammi.dashboard.keys import BINDINGS
from streammi.dashboard.panels import Drawing
from streammi.dashboard.state import Panel, State
from streammi.dashboard.text import fit, number
from streammi.dashboard.theme import Theme
from streammi.records import Snapshot

KEYS_LINE = "q quit  space freeze  ? help  u unit  m heatmap  e enlarge  + - zoom  ← → scroll  c colours  s save"
SMALLEST = (20, 3)  # below this there is one line


def draw(
    snapshots: list[Snapshot], state: State, theme: Theme, width: int, height: int, waiting: str, now: float
) -> Canvas:
    """The picture of the chosen pair, ``width`` x ``height`` cells; ``waiting`` is said while there is none."""
    canvas = Canvas(width, height)
    if not snapshots:
        canvas.text(0, 0, fit(f"streammi  {waiting}", width), theme.dim)
        return canvas
    d = Drawing(snapshots[state.pair % len(snapshots)], state, theme)
    frozen_for = None if state.frozen_at is None else now - state.frozen_at
    if width < SMALLEST[0] or height < SMALLEST[1]:
        _one_line(canvas, d)
        return canvas
    panels.header(canvas.part(0, 0, width, 1), d, frozen_for)
    roomy = height >= 10
    body = canvas.part(0, 1, width, height - 1 - roomy)
    if roomy:
        panels.footer(canvas.part(0, height - 1, width, 1), d, KEYS_LINE)
    if state.help:
        _help(body, theme)
    elif state.enlarged is not None:
        _PANELS[state.enlarged](body, d)
    elif width >= 72 and height >= 18:
        _wide(body, d)
    else:
        _narrow(body, d)
    return canvas


def shown_panels(snapshot: Snapshot) -> tuple[Panel, ...]:
    """The panels that have something to say, in the order in which ``e`` goes through them."""
    has: dict[Panel, bool] = {
        "chart": True,
        "heatmap": snapshot.counts is not None,
        "delays": snapshot.profile is not None,
        "events": bool(snapshot.events),
        "feed": bool(snapshot.links),
    }
    return tuple(panel for panel, something in has.items() if something)


_PANELS = {
    "chart": panels.chart,
    "heatmap": panels.heatmap,
    "delays": panels.delays,
    "events": panels.events,
    "feed": panels.feed,
}


def _one_line(canvas: Canvas, d: Drawing) -> None:
    reading, theme = d.snapshot.reading, d.theme
    if d.link is not None:
        canvas.text(0, 0, theme.state(d.link.state)[0], theme.state(d.link.state)[1])
    if reading is None:
        canvas.text(2, 0, "waiting", theme.dim)
    else:
        canvas.text(
            2,
            0,
            fit(f"MI {number(max(reading.mi_corrected, 0.0) * d.factor)} {d.unit}", canvas.width - 2),
            theme.mi_strong,
        )


def _narrow(body: Canvas, d: Drawing) -> None:
    """MI, the line, the bar: what fits, in the order of what matters."""
    width, left = body.width, body.height
    now_rows = min(3, left)
    panels.now(body.part(0, 0, width, now_rows), d)
    bar = 1 if left - now_rows >= 4 else 0
    if left - now_rows - bar >= 4:
        panels.chart(body.part(0, now_rows, width, left - now_rows - bar), d)
    if bar:
        panels.entropies(body.part(0, left - 1, width, 1), d)


def _wide(body: Canvas, d: Drawing) -> None:
    """Left MI and its past, right the shape; below, over the whole width, entropies, events and the feed."""
    width, height = body.width, body.height
    has_events = bool(d.snapshot.events)
    event_rows = min(2 + len(d.snapshot.events), 8 if height >= 34 else 4) if has_events and height >= 26 else 0
    feed_rows = 1 if width >= 110 or height < 24 else 2
    bottom = 3 + feed_rows + event_rows
    top, gap = height - bottom, 2
    right = _heatmap_width(d, width, top)
    left = width - right - gap
    panels.now(body.part(0, 1, left, 4), d)
    delay_rows = max(top // 4, 5) if d.snapshot.profile is not None and top >= 20 else 0
    panels.chart(body.part(0, 6, left, top - 6 - delay_rows), d)
    if delay_rows:
        panels.delays(body.part(0, top - delay_rows + 1, left, delay_rows - 1), d)
    panels.heatmap(body.part(left + gap, 1, right, top - 1), d)
    panels.entropies(body.part(0, top + 1, width, 2), d)
    panels.feed(body.part(0, top + 3, width, feed_rows), d)
    if event_rows:
        panels.events(body.part(0, top + 3 + feed_rows, width, event_rows), d)


def _heatmap_width(d: Drawing, width: int, height: int) -> int:
    """As wide as whole columns a bin make it, up to half the screen and about as wide as high."""
    bins = 16 if d.snapshot.counts is None else max(d.snapshot.counts.shape[0], 1)
    around = LABEL_COLUMNS + MARGINAL_COLUMNS
    room = min(width // 2, 2 * height + around) - around
    return around + max(bins * (room // bins), min(room, 24))


def _help(body: Canvas, theme: Theme) -> None:
    rest = panels.title(body, "keys", theme)
    shown = [binding for binding in BINDINGS if binding.words]
    for row, binding in enumerate(shown[: rest.height]):
        rest.text(1, row, binding.shown, theme.mi_strong)
        rest.text(11, row, fit(binding.words, rest.width - 11), theme.text)
