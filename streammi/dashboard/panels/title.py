"""The parts that panels share: the line above each, and words that flow."""

from functools import lru_cache

from streammi.dashboard.drawing.canvas import Canvas
from streammi.dashboard.drawing.cells import columns, fit, wrap
from streammi.dashboard.drawing.theme import Theme
from streammi.records.verdict import in_brief

Spans = list[tuple[str, int]]  # texts, each with its pen


def titled(canvas: Canvas, theme: Theme, title: str, *infos: str | Spans) -> Canvas:
    """Draw the title line, at its right end the first of ``infos`` for which there is room; return what is below."""
    title, line = _title_line(title, canvas.width, theme.glyphs.ellipsis, theme.glyphs.across)
    left = canvas.text(0, 0, title, theme.title)
    canvas.text(left, 0, line, theme.faint)
    left += 1
    for info in infos:
        spans = [(info, theme.dim)] if isinstance(info, str) else info
        start = canvas.width - span_columns(spans)
        if left + 2 < start < canvas.width:
            (first, pen), *others = spans
            canvas.spans(start - 1, 0, [(f" {first}", pen), *others])
            break
    return canvas.part(0, 1, canvas.width, canvas.height - 1)


@lru_cache
def _title_line(title: str, width: int, ellipsis: str, across: str) -> tuple[str, str]:
    """The title as far as it fits, and the line after it."""
    title = fit(title, width, ellipsis)
    return title, " " + across * (width - columns(title) - 1)


def span_columns(spans: Spans) -> int:
    """How many columns the texts take together."""
    return sum(columns(text) for text, _ in spans)


def fitting(spans: Spans, width: int, ellipsis: str) -> Spans:
    """The texts without those at the end for which there is no room; the first one cut where there is none for it."""
    kept = spans
    while len(kept) > 1 and span_columns(kept) > width:
        kept = kept[:-1]
    return kept if span_columns(kept) <= width else [(fit(text, width, ellipsis), pen) for text, pen in kept]


@lru_cache
def verdict_lines(words: str, width: int, most: int, ellipsis: str) -> tuple[str, ...]:
    """A verdict in one to ``most`` lines: in brief where there is no room for all of it, and else cut."""
    lines = wrap(words, width) or [""]
    if len(lines) > most:
        lines = wrap(in_brief(words), width)
    if len(lines) > most:
        lines[most - 1 :] = [fit(" ".join(lines[most - 1 :]), width, ellipsis)]
    return tuple(lines)


def flow(canvas: Canvas, facts: list[Spans], theme: Theme) -> None:
    """Write the facts one after the other, on the next line where one does not fit; where not all fit, an ellipsis."""
    x = y = 0
    for k, spans in enumerate(facts, 1):
        last = y == canvas.height - 1
        if x and x + span_columns(spans) + (2 if last and k < len(facts) else 0) > canvas.width:
            if last:
                canvas.text(x - 1, y, theme.glyphs.ellipsis, theme.dim)
                return
            x, y = 0, y + 1
        x = draw_fitting(canvas, x, y, spans, theme) + 2


def draw_fitting(canvas: Canvas, x: int, y: int, spans: Spans, theme: Theme) -> int:
    """Write the texts as far as there is room, the last one cut; return the column after them."""
    for text, pen in spans:
        x = canvas.text(x, y, fit(text, canvas.width - x, theme.glyphs.ellipsis), pen)
        if x >= canvas.width:
            break
    return x


def flow_rows(facts: list[Spans], width: int) -> int:
    """How many lines ``flow`` takes for the facts."""
    x = y = 0
    for spans in facts:
        columns_ = span_columns(spans)
        if x and x + columns_ > width:
            x, y = 0, y + 1
        x += columns_ + 2
    return y + bool(facts)
