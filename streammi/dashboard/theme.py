"""Colours and what they mean: a pen for each role, and a ramp of pens for the heatmap.

A pen is a small number; ``Pens`` knows its escape codes at the terminal's colour depth and its Rich style. Roles
take their colours from Okabe and Ito's set, which people with any common colour vision tell apart; each role
also has a glyph, a word or a place of its own, so that colour is never all that carries a meaning.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.style import Style

from streammi.dashboard.glyphs import Glyphs
from streammi.records.links import LINK_STATES, state_of

Depth: TypeAlias = Literal["truecolor", "256", "16", "none"]
Palette: TypeAlias = Literal["cividis", "viridis", "greyscale"]
Background: TypeAlias = Literal["dark", "light"]
RGB: TypeAlias = tuple[int, int, int]


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
MOST_PENS = 1 << 14  # three palettes on two grounds, as of now and as of then, need less than half of that
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


@dataclass(frozen=True, slots=True)
class Ink:
    """One colour: as it is, and by number where there are sixteen, or 256 (None: the nearest)."""

    rgb: RGB
    ansi: int
    indexed: int | None = None


def ink(hexadecimal: str, ansi: int) -> Ink:
    """Return the colour written as six hexadecimal digits."""
    red, green, blue = bytes.fromhex(hexadecimal)
    return Ink((red, green, blue), ansi)


class Pens:
    """Styles by number, for one colour depth; the same style is the same number, 0 is the terminal's own."""

    def __init__(self, depth: Depth) -> None:
        self.depth = depth
        self._numbers: dict[tuple[Ink | None, Ink | None, str], int] = {}
        self._keys: list[tuple[Ink | None, Ink | None, str]] = []
        self._colors: dict[Ink, Color] = {}
        self.codes: list[tuple[str, str, str]] = []  # of attributes, foreground, background, by pen
        self.pen()

    def pen(self, front: Ink | None = None, back: Ink | None = None, attributes: str = "") -> int:
        """Return the pen with these colours and ``attributes``: words among bold, dim, reverse, underline."""
        key = (front, back, attributes) if self.depth != "none" else (None, None, attributes)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.codes)
            self._keys.append(key)
            self.codes.append((_attribute_codes(attributes), self._code(front, True), self._code(back, False)))
        return number

    def style(self, pen: int) -> Style:
        """Return the pen as Rich has it."""
        front, back, attributes = self._keys[pen]
        return Style(
            color=self._color(front) if front else None,
            bgcolor=self._color(back) if back else None,
            **dict.fromkeys(attributes.split(), True),  # type: ignore[arg-type]
        )

    def _code(self, colour: Ink | None, foreground: bool) -> str:
        if colour is None or self.depth == "none":
            return ""
        return ";".join(self._color(colour).get_ansi_codes(foreground))

    def _color(self, colour: Ink) -> Color:
        if colour not in self._colors:
            if self.depth == "16":
                found = Color.from_ansi(colour.ansi)
            elif self.depth == "256":
                found = Color.from_ansi(nearest_of_256(colour.rgb) if colour.indexed is None else colour.indexed)
            else:
                found = Color.from_rgb(*colour.rgb)
            self._colors[colour] = found
        return self._colors[colour]


def nearest_of_256(rgb: RGB) -> int:
    """Return the number of the terminal's colour that is nearest by eye, among the cube and the greys (16 to 255).

    By the "redmean" distance. Rich's own downgrade rounds each channel by itself, which turns the dark grounds black
    and cividis, all of whose colours are nearly grey, into pink and green.

    >>> nearest_of_256((255, 255, 255)), nearest_of_256((27, 35, 44))
    (231, 235)
    """
    steps = np.array([0, 95, 135, 175, 215, 255])
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    colours = np.concatenate((cube, np.arange(8, 248, 10)[:, None].repeat(3, axis=1)))
    red = (colours[:, 0] + rgb[0]) / 2
    weights = np.stack((2 + red / 256, np.full(len(red), 4.0), 3 - red / 256), axis=1)
    return 16 + int(np.argmin((weights * (colours - np.array(rgb)) ** 2).sum(axis=1)))


