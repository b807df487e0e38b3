"""Pens: styles by number, and what a terminal is sent for them at its depth of colours."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from rich.color import Color
from rich.style import Style

Depth: TypeAlias = Literal["truecolor", "256", "16", "none"]
RGB: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Ink:
    """One colour: as it is, and by number where there are sixteen, or 256 (None: the nearest)."""

    rgb: RGB
    ansi: int
    indexed: int | None = None


def ink(hexadecimal: str, ansi: int) -> Ink:
    """The colour written as six hexadecimal digits."""
    red, green, blue = bytes.fromhex(hexadecimal)
    return Ink((red, green, blue), ansi)


class Pens:
    """Styles by number, for one colour depth; the same style is the same number, 0 is the terminal's own."""

    def __init__(self, depth: Depth) -> None:
        self.depth = depth
        self._numbers: dict[tuple[Ink | None, Ink | None, str], int] = {}
        self._keys: list[tuple[Ink | None, Ink | None, str]] = []
        self._colors: dict[Ink, Color] = {}
        self._grounded: dict[tuple[int, Ink], int] = {}
        self.codes: list[tuple[str, str, str]] = []  # of attributes, foreground, background, by pen
        self.pen()

    def pen(self, front: Ink | None = None, back: Ink | None = None, attributes: str = "") -> int:
        """The pen with these colours and ``attributes``: words among bold, dim, reverse, underline."""
        key = (front, back, attributes) if self.depth != "none" else (None, None, attributes)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.codes)
            self._keys.append(key)
            self.codes.append((_attribute_codes(attributes), self._code(front, True), self._code(back, False)))
        return number

    def on(self, pen: int, ground: Ink) -> int:
        """The same pen on another ground; reversed where there are too few colours for a ground."""
        number = self._grounded.get((pen, ground))
        if number is None:
            front, back, attributes = self._keys[pen]
            if self.depth not in ("truecolor", "256"):
                number = self.pen(front, back, " ".join(dict.fromkeys([*attributes.split(), "reverse"])))
            else:
                number = self.pen(front, ground, attributes)
            self._grounded[pen, ground] = number
        return number

    def style(self, pen: int) -> Style:
        """The pen as Rich has it."""
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
    """The number of the terminal's colour that is nearest by eye, among the cube and the greys (16 to 255).

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
