"""Golden screens: what pyte shows at each size, in each glyph set and colour depth, as files that a person can read.

After a wanted change: GOLDEN=write python -m pytest tests/test_dashboard_golden.py, then look at the difference.
"""

import os
import string
from pathlib import Path

import pytest
from dashboard_samples import learnt, lost, parabola, stalled, traced, two_pairs
from dashboard_terminal import Television

from streammi.dashboard.drawing.glyphs import GlyphName
from streammi.dashboard.drawing.pens import Depth

FOLDER = Path(__file__).parent / "golden"
SIZES = [(60, 1), (20, 5), (40, 12), (80, 24), (120, 40), (200, 60)]
DEPTHS: list[Depth] = ["truecolor", "256", "16", "none"]
GLYPHS: list[GlyphName] = ["braille", "block", "ascii"]


def check(name: str, text: str) -> None:
    path = FOLDER / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text + "\n")
    assert text + "\n" == path.read_text(), f"{path} is not what is drawn now"


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("glyphs", GLYPHS)
@pytest.mark.parametrize("size", SIZES)
def test_screen(size: tuple[int, int], glyphs: GlyphName, depth: Depth) -> None:
    television = Television(*two_pairs(), size=size, glyphs=glyphs, depth=depth)
    # 256 colours show the same glyphs as all of them; with 16 and with none more is made of glyphs.
    check(f"{size[0]}x{size[1]}-{glyphs}-{'many' if depth in ('truecolor', '256') else depth}", television.press())


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("background", ["dark", "light"])
def test_colours(depth: Depth, background: str) -> None:
    television = Television(parabola(), size=(80, 24), depth=depth)
    television.press(background)
    check(f"colours-{background}-{depth}", colour_map(television))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_number_that_is_not_of_now_is_dim(size: tuple[int, int]) -> None:
    television = Television(stalled(), size=size)
    television.press()
    check(f"colours-stalled-{size[0]}x{size[1]}", colour_map(television))


@pytest.mark.parametrize("size", SIZES)
def test_a_feed_that_does_not_come(size: tuple[int, int]) -> None:
    check(f"{size[0]}x{size[1]}-stalled", Television(stalled(), size=size).press())
    check(f"{size[0]}x{size[1]}-lost", Television(lost(), size=size).press())


def colour_map(television: Television) -> str:
    """A letter a cell for its style, blank for the terminal's own, and what the letters stand for."""
    names: dict[tuple[str, str, str], str] = {("default", "default", ""): " "}
    letters = iter(string.ascii_letters + string.digits + string.punctuation)
    rows = []
    for y in range(television.emulator.lines):
        row = ""
        for x in range(television.emulator.columns):
            cell = television.emulator.buffer[y][x]
            style = (cell.fg, cell.bg, " bold" * cell.bold + " reverse" * cell.reverse)
            if cell.data == " ":  # then only the ground is seen
                style = ("default", cell.bg if not cell.reverse else "reverse", "")
            if style not in names:
                names[style] = next(letters, "*")
            row += names[style]
        rows.append(row.rstrip())
    legend = [f"{letter} {front} on {back}{more}" for (front, back, more), letter in names.items() if letter != " "]
    return "\n".join([*rows, "", *legend])


@pytest.mark.parametrize("glyphs", GLYPHS)
@pytest.mark.parametrize("keys", ["", "v", "v m", "v m m"])
def test_bins_that_were_learnt(keys: str, glyphs: GlyphName) -> None:
    """The heatmap enlarged, by rank and by value."""
    television = Television(learnt(), size=(80, 24), glyphs=glyphs, depth="16" if glyphs == "block" else "truecolor")
    check(f"learnt-{glyphs}{keys.replace(' ', '')}", television.press(*keys.split(), "e", "e"))


@pytest.mark.parametrize("keys", ["?", "e", "m m e e", "l", "space", "u"])
def test_after_keys(keys: str) -> None:
    television = Television(parabola())
    check(f"keys-{keys.replace('?', 'help').replace(' ', '-')}", television.press(*keys.split()))


@pytest.mark.parametrize("glyphs", GLYPHS)
@pytest.mark.parametrize("keys", ["", "m m m", "e e e"])
def test_the_signals_themselves(keys: str, glyphs: GlyphName) -> None:
    """Below the others; the newest pairs as points in the place of the heatmap; the signals enlarged."""
    television = Television(traced(), size=(120, 40), glyphs=glyphs, depth="16" if glyphs == "block" else "truecolor")
    check(f"traced-{glyphs}{'-' * bool(keys)}{keys.replace(' ', '')}", television.press(*keys.split()))
