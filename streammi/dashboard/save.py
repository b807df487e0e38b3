"""Pictures on disk: the screen as SVG by Rich, the charts as PNG, and the state behind them as JSON."""

import io
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.terminal_theme import TerminalTheme

from streammi.dashboard import charts, history
from streammi.dashboard.canvas import SPACE, Canvas
from streammi.dashboard.capabilities import Look
from streammi.dashboard.glyphs import BRAILLE
from streammi.dashboard.panels import heatmap
from streammi.dashboard.scene import Scene
from streammi.dashboard.text import Cells, cell_text, clock
from streammi.dashboard.theme import Background, Pens, Theme
from streammi.dashboard.viewer import Viewer
from streammi.records import Snapshot

Pixels = NDArray[np.uint8]
_CELL_X, _CELL_Y = 12.2, 24.4  # of Rich's SVG: 0.61 and 1.22 of its font's 20 units
_ACROSS, _UP = 8, 16  # parts of a cell: blocks and dots begin and end at whole ones
# The template without its fonts from the web: a picture is shown as it is wherever it is looked at, GitHub included.
_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_TEMPLATE = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "Fira Code, monospace", _FONTS
)
CHART, HEATMAP = (800, 400), 400  # pixels
# xterm's sixteen colours, but for a blue that can be read on black.
_NORMAL = "000000 cd0000 00cd00 cdcd00 3b6fe0 cd00cd 00cdcd e5e5e5"
_BRIGHT = "7f7f7f ff0000 00ff00 ffff00 6c9cff ff00ff 00ffff ffffff"
_GROUNDS: dict[Background, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "dark": ((12, 14, 18), (215, 219, 225)),
    "light": ((250, 250, 250), (20, 20, 20)),
}


def save(folder: Path, viewer: Viewer, size: tuple[int, int]) -> list[Path]:
    """Write what is on the screen as NAME.svg, NAME.png and NAME.json; return the paths.

    Raises OSError when that cannot be done; a file that is there is never overwritten.
    """
    scene = viewer.scene()
    if scene.snapshot is None:
        return []
    pair = re.sub(r"[^\w.~-]", "_", scene.snapshot.pair)
    moment = re.sub(
        r"\W", "", clock(scene.snapshot.timestamp, scene.zone, date=True).replace(" ", "-").replace("-", "", 2)
    )
    contents = {
        "svg": svg(viewer.canvas(*size), scene.theme, f"streammi {scene.snapshot.pair}").encode(),
        "png": png(charts_pixels(scene)),
        "json": state_json(scene.snapshot),
    }
    paths = []
    for suffix, content in contents.items():
        path = folder / f"streammi-{pair}-{moment}.{suffix}"
        with path.open("xb") as file:
            file.write(content)
        paths.append(path)
    return paths


def save_svg(
    snapshots: list[Snapshot], width: int, height: int, path: Path, keys: Iterable[str] = "", zone: tzinfo | None = None
) -> None:
    """Write the picture of ``snapshots`` on a terminal of this size as SVG, after the keys in ``keys`` were pressed."""
    viewer = Viewer(Look(glyphs=BRAILLE, depth="truecolor"), zone=zone)
    viewer.link = "connected"
    viewer.take(snapshots)
    for key in keys:
        viewer.press(key)
    path.write_text(svg(viewer.canvas(width, height), viewer.theme, "streammi"))


