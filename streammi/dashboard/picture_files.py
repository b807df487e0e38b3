"""Pictures on disk: the screen as SVG by Rich, the charts as PNG, and the state behind them as JSON."""

import io
import re
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from pathlib import Path

import msgspec
import numpy as np
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.terminal_theme import TerminalTheme

from streammi.dashboard.capabilities import Look
from streammi.dashboard.drawing.canvas import SPACE, Canvas
from streammi.dashboard.drawing.cells import cell_text
from streammi.dashboard.drawing.glyphs import BRAILLE
from streammi.dashboard.drawing.pens import Pens
from streammi.dashboard.drawing.raster import ACROSS, GROUNDS, UP, drawn, inked, png, raster
from streammi.dashboard.drawing.theme import Theme
from streammi.dashboard.drawing.wording import clock
from streammi.dashboard.panels import heatmap, history
from streammi.dashboard.scene import Scene
from streammi.dashboard.viewer import Viewer
from streammi.records import MatrixSnapshot, Snapshot

_CELL_X, _CELL_Y = 12.2, 24.4  # of Rich's SVG: 0.61 and 1.22 of its font's 20 units
# The template without its fonts from the web: a picture is shown as it is wherever it is looked at, GitHub included.
_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_TEMPLATE = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code, monospace", _FONTS
)
CHART = (60, 24)  # cells of each chart of the PNG
# xterm's sixteen colours, but for a blue that can be read on black.
_NORMAL = "000000 cd0000 00cd00 cdcd00 3b6fe0 cd00cd 00cdcd e5e5e5"
_BRIGHT = "7f7f7f ff0000 00ff00 ffff00 6c9cff ff00ff 00ffff ffffff"


def save(folder: Path, viewer: Viewer, size: tuple[int, int]) -> list[Path]:
    """Write what is on the screen as NAME.svg, NAME.png and NAME.json; return the paths.

    Raises OSError when that cannot be done; a file that is there is never overwritten.
    """
    scene = viewer.scene()
    shown = scene.snapshot or (scene.many.source if scene.many is not None else None)
    if shown is None:
        return []
    title, canvas = shown.pair if isinstance(shown, Snapshot) else shown.name, viewer.canvas(*size)
    contents = {
        "svg": svg(canvas, scene.theme, f"streammi {title}").encode(),
        "png": png(raster(canvas if scene.snapshot is None else charts(scene), scene.theme)),
        "json": state_json(shown),
    }
    paths = []
    for suffix, content in contents.items():
        path = folder / f"{name_of(title, shown.timestamp, scene.zone)}.{suffix}"
        with path.open("xb") as file:
            file.write(content)
        paths.append(path)
    return paths


def name_of(title: str, timestamp: float, zone: tzinfo | None = None) -> str:
    """The name of what is saved of a pair, or of many channels, at a time.

    >>> from datetime import timezone
    >>> name_of("a/b~c", 0.0, timezone.utc)
    'streammi-a_b~c-19700101000000'
    """
    name, moment = re.sub(r"[^\w.~-]", "_", title), re.sub(r"\D", "", clock(timestamp, zone, date=True))
    return f"streammi-{name}-{moment}"


def save_svg(
    snapshots: list[Snapshot], width: int, height: int, path: Path, keys: Iterable[str] = "", zone: tzinfo | None = None
) -> None:
    """Write the picture of ``snapshots`` on a terminal of this size as SVG, after the keys in ``keys`` were pressed."""
    viewer = Viewer(Look(glyphs=BRAILLE, depth="truecolor"), zone=zone)
    viewer.connect("connected")
    viewer.receive(snapshots)
    for key in keys:
        viewer.press(key)
    path.write_text(svg(viewer.canvas(width, height), viewer.theme, "streammi"))


