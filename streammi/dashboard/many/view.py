"""The picture of many channels, or devices: where everything goes, at each size.

==================  ==============================================================
60 x 14 and more    header, what has changed, the table, the pair under the cursor
24 x 7 and more     header, the table, footer
less                what has changed, and the first pair, in as many lines as there are
==================  ==============================================================
"""

from streammi.dashboard.drawing.canvas import Canvas
from streammi.dashboard.drawing.names import fit_middle
from streammi.dashboard.layout import LEAST, Area, layout_for
from streammi.dashboard.many import frame, matrix, table
from streammi.dashboard.many.choices import Room
from streammi.dashboard.many.listed import Listed
from streammi.dashboard.many.pair_list import Many
from streammi.dashboard.panels import bars, events
from streammi.dashboard.panels.title import draw_fitting, span_columns
from streammi.dashboard.scene import Scene

NEWS_FROM = 10  # rows
PAIR_FROM, FEED_FROM = 14, 20


def draw(canvas: Canvas, scene: Scene, many: Listed) -> None:
    """Draw all of it."""
    width, height = canvas.width, canvas.height
    if layout_for(width, height) == "line":
        draw_lines(canvas, scene, many)
        return
    frame.draw_header(canvas.part(0, 0, width, 1), scene, many)
    frame.draw_footer(canvas.part(0, height - 1, width, 1), scene, many)
    body = body_of(width, height, len(scene.tabs))
    if body.y == 2:
        bars.draw_tabs(canvas.part(0, 1, width, 1), scene)
    if scene.state.help:
        frame.draw_help(canvas.part(*body), scene, many)
        return
    if scene.state.enlarged == "events":
        events.draw(canvas.part(*body), scene)
        return
    news, main, pair = parts_of(body)
    if news.height:
        frame.draw_news(canvas.part(*news), scene, many)
    if isinstance(many, Many) and many.state.matrix:
        matrix.draw(canvas.part(*main), scene, many)
    else:
        table.draw(canvas.part(*main), scene, many)
    if pair.height:
        frame.draw_chosen(canvas.part(*pair), scene, many, many.chosen)


def body_of(width: int, height: int, tabs: int) -> Area:
    """All between header and footer, and between margins where it is wide."""
    top = 2 if tabs > 1 and height >= NEWS_FROM else 1
    margin = int(width >= LEAST["compact"][0])
    return Area(margin, top, width - 2 * margin, height - top - 1)


def parts_of(body: Area) -> tuple[Area, Area, Area]:
    """The line of what has changed, the table or the matrix, and the pair under the cursor with the feed below it."""
    news = int(body.height >= NEWS_FROM - 2)
    below = 0 if body.height < PAIR_FROM - 2 else 2 if body.height < FEED_FROM - 2 else 3
    first, rest = body.rows(news)
    main, last = rest.rows(rest.height - below)
    return first, main, last


def room_of(scene: Scene, many: Listed, width: int, height: int) -> Room:
    """The part that is seen of table or matrix on a terminal of this size."""
    _, main, _ = parts_of(body_of(width, height, len(scene.tabs)))
    if not isinstance(many, Many) or not many.state.matrix:
        return Room(page=max(main.height - 2, 1))
    shape = matrix.shape_of(many, scene.theme, main.width, max(main.height - 1, 1))
    return Room(max(shape.down // max(shape.scale, 1), 1), shape.step, shape.of_all)


def draw_lines(canvas: Canvas, scene: Scene, many: Listed) -> None:
    """Draw up to six short lines: what has changed, and the first pairs."""
    theme = scene.theme
    glyph, pen = scene.live.state(scene.worst_link)
    x = canvas.spans(0, 0, [(f"{glyph} ", pen)])
    draw_fitting(canvas, x, 0, frame.standing(scene, many), theme)
    for y, pair in enumerate(many.order[: canvas.height - 1].tolist(), 1):
        numbers = frame.numbers_of(many, theme, pair)[1:3]
        room = canvas.width - span_columns(numbers) - 1
        name = fit_middle(" ~ ".join(many.names(pair)), max(room, 1), theme.glyphs.ellipsis)
        canvas.spans(0, y, [(name, theme.text)])
        canvas.spans(canvas.width - span_columns(numbers), y, numbers)
