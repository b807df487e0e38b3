"""Scene to picture: a pure function; the same scene and size give the same cells."""

from streammi.dashboard.drawing.canvas import Canvas
from streammi.dashboard.drawing.cells import ascii_cells, wrap
from streammi.dashboard.layout import Area, PanelName, arrange, enlarged, layout_for
from streammi.dashboard.many import view as many_view
from streammi.dashboard.panels import PANELS, bars, help, small
from streammi.dashboard.scene import Scene

TABS_FROM = 10  # rows


def render(scene: Scene, width: int, height: int) -> Canvas:
    """The picture of ``scene``, ``width`` x ``height`` cells."""
    canvas = Canvas(width, height)
    if scene.many is not None:
        many_view.draw(canvas, scene, scene.many)
    else:
        _draw(canvas, scene)
    if scene.theme.glyphs.name == "ascii":
        canvas.glyphs = ascii_cells(canvas.glyphs)
    return canvas


def _draw(canvas: Canvas, scene: Scene) -> None:
    width, height = canvas.width, canvas.height
    layout = layout_for(width, height)
    if layout == "line":
        small.draw_lines(canvas, scene)
        return
    bars.draw_header(canvas.part(0, 0, width, 1), scene)
    bars.draw_footer(canvas.part(0, height - 1, width, 1), scene, layout)
    top = 1
    if len(scene.tabs) > 1 and height >= TABS_FROM:
        bars.draw_tabs(canvas.part(0, 1, width, 1), scene)
        top = 2
    margin = int(layout != "small")
    body = Area(margin, top, width - 2 * margin, height - top - 1)
    if scene.state.help:
        help.draw(canvas.part(*body), scene, layout)
    elif scene.snapshot is None:
        small.draw_waiting(canvas.part(*body), scene, layout)
    elif scene.state.enlarged is not None and enlargeable(scene, scene.state.enlarged):
        _enlarged(canvas, body, scene, scene.state.enlarged)
    elif layout == "small":
        small.draw(canvas.part(*body), scene)
    else:
        for name, area in arrange(layout, body, speaking(scene)):
            PANELS[name].draw(canvas.part(*area), scene)


def enlargeable(scene: Scene, name: PanelName) -> bool:
    """True if a panel can fill the screen: it has something to say, or is the log, whose emptiness says something."""
    return name == "events" or PANELS[name].says(scene)


def _enlarged(canvas: Canvas, body: Area, scene: Scene, name: PanelName) -> None:
    columns, rows = PANELS[name].LEAST_SIZE
    if body.width < columns or body.height < rows:
        words = f"{name} needs {columns} x {rows}, here are {body.width} x {body.height}"
        for y, line in enumerate(wrap(words, body.width)):
            canvas.part(*body).text(0, y, line, scene.theme.warn)
        return
    for shown, area in enlarged(name, body, speaking(scene)):
        PANELS[shown].draw(canvas.part(*area), scene)


def speaking(scene: Scene) -> tuple[PanelName, ...]:
    """The panels that have something to say, in the order in which they are enlarged."""
    return tuple(name for name, panel in PANELS.items() if panel.says(scene))