def _attribute_codes(attributes: str) -> str:
    codes = {"bold": "1", "dim": "2", "underline": "4", "reverse": "7"}
    return ";".join(codes[word] for word in attributes.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """Pens from little to much: level 0 is nothing, 1 the least that is something, ``LEVELS`` the most."""

    inks: tuple[Ink | None, ...]
    front: NDArray[np.uint16]  # (LEVELS + 1,): the colour as foreground
    half: NDArray[np.uint16]  # (LEVELS + 1, LEVELS + 1): a half block with the lower level behind, [top, bottom]
    glyphs: str  # where a level is a glyph: nothing first


class Ground:
    """Rows of ``Theme.grounds``: the terminal's own, below what chance reaches, below the line of MI."""

    NONE, NULL, MI = range(3)
    ROLES = (None, "under_null", "under_mi")


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The glyphs and pens that everything is drawn with."""

    glyphs: Glyphs
    pens: Pens
    background: Background
    palette: Palette
    faded: bool  # for what is of then, not of now
    text: int
    dim: int
    faint: int
    title: int
    strong: int
    bar: int  # header and footer
    bar_strong: int
    bar_dim: int
    key: int
    mi: int
    mi_strong: int
    mi_soft: int
    x: int
    y: int
    x_soft: int  # marginals: large areas
    y_soft: int
    in_x: int  # words on a bar of that colour; where there are no colours, words
    in_mi: int
    in_y: int
    null: int
    null_in_mi: int  # the level of chance where it crosses the bars of MI
    grounds: NDArray[np.uint16]  # (Ground, pen): the same pen on another ground
    good: int
    warn: int
    bad: int
    bar_good: int
    bar_warn: int
    bar_bad: int
    heat: Ramp
    diverging: Ramp

    @property
    def half_blocks(self) -> bool:
        """Whether a heatmap cell may carry two colours: without many colours they would be one uniform field."""
        return self.glyphs.half_blocks and self.pens.depth in ("truecolor", "256")

    def state(self, state: str, *, bar: bool = False) -> tuple[str, int]:
        """Return the glyph and the pen of a link's state."""
        glyph: str = getattr(self.glyphs, state) if state in LINK_STATES else self.glyphs.warning
        return glyph, getattr(self, f"{'bar_' if bar else ''}{state_of(state).tone}")


# role: (dark, light, one of sixteen on dark, on light)
_INKS: dict[str, tuple[str, str, int, int]] = {
    "dim": ("9aa3ad", "5c6670", 7, 8),
    "faint": ("4d5661", "b8c0c8", 8, 7),
    "title": ("d5dbe1", "20262c", 15, 0),
    "mi": ("f0e442", "8a6d00", 11, 3),
    "mi_soft": ("857f35", "cdbb6e", 3, 3),
    "x": ("56b4e9", "0072b2", 14, 4),
    "y": ("d98cc0", "a3397f", 13, 5),
    "x_soft": ("2f6a8c", "8fc0dd", 6, 6),
    "y_soft": ("7f5080", "dcb0ce", 5, 5),
    "then": ("6b747e", "939ba4", 8, 7),
    "under_mi": ("1d1f14", "f4f0da", 0, 15),
    "under_null": ("33231a", "f3e2d6", 0, 15),
    "null": ("c98a5e", "a3562a", 3, 3),
    "good": ("2fbf8f", "007a57", 10, 2),
    "warn": ("f2a93b", "a86a00", 11, 3),
    "bad": ("ff6b4a", "c03000", 9, 1),
    "ground": ("1b232c", "e4e9ee", 0, 7),
}


# What a role is drawn as where it is of then: in no colour, and words as readable as ever.
_FADED = {
    "title": "dim", "mi": "dim", "good": "dim", "warn": "dim", "bad": "dim", "x": "then", "y": "then",
    "mi_soft": "faint", "x_soft": "faint", "y_soft": "faint", "null": "faint",
}  # fmt: skip


def make_theme(
    glyphs: Glyphs, pens: Pens, background: Background = "dark", palette: Palette = "cividis", *, faded: bool = False
) -> Theme:
    """Return the theme for a terminal, for what is of now or, ``faded``, of then.

    Pens of earlier themes on the same ``pens`` stay as they were.
    """
    light = background == "light"
    inks = {role: ink(c[1], c[3]) if light else ink(c[0], c[2]) for role, c in _INKS.items()}
    ground = inks["ground"] if pens.depth in ("truecolor", "256") else None
    reverse = "" if ground else "reverse"
    if faded:
        inks |= {role: inks[other] for role, other in _FADED.items()}

    def pen(role: str | None, attributes: str = "") -> int:
        if faded:
            attributes = "dim" if pens.depth == "none" else ""  # and nothing bold
            role = role or "dim"
        return pens.pen(inks[role] if role else None, None, attributes)

    def bar(role: str | None, attributes: str = "") -> int:
        # A reversed bar takes one pen: a coloured word in it would be a block of that colour.
        return pens.pen(inks[role] if role and ground else None, ground, f"{attributes} {reverse}".strip())

    def inside(role: str) -> int:
        return 0 if pens.depth == "none" else pen(role, "reverse")

    return Theme(
        glyphs=glyphs,
        pens=pens,
        background=background,
        palette=palette,
        faded=faded,
        text=pen(None),
        dim=pen("dim"),
        faint=pen("faint", "dim" if pens.depth == "none" else ""),
        title=pen("title", "bold"),
        strong=pen(None, "bold"),
        bar=bar(None),
        bar_strong=bar(None, "bold"),
        bar_dim=bar("dim"),
        key=bar("mi", "bold"),
        mi=pen("mi"),
        mi_strong=pen("mi", "bold"),
        mi_soft=pen("mi_soft"),
        x=pen("x"),
        y=pen("y"),
        x_soft=pen("x_soft"),
        y_soft=pen("y_soft"),
        in_x=inside("x"),
        in_mi=inside("mi"),
        in_y=inside("y"),
        null=pen("null"),
        null_in_mi=pen("mi_soft", "reverse"),
        grounds=np.stack(
            [_grounded(pens, inks, inks[role] if role and ground and not faded else None) for role in Ground.ROLES]
        ),
        good=pen("good"),
        warn=pen("warn", "bold"),
        bad=pen("bad", "bold"),
        bar_good=bar("good"),
        bar_warn=bar("warn", "bold"),
        bar_bad=bar("bad", "bold"),
        heat=_heat(pens, glyphs.shades, palette, background, faded=faded),
        diverging=_diverging(pens, glyphs.signs, background, faded=faded),
    )


def _heat(pens: Pens, glyphs: str, palette: Palette, background: Background, *, faded: bool) -> Ramp:
    if faded:
        return _faded_ramp(pens, glyphs, background)
    light = background == "light"
    steps = ANSI_RAMP[::-1] if light else ANSI_RAMP
    return _ramp(pens, _heat_stops(palette, light), INDEXED[palette][:: -1 if light else 1], glyphs, steps)


def _diverging(pens: Pens, glyphs: str, background: Background, *, faded: bool) -> Ramp:
    if faded:
        return _faded_ramp(pens, glyphs, background)
    steps = ANSI_RAMP[::-1] if background == "light" else ANSI_RAMP
    return _ramp(pens, DIVERGING[background], INDEXED[background], glyphs, steps)


def _faded_ramp(pens: Pens, glyphs: str, background: Background) -> Ramp:
    steps = ANSI_FADED if background == "dark" else tuple(15 - step for step in ANSI_FADED)
    return _ramp(pens, FADED[background], INDEXED[f"faded {background}"], glyphs, steps)


def _grounded(pens: Pens, inks: dict[str, Ink], ground: Ink | None) -> NDArray[np.uint16]:
    table = np.arange(MOST_PENS, dtype=np.uint16)
    if ground is not None:
        for role in (None, "mi", "null", "faint"):
            front = inks[role] if role else None
            table[pens.pen(front)] = pens.pen(front, ground)
    return table


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
