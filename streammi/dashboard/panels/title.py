"""What panels share: the line above each, and words that flow."""

from streammi.dashboard.canvas import Canvas
from streammi.dashboard.text import columns, fit
from streammi.dashboard.theme import Theme

Spans = list[tuple[str, int]]  # texts, each with its pen


def titled(canvas: Canvas, theme: Theme, title: str, *infos: str | Spans) -> Canvas:
    """Draw the title line, at its right end the first of ``infos`` for which there is room; return what is below."""
    title = fit(title, canvas.width, theme.glyphs.ellipsis)
    left = columns(title) + 1
    canvas.text(0, 0, title, theme.title)
    canvas.text(left, 0, theme.glyphs.across * (canvas.width - left), theme.faint)
    for info in infos:
        spans = [(info, theme.dim)] if isinstance(info, str) else info
        start = canvas.width - span_columns(spans)
        if left + 2 < start < canvas.width:
            canvas.text(start - 1, 0, " ")
            canvas.spans(start, 0, spans)
            break
    return canvas.part(0, 1, canvas.width, canvas.height - 1)


def span_columns(spans: Spans) -> int:
    """Return how many columns the texts take together."""
    return sum(columns(text) for text, _ in spans)


def flow(canvas: Canvas, facts: list[Spans]) -> None:
    """Write the facts one after the other, on the next line where one does not fit."""
    x = y = 0
    for spans in facts:
        width = span_columns(spans)
        if x and x + width > canvas.width:
            x, y = 0, y + 1
        x = canvas.spans(x, y, spans) + 2
