#!/usr/bin/env python3
"""Make the README's recording: the demo as an animated SVG, each frame drawn by the program from the demo's signals.

.venv/bin/python scripts/recording.py .github/demo.svg

A row that stays as it was from one frame to the next is kept once, with the frames during which it is seen.
"""

import argparse
from collections.abc import Iterator
from datetime import UTC
from html import escape

import numpy as np
from arguments import new_file
from picture import snapshots

from streammi.dashboard.capabilities import Look
from streammi.dashboard.drawing.canvas import SPACE, Canvas
from streammi.dashboard.drawing.cells import cell_text
from streammi.dashboard.drawing.glyphs import BRAILLE
from streammi.dashboard.drawing.theme import Theme
from streammi.dashboard.picture_files import shapes
from streammi.dashboard.viewer import Viewer

WIDTH, HEIGHT = 100, 30
CELL_X, CELL_Y = 12.2, 24.4
GROUND, FRONT = "#0c0e12", "#d7dbe1"
FIRST, LAST, STEP = 5.0, 32.0, 1.35  # seconds of the demo, and between two frames
KEYS = {12: "m", 14: "m", 16: "m", 18: "m"}  # pressed before a frame
MOST_BYTES = 1_000_000


def frames() -> Iterator[tuple[Canvas, Theme]]:
    viewer = Viewer(Look(glyphs=BRAILLE, depth="truecolor"), zone=UTC)
    viewer.connect("connected")
    due, number = FIRST, 0
    for k, snapshot in enumerate(snapshots(LAST)):
        viewer.receive([snapshot])
        if k / 10 >= due:
            for key in KEYS.get(number, ""):
                viewer.press(key)
            canvas = viewer.canvas(WIDTH, HEIGHT)
            canvas.settle()
            yield canvas, viewer.theme
            due, number = due + STEP, number + 1


def row_svg(canvas: Canvas, theme: Theme) -> str:
    """One row: grounds, blocks and dots, text."""
    glyphs, pens = canvas.glyphs[0], canvas.pens[0]
    grounds: dict[str, list[str]] = {}
    plain = np.where((glyphs >= 0x2580) & (glyphs <= 0x2593) | (glyphs >= 0x2800) & (glyphs <= 0x28FF), SPACE, glyphs)
    texts = []
    for start, end in pieces(pens, plain == SPACE):
        style = theme.pens.style(int(pens[start]))
        front, back = (c.get_truecolor().hex if c else None for c in (style.color, style.bgcolor))
        if style.reverse:
            front, back = back or GROUND, front or FRONT
        if back:
            grounds.setdefault(back, []).append(f"M{start} 0h{end - start}v1H{start}")
        if plain[start] != SPACE:
            bold = ' font-weight="bold"' if style.bold else ""
            fill = f' fill="{front}"' if front else ""
            words = escape(cell_text(plain[start:end]))
            place = f'y="13" x="{start * CELL_X:.1f}" textLength="{(end - start) * CELL_X:.1f}"'
            texts.append(f"<text {place}{fill}{bold}>{words}</text>")
    paths = [f'<path fill="{colour}" d="{"".join(parts)}"/>' for colour, parts in grounds.items()]
    place = f'transform="translate(0 1.5) scale({CELL_X} {CELL_Y})" shape-rendering="crispEdges"'
    return f"<g {place}>{''.join(paths)}</g>{shapes(canvas, theme)}{''.join(texts)}"


def pieces(pens: np.ndarray, blank: np.ndarray) -> Iterator[tuple[int, int]]:
    """From where to where a row has one pen and is text, or is not."""
    cuts = np.flatnonzero((np.diff(pens) != 0) | np.diff(blank)) + 1
    yield from zip([0, *cuts.tolist()], [*cuts.tolist(), len(pens)], strict=True)


def svg() -> str:
    rows: list[list[tuple[int, str]]] = [[] for _ in range(HEIGHT)]  # first frame of each version of a row
    count = 0
    for number, (canvas, theme) in enumerate(frames()):
        count = number + 1
        for y in range(HEIGHT):
            drawn = row_svg(canvas.part(0, y, WIDTH, 1), theme)
            if not rows[y] or rows[y][-1][1] != drawn:
                rows[y].append((number, drawn))
    out = []
    for y, versions in enumerate(rows):
        for (first, drawn), (last, _) in zip(versions, [*versions[1:], (count, "")], strict=True):
            out.append(f'<g transform="translate(0 {y * CELL_Y:.1f})">{drawn}{seen(first, last, count)}</g>')
    width, height = WIDTH * CELL_X + 20, HEIGHT * CELL_Y + 20
    fonts = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}">'
        f"<style>text{{font-size:20px;font-family:{fonts};dominant-baseline:central;white-space:pre}}</style>"
        f'<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>'
        f'<g transform="translate(10 10)" fill="{FRONT}">{"".join(out)}</g></svg>\n'
    )


def seen(first: int, last: int, count: int) -> str:
    """Show a row from its first frame until its last one."""
    if (first, last) == (0, count):
        return ""
    values, times = ["none", "inline", "none"], [0.0, first / count, last / count]
    if first == 0:
        values, times = values[1:], times[1:]
    if last == count:
        values, times = values[:-1], times[:-1]
    at = ";".join(f"{t:.4g}" for t in times)
    timing = f'dur="{count * STEP:.4g}s" calcMode="discrete" repeatCount="indefinite"'
    return f'<animate attributeName="display" values="{";".join(values)}" keyTimes="{at}" {timing}/>'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE", type=new_file, help="the SVG file to write")
    file = parser.parse_args().file
    drawn = svg()
    if len(drawn.encode()) > MOST_BYTES:
        raise SystemExit(f"{len(drawn.encode()):,} bytes are more than {MOST_BYTES:,}")
    file.write_text(drawn)


if __name__ == "__main__":
    main()
