"""Ramps of pens for the heatmap: the palettes, on a dark ground and a light one, with many colours or few."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.drawing.pens import Ink, Pens

Palette: TypeAlias = Literal["cividis", "viridis", "greyscale"]
Background: TypeAlias = Literal["dark", "light"]


def _colours(words: str) -> tuple[str, ...]:
    return tuple(words.split())


PALETTES: dict[Palette, tuple[str, ...]] = {
    # Nunez, Anderton, Renslow (2018) and van der Walt, Smith (2015), every ninth part of the way.
    "cividis": _colours("00204d 00336f 39486b 575c6d 707173 8a8779 a69d75 c4b56c e4cf5b ffea46"),
    "viridis": _colours("440154 482878 3e4a89 31688e 26828e 1f9e89 35b779 6dcd59 b4de2c fde725"),
    "greyscale": ("303030", "ffffff"),
}
DIVERGING: dict[Background, tuple[str, ...]] = {
    # Brightness goes one way from "less often than chance" to "more often": the order survives without hue.
    "dark": ("2447c4", "4a6ab4", "6b7482", "b59a52", "ffd24a"),
    "light": ("9cc4f5", "b4c4d4", "b9b3a8", "b8763c", "8a3b00"),
}
# What is of then, no more of now: greys, which tell as much apart by brightness.
FADED: dict[Background, tuple[str, ...]] = {"dark": ("2b3138", "9aa3ad"), "light": ("d4d8dc", "5c6670")}
# The same by number, where there are 256: chosen by hand, as the nearest of the cube go back and forth in brightness.
INDEXED: dict[str, tuple[int, ...]] = {
    "cividis": (18, 24, 60, 102, 144, 185, 227),
    "viridis": (54, 61, 31, 36, 71, 113, 191),
    "greyscale": (236, 239, 242, 245, 248, 251, 255),
    "dark": (27, 68, 67, 102, 144, 179, 221),
    "light": (117, 152, 188, 180, 173, 130, 94),
    "faded dark": (236, 238, 240, 242, 244, 246, 248),
    "faded light": (252, 250, 248, 246, 244, 242, 240),
}
LEVELS = 24  # steps of a ramp above nothing: more cannot be told apart, and cost bytes
ANSI_RAMP = (4, 6, 3, 11, 15)  # blue, cyan, brown, yellow, white: brightness goes up on a dark ground
ANSI_FADED = (8, 8, 8, 7, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """Pens from little to much: level 0 is nothing, 1 the least that is something, ``LEVELS`` the most."""

    inks: tuple[Ink | None, ...]
    front: NDArray[np.uint16]  # (LEVELS + 1,): the colour as foreground
    half: NDArray[np.uint16]  # (LEVELS + 1, LEVELS + 1): a half block with the lower level behind, [top, bottom]
    glyphs: str  # where a level is a glyph: nothing first


def marked(pens: Pens, ramp: Ramp, marks: tuple[Ink, ...]) -> NDArray[np.uint16]:
    """The half blocks of a ramp with further levels above its own, as ``Ramp.half``."""
    inks = (*ramp.inks, *marks)
    table = [
        [pens.pen(inks[max(t, b)], inks[min(t, b)] if t != b else None) for b in range(len(inks))]
        for t in range(len(inks))
    ]
    return np.array(table, np.uint16)


def heat_ramp(pens: Pens, glyphs: str, palette: Palette, background: Background, *, faded: bool) -> Ramp:
    """The ramp of counts and shares, from little to much."""
    if faded:
        return _faded_ramp(pens, glyphs, background)
    light = background == "light"
    steps = ANSI_RAMP[::-1] if light else ANSI_RAMP
    return _ramp(pens, _heat_stops(palette, light), INDEXED[palette][:: -1 if light else 1], glyphs, steps)


def diverging_ramp(pens: Pens, glyphs: str, background: Background, *, faded: bool) -> Ramp:
    """The ramp of pointwise MI, from less often than chance to more often."""
    if faded:
        return _faded_ramp(pens, glyphs, background)
    steps = ANSI_RAMP[::-1] if background == "light" else ANSI_RAMP
    return _ramp(pens, DIVERGING[background], INDEXED[background], glyphs, steps)


def _faded_ramp(pens: Pens, glyphs: str, background: Background) -> Ramp:
    steps = ANSI_FADED if background == "dark" else tuple(15 - step for step in ANSI_FADED)
    return _ramp(pens, FADED[background], INDEXED[f"faded {background}"], glyphs, steps)


def _heat_stops(palette: Palette, light: bool) -> tuple[str, ...]:
    # The far end of a palette is close to the ground it is drawn on; what is least must still be seen.
    stops = PALETTES[palette]
    if light:
        return ("d0d0d0", "101010") if palette == "greyscale" else stops[::-1]
    return stops[1:] if len(stops) > 2 else stops


def _ramp(pens: Pens, stops: tuple[str, ...], indexed: tuple[int, ...], glyphs: str, steps: tuple[int, ...]) -> Ramp:
    anchors = np.array([list(bytes.fromhex(stop)) for stop in stops], float)
    at = np.linspace(0, len(stops) - 1, LEVELS)
    rgb = np.stack([np.interp(at, np.arange(len(stops)), anchors[:, k]) for k in range(3)], axis=1).round().astype(int)
    inks: list[Ink | None] = [None]
    for level, (red, green, blue) in enumerate(rgb.tolist()):
        ansi, number = (numbers[level * len(numbers) // LEVELS] for numbers in (steps, indexed))
        inks.append(Ink((red, green, blue), ansi, number))
    half = [
        [pens.pen(inks[max(t, b)], inks[min(t, b)] if t != b else None) for b in range(len(inks))]
        for t in range(len(inks))
    ]
    front = [pens.pen(one) for one in inks]
    return Ramp(inks=tuple(inks), front=np.array(front, np.uint16), half=np.array(half, np.uint16), glyphs=glyphs)