def svg(canvas: Canvas, theme: Theme, title: str) -> str:
    """The picture as an SVG document."""
    canvas.settle()
    console = Console(
        width=canvas.width, record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(_Words(canvas, theme.pens), end="")
    ground, front = GROUNDS[theme.background]
    template = _TEMPLATE.replace("{backgrounds}", "{backgrounds}" + shapes(canvas, theme))
    colours = TerminalTheme(ground, front, _colours(_NORMAL), _colours(_BRIGHT))
    return console.export_svg(title=title, theme=colours, code_format=template)


def _colours(words: str) -> list[tuple[int, int, int]]:
    return [(value >> 16, value >> 8 & 255, value & 255) for value in (int(word, 16) for word in words.split())]


class _Words:
    """The text of a canvas as Rich renders it; blocks and braille are left to ``shapes``."""

    def __init__(self, canvas: Canvas, pens: Pens) -> None:
        self._canvas, self._pens = canvas, pens

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for row, pens in zip(self._canvas.glyphs, self._canvas.pens, strict=True):
            glyphs = np.where(drawn(row), np.uint64(SPACE), row)
            # A piece never begins with blanks: some viewers of SVG drop them, and the text would slide to the left.
            cuts = np.flatnonzero((np.diff(pens) != 0) | np.diff(glyphs == SPACE)) + 1
            for cells, pen in zip(np.split(glyphs, cuts), pens[np.append(0, cuts)].tolist(), strict=True):
                yield Segment(cell_text(cells), self._pens.style(pen))
            yield Segment.line()


def shapes(canvas: Canvas, theme: Theme) -> str:
    """The block and braille cells as SVG paths, one a pen, in a group that places them over Rich's rows.

    Fonts draw them with seams, or not at all; and Rich's rows are higher than its glyphs.
    """
    paths: dict[tuple[int, float], list[str]] = {}
    for y, x, length in _runs(canvas):
        rectangles, opacity = inked(int(canvas.glyphs[y, x]))
        for left, top, right, bottom in rectangles:
            for k in range(1 if right - left == ACROSS else length):
                width = length * ACROSS if right - left == ACROSS else right - left
                path = f"M{(x + k) * ACROSS + left} {y * UP + top}h{width}v{bottom - top}h-{width}z"
                paths.setdefault((int(canvas.pens[y, x]), opacity), []).append(path)
    front = "#" + bytes(GROUNDS[theme.background][1]).hex()
    out = []
    for (pen, opacity), parts in paths.items():
        color = theme.pens.style(pen).color
        fill = f'fill="{color.get_truecolor().hex if color else front}"'
        fill += f' fill-opacity="{opacity}"' if opacity < 1 else ""
        out.append(f'<path {fill} d="{"".join(parts)}"/>')
    place = f'transform="translate(0 1.5) scale({_CELL_X / ACROSS} {_CELL_Y / UP})" shape-rendering="crispEdges"'
    return f"<g {place}>{''.join(out)}</g>" if out else ""


def _runs(canvas: Canvas) -> Iterator[tuple[int, int, int]]:
    """Row, first column and length of the runs of one block or braille cell in one pen."""
    for y, (glyphs, pens) in enumerate(zip(canvas.glyphs, canvas.pens, strict=True)):
        starts = np.append(0, np.flatnonzero((np.diff(pens) != 0) | (np.diff(glyphs) != 0)) + 1)
        lengths = np.diff(np.append(starts, len(glyphs)))
        shown = drawn(glyphs[starts])
        yield from ((y, x, n) for x, n in zip(starts[shown].tolist(), lengths[shown].tolist(), strict=True))


def state_json(snapshot: Snapshot | MatrixSnapshot) -> bytes:
    """Everything that was known, as JSON; arrays as lists, NaN as null."""
    return msgspec.json.encode(snapshot, enc_hook=lambda value: value.tolist())


def charts(scene: Scene) -> Canvas:
    """MI over time and the heatmap beside each other, as far as there is anything to show."""
    panels = [panel for panel in (history, heatmap) if panel.says(scene)]
    width, height = CHART
    canvas = Canvas(2 + (width + 2) * len(panels), height + 2)
    for k, panel in enumerate(panels):
        panel.draw(canvas.part(2 + (width + 2) * k, 1, width, height), scene)
    return canvas
