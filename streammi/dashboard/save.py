"""A picture of the screen as SVG, by Rich, and the state behind it as JSON."""

import io
from pathlib import Path

import msgspec
import numpy as np
from rich.console import Console
from rich.segment import Segment
from rich.terminal_theme import DIMMED_MONOKAI, MONOKAI

from streammi.dashboard.canvas import Canvas, cell_text
from streammi.dashboard.theme import Theme
from streammi.records import Snapshot


def svg(canvas: Canvas, theme: Theme, title: str) -> str:
    """The picture as an SVG document."""
    console = Console(
        width=canvas.width,
        record=True,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
    )
    canvas.settle()
    for glyphs, pens in zip(canvas.glyphs, canvas.pens, strict=True):
        # A piece never begins with blanks: some viewers of SVG drop them, and the text would slide to the left.
        blank = glyphs == ord(" ")
        edges = np.flatnonzero((np.diff(pens) != 0) | np.diff(blank)) + 1
        starts, ends = np.concatenate(([0], edges)), np.concatenate((edges, [pens.size]))
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            console.print(
                _Piece(Segment(cell_text(glyphs[start:end]), theme.pens.style(int(pens[start])))),
                end="",
                soft_wrap=True,
            )
        console.print()
    return console.export_svg(title=title, theme=MONOKAI if theme.background == "dark" else DIMMED_MONOKAI)


class _Piece:
    def __init__(self, segment: Segment) -> None:
        self._segment = segment

    def __rich_console__(self, *_: object) -> list[Segment]:
        return [self._segment]


def state_json(snapshots: list[Snapshot]) -> bytes:
    """Everything that was known, as JSON; arrays as lists."""
    return msgspec.json.encode(snapshots, enc_hook=np.ndarray.tolist)


def save(folder: Path, stem: str, canvas: Canvas, theme: Theme, snapshots: list[Snapshot]) -> list[Path]:
    """Write STEM.svg and STEM.json; returns where. Raises OSError when that cannot be done."""
    picture, state = folder / f"{stem}.svg", folder / f"{stem}.json"
    picture.write_text(svg(canvas, theme, "streammi"))
    state.write_bytes(state_json(snapshots))
    return [picture, state]
