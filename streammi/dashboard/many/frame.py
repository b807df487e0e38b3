"""Around table and matrix: header, the line of what has changed, the row under the cursor, footer, help."""

import numpy as np

from streammi.dashboard.drawing.canvas import Canvas
from streammi.dashboard.drawing.cells import columns, fit
from streammi.dashboard.drawing.theme import Theme
from streammi.dashboard.drawing.wording import clock, count, number, pace, signed
from streammi.dashboard.keys import Binding
from streammi.dashboard.many import keys
from streammi.dashboard.many.listed import Listed
from streammi.dashboard.many.marks import Toned
from streammi.dashboard.panels import bars
from streammi.dashboard.panels.help import draw_keys
from streammi.dashboard.panels.title import Spans, draw_fitting, flow, span_columns, titled
from streammi.dashboard.scene import Scene
from streammi.records.link_totals import lost, total


def draw_header(canvas: Canvas, scene: Scene, many: Listed) -> None:
    """Draw whose channels or devices these are and how the feed is."""
    theme, links = scene.live, many.source.links
    rate, (window, full) = total(links).rate, many.window
    more = [(clock(scene.wall if scene.stale or many.newest is None else many.newest, scene.zone), theme.bar)]
    if rate is not None and not scene.stale:
        more.append((pace(rate, many.pieces), theme.bar))
    if window:
        more.append((window, theme.bar_dim if full else theme.bar_warn))
    more += [(one.endpoint, theme.bar_dim) for one in links]
    bars.header(canvas, scene, many.title, many.what, more)


def draw_footer(canvas: Canvas, scene: Scene, many: Listed) -> None:
    """Draw what holds now, and the keys."""
    if many.state.typing:
        bars.footer(canvas, scene, (("enter", "keep"), ("esc", "end the filter"), ("^U", "empty it")))
        return
    words = keys.HINTS | {"shade": {"MI": "r", "r": "change", "change": "MI"}[many.state.shade]}
    if many.state.matrix:
        words["matrix"] = "table"
    by_action = {one.action: one for one in offered(scene, many)}
    hints = tuple((by_action[action].shown, word) for action, word in words.items() if action in by_action)
    bars.footer(canvas, scene, hints)


def offered(scene: Scene, many: Listed) -> list[Binding]:
    """The keys that do something on what is shown, as far as they are spoken of."""
    return [
        one for one in keys.BINDINGS
        if one.words
        and keys.works(many, one, len(scene.tabs))
        and (scene.state.reports or one.action != "report")
        and not (one.changes and scene.state.readonly)
    ]  # fmt: skip


def draw_news(canvas: Canvas, scene: Scene, many: Listed) -> None:
    """Draw one line: what has changed; else how it stands, or what is waited for."""
    x = draw_fitting(canvas, 0, 0, standing(scene, many), scene.theme)
    if many.changed_at is not None:
        when = f"since {clock(many.changed_at, scene.zone)}"
        if x + 2 + len(when) <= canvas.width:
            canvas.right(0, when, scene.theme.dim)


def standing(scene: Scene, many: Listed) -> Spans:
    """The line of what has changed, or how it stands."""
    return in_pens(many.standing(scene.theme.glyphs, stale=scene.stale), scene.theme)


def in_pens(words: list[Toned], theme: Theme) -> Spans:
    """Words by the pens of the theme that their tones name."""
    return [(word, getattr(theme, tone)) for word, tone in words]


def draw_chosen(canvas: Canvas, scene: Scene, many: Listed, number: int | None) -> None:
    """Draw the row under the cursor with its names in full and its numbers; below it how the feed is."""
    theme = scene.theme
    if many.itself:
        draw_fitting(canvas, 0, 0, [(many.itself, theme.x), (" with itself: no pair", theme.dim)], theme)
    if number is not None:
        x = canvas.spans(0, 0, _named(many, number, canvas.width, theme))
        numbers = numbers_of(many, theme, number)
        if x + 3 + span_columns(numbers) <= canvas.width:
            canvas.spans(x + 3, 0, numbers)
        else:
            draw_fitting(canvas, 0, 1, numbers, theme)
    if canvas.height >= 3:
        flow(canvas.part(0, canvas.height - 1, canvas.width, 1), feed(scene, many), scene.of_feed)


def _named(many: Listed, number: int, width: int, theme: Theme) -> Spans:
    """The names of a row, in full where there is room."""
    first, *others = many.names(number)
    if not others:
        return [(fit(first, width, theme.glyphs.ellipsis), theme.x)]
    second, room = others[0], width - 3
    if columns(first) + columns(second) > room:
        longest = room // 2
        first = fit(first, max(longest, room - columns(second)), theme.glyphs.ellipsis)
        second = fit(second, room - columns(first), theme.glyphs.ellipsis)
    return [(first, theme.x), (" ~ ", theme.dim), (second, theme.y)]


def numbers_of(many: Listed, theme: Theme, number_: int) -> Spans:
    """The numbers of one row in words."""
    one = np.array([number_])
    mi, r, change = (float(values[0]) for values in (many.mi(one), many.r(one), many.change(one)))
    ((word, tone),) = many.words(one)
    spans: Spans = [
        ("MI ", theme.dim), (number(mi if mi != mi else max(mi, 0.0)), theme.mi_strong), (f" {many.unit}", theme.mi),
        ("  r ", theme.dim), (signed(r, 2), theme.text),
    ]  # fmt: skip
    if change == change:
        spans += [("  usually ", theme.dim), (number(mi - change), theme.text), (f" {many.unit}", theme.dim)]
    for name, value in many.evidence(number_):
        spans += [(f"  {name} ", theme.dim), (f"{value:.2g}" if value == value else "—", theme.text)]
    spans.append((f"  {word}", getattr(theme, tone)))
    if through := many.through(number_):
        spans.append((f" through {through}", theme.text))
    return spans


def feed(scene: Scene, many: Listed) -> list[Spans]:
    """Words on the feed: what was lost, what is missing, and its notes."""
    theme, link = scene.of_feed, total(many.source.links)
    troubles = [words for words in (lost(link), link.note) if words]
    facts: list[Spans] = [[(f"{theme.glyphs.warning} {words}", theme.warn)] for words in troubles]
    known = [*many.totals, (count(link.messages), " messages")]
    known += [(count(link.nonfinite), many.incomplete)] if link.nonfinite else []
    return facts + [[(number_, theme.text), (of_what, theme.dim)] for number_, of_what in known]


def draw_help(canvas: Canvas, scene: Scene, many: Listed) -> None:
    """Draw one line a key; beside or below them the marks, where there is room."""
    theme = scene.live
    body = titled(canvas, theme, "KEYS", "any key closes")
    shown = offered(scene, many)
    if not draw_keys(body, shown, theme):
        return
    marks, used = many.marks(theme.glyphs), len(shown) + 1
    beside = body.width >= HELP_WIDTH
    x, top = (HELP_WIDTH // 2, 0) if beside else (0, used)
    for y, (mark, words) in enumerate(marks[: max(body.height - top, 0)], top):
        body.spans(x + 1, y, in_pens([mark], theme))
        body.text(x + 13, y, fit(words, body.width - x - 13, theme.glyphs.ellipsis), theme.text)


HELP_WIDTH = 132  # columns of keys and marks side by side