def svg(canvas: Canvas, theme: Theme, title: str) -> str:
    """Return the picture as an SVG document."""
    canvas.settle()
    console = Console(
        width=canvas.width, record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(_Words(canvas, theme.pens), end="")
    ground, front = _GROUNDS[theme.background]
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
            glyphs = np.where(_drawn(row), np.uint64(SPACE), row)
            # A piece never begins with blanks: some viewers of SVG drop them, and the text would slide to the left.
            cuts = np.flatnonzero((np.diff(pens) != 0) | np.diff(glyphs == SPACE)) + 1
            for cells, pen in zip(np.split(glyphs, cuts), pens[np.append(0, cuts)].tolist(), strict=True):
                yield Segment(cell_text(cells), self._pens.style(pen))
            yield Segment.line()


def _drawn(glyphs: Cells) -> NDArray[np.bool_]:
    return ((glyphs >= 0x2580) & (glyphs <= 0x2593)) | ((glyphs >= 0x2800) & (glyphs <= 0x28FF))


def shapes(canvas: Canvas, theme: Theme) -> str:
    """Return the block and braille cells as SVG paths, one a pen, in a group that places them over Rich's rows.

    Fonts draw them with seams, or not at all; and Rich's rows are higher than its glyphs.
    """
    paths: dict[tuple[int, float], list[str]] = {}
    for y, x, length in _runs(canvas):
        rectangles, opacity = _inked(int(canvas.glyphs[y, x]))
        for left, top, right, bottom in rectangles:
            for k in range(1 if right - left == _ACROSS else length):
                width = length * _ACROSS if right - left == _ACROSS else right - left
                path = f"M{(x + k) * _ACROSS + left} {y * _UP + top}h{width}v{bottom - top}h-{width}z"
                paths.setdefault((int(canvas.pens[y, x]), opacity), []).append(path)
    front = "#" + bytes(_GROUNDS[theme.background][1]).hex()
    out = []
    for (pen, opacity), parts in paths.items():
        color = theme.pens.style(pen).color
        fill = f'fill="{color.get_truecolor().hex if color else front}"'
        fill += f' fill-opacity="{opacity}"' if opacity < 1 else ""
        out.append(f'<path {fill} d="{"".join(parts)}"/>')
    place = f'transform="translate(0 1.5) scale({_CELL_X / _ACROSS} {_CELL_Y / _UP})" shape-rendering="crispEdges"'
    return f"<g {place}>{''.join(out)}</g>" if out else ""


def _runs(canvas: Canvas) -> Iterator[tuple[int, int, int]]:
    """Row, first column and length of the runs of one block or braille cell in one pen."""
    for y, (glyphs, pens) in enumerate(zip(canvas.glyphs, canvas.pens, strict=True)):
        starts = np.append(0, np.flatnonzero((np.diff(pens) != 0) | (np.diff(glyphs) != 0)) + 1)
        lengths = np.diff(np.append(starts, len(glyphs)))
        drawn = _drawn(glyphs[starts])
        yield from ((y, x, n) for x, n in zip(starts[drawn].tolist(), lengths[drawn].tolist(), strict=True))


def _inked(cell: int) -> tuple[list[tuple[int, int, int, int]], float]:
    """Left, top, right and bottom of what is inked in a cell of ``_ACROSS`` x ``_UP``; and how much ink."""
    if cell >= 0x2800:
        dots = [(k // 3 if k < 6 else k - 6, k % 3 if k < 6 else 3) for k in range(8) if cell - 0x2800 >> k & 1]
        return [(4 * x + 1, 4 * y + 1, 4 * x + 3, 4 * y + 3) for x, y in dots], 1.0
    if cell == 0x2580:
        return [(0, 0, 8, 8)], 1.0
    if cell <= 0x2588:
        return [(0, 16 - 2 * (cell - 0x2580), 8, 16)], 1.0
    if cell <= 0x258F:
        return [(0, 0, 0x2590 - cell, 16)], 1.0
    return [(0, 0, 8, 16)], (cell - 0x2590) / 4  # light, medium and dark shade


def state_json(snapshot: Snapshot) -> bytes:
    """Return everything that was known, as JSON; arrays as lists, NaN as null."""
    return msgspec.json.encode(snapshot, enc_hook=lambda value: value.tolist())


def png(pixels: Pixels) -> bytes:
    """Return an 8-bit RGB PNG of ``pixels``, shape (height, width, 3) (W3C PNG specification, third edition)."""
    height, width, _ = pixels.shape
    rows = np.concatenate((np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)), axis=1)  # filter 0 in each row

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows.tobytes()))
        + chunk(b"IEND", b"")
    )


def charts_pixels(scene: Scene) -> Pixels:
    """Return MI over time and the heatmap side by side, shape (400, 1200, 3) or less where there is less."""
    parts = []
    if len(scene.past.t) > 1:
        parts.append(_line_pixels(scene))
    if heatmap.says(scene):
        parts.append(_heatmap_pixels(scene))
    return np.concatenate(parts, axis=1) if parts else _empty(scene, 1, 1)


def _empty(scene: Scene, width: int, height: int) -> Pixels:
    return np.full((height, width, 3), _GROUNDS[scene.theme.background][0], np.uint8)


def _line_pixels(scene: Scene) -> Pixels:
    width, height = CHART
    pixels = _empty(scene, width, height)
    span = float(history.SPANS[history.shown_span(scene.past, scene.state.span)])
    data = history.columns(scene.past, width, span)
    top = charts.ceiling_of(data)
    dark = scene.theme.background == "dark"
    line, least, most, chance = charts.rows_of(np.array((data.mi, data.low, data.high, data.null)) / top, height)
    for spans, colour in (
        (charts.between(least, most), (77, 86, 97) if dark else (184, 192, 200)),
        (charts.between(chance, chance), (201, 138, 94) if dark else (163, 86, 42)),
        (charts.connected(line), (240, 228, 66) if dark else (138, 109, 0)),
    ):
        pixels[spans.mask(height)] = colour
    return pixels


def _heatmap_pixels(scene: Scene) -> Pixels:
    assert scene.snapshot is not None
    assert scene.snapshot.counts is not None
    field = heatmap.make_field(scene.snapshot.counts, scene)
    ground = _GROUNDS[scene.theme.background][0]
    colours = np.array([ground if ink is None else ink.rgb for ink in field.ramp.inks], np.uint8)
    bins_x, bins_y = field.levels.shape
    across, up = heatmap.spread(HEATMAP, bins_x), heatmap.spread(HEATMAP, bins_y)[::-1]
    return np.asarray(colours[field.levels[across][:, up].T])
